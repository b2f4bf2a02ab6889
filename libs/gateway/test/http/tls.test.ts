// The door speaks TLS, takes renewed certificates without dropping anyone, and knows which peers its authorities have signed.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Logger } from '#observability';
import { type Authority, anAuthority, type Issued } from '../../../../test/support/certificates.js';
import { TlsFiles } from '../../src/http/tls-files.js';
import { aDoor, type Door } from './a-door.js';

const authority = anAuthority('Authority of the tests');
const aServer = (name = 'localhost') =>
  authority.issue({ subject: [['CN', name]], dns: ['localhost'], ips: ['127.0.0.1'] });

/** Files of a door, in a folder that is gone after the test. */
function files(server: Issued = aServer(), clients?: Authority) {
  const folder = mkdtempSync(join(tmpdir(), 'resk-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  /** All of it at once, as whoever reads it sees it. */
  const put = (name: string, content: string) => {
    writeFileSync(path(`${name}.new`), content);
    renameSync(path(`${name}.new`), path(name));
  };
  const write = (issued: Issued) => {
    put('tls.crt', issued.cert);
    put('tls.key', issued.key);
  };
  write(server);
  if (clients) writeFileSync(path('clients.crt'), clients.cert);
  return {
    path,
    put,
    write,
    env: {
      TLS_CERT: path('tls.crt'),
      TLS_KEY: path('tls.key'),
      ...(clients && { TLS_CLIENT_CA: path('clients.crt') }),
    },
  };
}

async function dial(door: Door, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    port: door.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: authority.cert,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** The reply to one request on a connection that is then over. */
async function ask(socket: TLSSocket): Promise<{ head: string; body: { certificate?: unknown } }> {
  socket.write('GET /api/thing HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  const [head = '', body = '{}'] = (await text(socket)).split('\r\n\r\n');
  return { head, body: JSON.parse(body) };
}

const subjectOf = (socket: TLSSocket) => socket.getPeerX509Certificate()!.subject;

describe('TLS', () => {
  it('is spoken where there is a certificate, and browsers are told to stay with it', async () => {
    const door = await aDoor(files().env);
    const socket = await dial(door);
    expect(socket.authorized).toBe(true);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect((await ask(socket)).head).toMatch(/^HTTP\/1.1 200[\s\S]*strict-transport-security: max-age=31536000/);
    expect(door.url).toMatch(/^https:/);
    const broken = await dial(door);
    broken.write('no http at all\r\n\r\n');
    expect(await text(broken)).toMatch(/^HTTP\/1.1 400[\s\S]*strict-transport-security/);
  });

  it.each([
    ['1.2', 'TLSv1.2', true],
    ['1.2', 'TLSv1.1', false],
    ['1.3', 'TLSv1.3', true],
    ['1.3', 'TLSv1.2', false],
  ] as const)('from version %s on: %s is %s', async (minimum, offered, spoken) => {
    const door = await aDoor({ ...files().env, TLS_MIN_VERSION: minimum });
    const version = { minVersion: offered, maxVersion: offered, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const outcome = await dial(door, version).then(
      (socket) => socket.getProtocol() === offered,
      () => false,
    );
    expect(outcome).toBe(spoken);
  });

  it('does not answer what is no TLS, and lives on', async () => {
    const door = await aDoor(files().env);
    expect(await door.raw('GET / HTTP/1.1\r\nhost: a\r\n\r\n')).not.toContain('HTTP/1.1 200');
    expect((await ask(await dial(door))).head).toMatch(/^HTTP\/1.1 200/);
  });

  it.each([
    ['a certificate that is not there', { TLS_CERT: '/nowhere/tls.crt' }, /TLS_CERT cannot be used: ENOENT/],
    ['a key that is not there', { TLS_KEY: '/nowhere/tls.key' }, /TLS_KEY cannot be used: ENOENT/],
  ])('keeps the server from starting with %s, and names no path', async (_, env, message) => {
    const failed = aDoor({ ...files().env, ...env });
    await expect(failed).rejects.toMatchObject({ code: 'boot.failed', message: expect.stringMatching(message) });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('nowhere') });
  });

  it('keeps the server from starting with a key of another certificate, and with what is no PEM', async () => {
    const { env, path } = files();
    writeFileSync(path('tls.key'), aServer().key);
    await expect(aDoor(env)).rejects.toMatchObject({ code: 'boot.failed', message: expect.stringMatching(/TLS_KEY/) });
    writeFileSync(path('tls.crt'), 'no PEM');
    await expect(aDoor(env)).rejects.toMatchObject({ code: 'boot.failed' });
  });

  it.each([
    [{ TLS_CERT: 'a' }, 'TLS_KEY'],
    [{ TLS_KEY: 'a' }, 'TLS_CERT'],
    [{ TLS_CLIENT_CA: 'a' }, 'TLS_CERT'],
  ])('is not configured by halves: %j', async (env, missing) => {
    await expect(aDoor(env as never)).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining(missing),
    });
  });
});

describe('a renewal', () => {
  /** The log's lines, as they come. */
  function aLog() {
    const lines: string[] = [];
    const note = (...said: unknown[]) => void lines.push(JSON.stringify(said));
    return { lines, logger: { info: note, error: note } as unknown as Logger };
  }

  function followed(door: Door) {
    const log = aLog();
    onTestFinished(door.tls!.follow(door.server, log.logger, 10));
    return log.lines;
  }

  it('is used by new connections, and drops none', async () => {
    const { env, write } = files(aServer('first'));
    const door = await aDoor(env);
    const lines = followed(door);
    const before = await dial(door);
    write(aServer('second'));
    await vi.waitFor(async () => expect(subjectOf(await dial(door))).toBe('CN=second'));
    expect(subjectOf(before)).toBe('CN=first');
    expect((await ask(before)).head).toMatch(/^HTTP\/1.1 200/);
    expect(lines.at(-1)).toContain('read again');
  });

  it('says when it ends, and whether newer files are refused', async () => {
    const { env, write, put } = files(aServer('first'), authority);
    const door = await aDoor(env);
    followed(door);
    const endsAt = (pem: string) => Date.parse(new X509Certificate(pem).validTo);
    expect(door.tls!.state).toEqual({
      endsAt: { certificate: expect.any(Number), client_ca: endsAt(authority.cert) },
      refused: false,
    });
    expect(door.tls!.state.endsAt.certificate).toBeGreaterThan(Date.now());
    put('tls.crt', 'half a cert');
    await vi.waitFor(() => expect(door.tls!.state.refused).toBe(true));
    const second = aServer('second');
    write(second);
    await vi.waitFor(() => expect(door.tls!.state.refused).toBe(false));
    expect(door.tls!.state.endsAt.certificate).toBe(endsAt(second.cert));
  });

  it('says nothing of authorities where it has none', async () => {
    const door = await aDoor(files().env);
    expect(Object.keys(door.tls!.state.endsAt)).toEqual(['certificate']);
  });

  it('that cannot be used is told once, and the former stays until one can', async () => {
    const { env, write, put, path } = files(aServer('first'));
    const door = await aDoor(env);
    const lines = followed(door);
    put('tls.crt', 'half a cert');
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toMatch(/cannot be used/);
    expect(lines[0]).not.toContain(path(''));
    expect(subjectOf(await dial(door))).toBe('CN=first');
    rmSync(path('tls.crt'));
    rmSync(path('tls.key'));
    await vi.waitFor(() => expect(lines).toHaveLength(2));
    expect(lines[1]).toContain('ENOENT');
    expect(subjectOf(await dial(door))).toBe('CN=first');
    write(aServer('second'));
    await vi.waitFor(async () => expect(subjectOf(await dial(door))).toBe('CN=second'));
    // Between the two files it may have seen a certificate with another's key.
    expect(lines.at(-1)).toContain('read again');
    expect(lines.length).toBeLessThanOrEqual(5);
  });

  it('that is taken back is nothing', async () => {
    const first = aServer('again');
    const { env, put } = files(first);
    const door = await aDoor(env);
    const lines = followed(door);
    for (let round = 1; round <= 2; round++) {
      put('tls.crt', 'half a cert');
      await vi.waitFor(() => expect(lines).toHaveLength(round));
      put('tls.crt', first.cert);
      // Seen to be as before, so that the next fault is told again.
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(subjectOf(await dial(door))).toBe('CN=again');
  });

  it('is no longer looked for once the door is closed', async () => {
    const { env, write } = files(aServer('first'));
    const door = await aDoor(env);
    door.tls!.follow(door.server, aLog().logger, 5)();
    write(aServer('second'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(subjectOf(await dial(door))).toBe('CN=first');
  });
});

describe('a client’s certificate', () => {
  const clients = anAuthority('Authority of clients');
  const ingest = () =>
    clients.issue({
      subject: [
        ['C', 'CH'],
        ['O', 'Example, "Ltd"'],
        [
          ['OU', 'data'],
          ['CN', 'in+gest'],
        ],
      ],
      dns: ['ingest.internal'],
      uris: ['spiffe://example/ingest,prod'],
    });

  it('is known to the exchange, on every request of its connection', async () => {
    const door = await aDoor(files(aServer(), clients).env);
    const shown = ingest();
    const socket = await dial(door, shown);
    socket.write('GET /api/thing HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(socket, 'data');
    await ask(socket);
    const [first, second] = door.served.map((request) => request.exchange.certificate);
    expect(first).toEqual({
      subject: expect.stringMatching(/^(CN=in\\\+gest\+OU=data|OU=data\+CN=in\\\+gest),O=Example\\, \\"Ltd\\",C=CH$/),
      san: ['DNS:ingest.internal', 'URI:spiffe://example/ingest,prod'],
      expiresAt: expect.any(Number),
    });
    expect(first!.expiresAt).toBeGreaterThan(Date.now());
    expect(second).toBe(first);
  });

  it('is known when a connection resumes a session, too', async () => {
    const door = await aDoor(files(aServer(), clients).env);
    const shown = ingest();
    const first = await dial(door, shown);
    const [session] = (await Promise.all([once(first, 'session'), ask(first)]))[0] as [Buffer];
    const again = await dial(door, { ...shown, session });
    expect(again.isSessionReused()).toBe(true);
    expect((await ask(again)).body.certificate).toMatchObject({ san: ['DNS:ingest.internal', expect.any(String)] });
  });

  it.each([
    ['none', () => ({})],
    ['one of another authority', () => anAuthority('Authority of clients').issue({ subject: [['CN', 'ingest']] })],
    ['one that has ended', () => clients.issue({ subject: [['CN', 'ingest']], days: 0.01 })],
  ])('counts for nothing where it is optional: %s', async (_, shown) => {
    const door = await aDoor({ ...files(aServer(), clients).env, TLS_CLIENT_AUTH: 'optional' });
    expect((await ask(await dial(door, shown()))).body).toEqual({ certificate: null });
  });

  it('counts for nothing on a resumed session that began without one', async () => {
    const door = await aDoor(files(aServer(), clients).env);
    const first = await dial(door);
    const [session] = (await Promise.all([once(first, 'session'), ask(first)]))[0] as [Buffer];
    const again = await dial(door, { session });
    expect(again.isSessionReused()).toBe(true);
    expect((await ask(again)).body).toEqual({ certificate: null });
  });

  it.each([
    ['none', () => ({})],
    ['one of another authority', () => anAuthority('Authority of clients').issue({ subject: [['CN', 'ingest']] })],
  ])('is demanded where it is required: %s', async (_, shown) => {
    const door = await aDoor({ ...files(aServer(), clients).env, TLS_CLIENT_AUTH: 'required' });
    // In TLS 1.3 a client is through with its handshake before the server has looked at the certificate.
    const answered = await dial(door, shown())
      .then(ask)
      .catch(() => ({ head: '' }));
    expect(answered.head).toBe('');
    expect(door.served).toEqual([]);
    expect((await ask(await dial(door, ingest()))).body.certificate).not.toBeNull();
  });

  it('is not asked for without authorities', async () => {
    const door = await aDoor(files().env);
    expect((await ask(await dial(door, ingest()))).body).toEqual({ certificate: null });
    expect(door.tls!.asksClients).toBe(false);
  });
});

it('without a certificate there is no TLS', () => {
  expect(TlsFiles.open({ minVersion: '1.2', clientAuth: 'optional' } as never)).toBeUndefined();
});
