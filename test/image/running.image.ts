// The image as an engine runs it (UID 10001, read-only root, no right at all, first process of its tree), used over TLS by the client.
import { chmodSync, readdirSync } from 'node:fs';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mintToken, SCOPES } from '#auth';
import { Secret } from '#ports';
import { ProblemError, ReskClient } from '../../clients/typescript/src/index.js';
import { manifestsOf, podsOf } from '../delivery/helm/charts.js';
import { type Behaviour, honestly, OpenAiDouble } from '../doubles/openai.js';
import { type Authority, anAuthority } from '../support/certificates.js';
import { freePort } from '../support/redis.js';
import { tinyEmbeddingModel } from '../support/tiny-model.js';
import { aFolderOf, aVolume, built, Container, type ContainerOptions } from './container.js';

const SECRET = new Secret('a secret of the tests that is long enough');
const PATIENT = { timeout: 30_000, interval: 100 };

const token = (scopes = SCOPES.filter((scope) => scope !== 'admin')) =>
  mintToken({ secret: SECRET, tenant: 'north', subject: 'tester', scopes, ttlMs: 3_600_000 });

/** A server over TLS, with an authority of its own, that answers when this resolves. */
async function aServer({
  env = {},
  authority = anAuthority('Throwaway'),
  data = aVolume(),
  ...rest
}: ContainerOptions & { authority?: Authority } = {}) {
  const port = await freePort();
  const { cert, key } = authority.issue({ subject: [['CN', 'cache']], dns: ['cache.test'], ips: ['127.0.0.1'] });
  const container = Container.start({
    ...rest,
    data,
    env: {
      JWT_SECRET: SECRET.reveal(),
      // The loopback is all of this machine that tests use; the image itself listens on all addresses of its container.
      HOST: '127.0.0.1',
      PORT: `${port}`,
      TLS_CERT: '/tls/tls.crt',
      TLS_KEY: '/tls/tls.key',
      ...env,
    },
    mounts: { '/tls': aFolderOf({ 'tls.crt': cert, 'tls.key': key, 'clients.crt': authority.cert }), ...rest.mounts },
  });
  const dispatcher = new Agent({ connect: { ca: authority.cert } });
  onTestFinished(() => dispatcher.destroy());
  const fetchTrusting = ((url: string, init: object) =>
    undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch;
  const url = `https://127.0.0.1:${port}`;
  const client = new ReskClient({ baseUrl: url, token: token(), fetch: fetchTrusting, retries: 0 });
  await Promise.race([
    expect
      .poll(
        () =>
          fetchTrusting(`${url}/health/ready`).then(
            ({ status }) => status,
            () => 0,
          ),
        PATIENT,
      )
      .toBe(200),
    container.ended.then(({ code, stderr }) => Promise.reject(new Error(`ended with ${code}: ${stderr}`))),
  ]);
  return { container, client, url, data, fetch: fetchTrusting };
}

const ANSWER = { answer: 'From nine to five.' };

describe('used by the TypeScript client over TLS', () => {
  it('keeps an answer, finds it, and forgets it', async () => {
    const { client } = await aServer();
    expect(await client.queryAsk({ query: 'When are you open?' })).toMatchObject({ hit: false, status: 'miss' });
    expect(await client.cacheWrite({ query: 'When are you open?', response: ANSWER })).toMatchObject({ success: true });
    expect(await client.queryAsk({ query: 'when are you OPEN' })).toMatchObject({ hit: true, result: ANSWER });
    expect(await client.cachePurge()).toMatchObject({ success: true });
    expect(await client.queryAsk({ query: 'When are you open?' })).toMatchObject({ hit: false });
  });

  it('finds documents, whose kernel of WebAssembly and whose SQLite are in the image', async () => {
    const { client, data } = await aServer({ env: { VECTOR_THRESHOLD: '0.2' } });
    await client.vectorsUpsert({ documents: [{ id: 'hours', text: 'The library is open from nine to five.' }] });
    const answer = await client.queryAsk({ query: 'library open from nine' });
    expect(answer).toMatchObject({ source: 'vectordb' });
    expect(readdirSync(data).filter((name) => name.includes('sqlite')).length).toBeGreaterThan(0);
  });

  it('refuses a token that it did not sign, and shows itself to probes, scrapers and readers', async () => {
    const { url, fetch, client } = await aServer();
    const page = await fetch(`${url}/docs/swagger-ui-bundle.js`);
    const stranger = new ReskClient({ baseUrl: url, token: 'a.b.c', fetch, retries: 0 });
    await expect(stranger.queryAsk({ query: 'x' })).rejects.toBeInstanceOf(ProblemError);
    await client.queryAsk({ query: 'x' });
    expect(await client.operationsLive()).toMatchObject({ status: 'ok' });
    expect(await client.operationsMetrics()).toMatch(/^resk_cache_lookups_total\{.*outcome="miss".*\} 1$/m);
    expect(await client.operationsDocument()).toMatchObject({ openapi: '3.1.0' });
    expect(page.status).toBe(200);
  });
});

describe('confined', () => {
  it('runs as UID 10001 and first process, writes to /data and /tmp alone, and can gain no right', async () => {
    const program = `
      const fs = require('node:fs');
      const tried = (path) => { try { fs.writeFileSync(path + '/tried', ''); return 'written'; } catch (error) { return error.code; } };
      const status = fs.readFileSync('/proc/self/status', 'utf8');
      console.log(JSON.stringify({
        uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), pid: process.pid,
        places: Object.fromEntries(['/', '/app', '/etc', '/usr/local/bin', '/data', '/tmp'].map((path) => [path, tried(path)])),
        capabilities: [...new Set(status.match(/(?<=^Cap\\w+:\\s*)\\w+/gm))],
        noNewPrivileges: /NoNewPrivs:\\s*1/.test(status),
      }));`;
    const { stdout, stderr } = await Container.run(['node', '-e', program]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      uid: 10001,
      gid: 10001,
      groups: [10001],
      pid: 1,
      places: {
        '/': 'EROFS',
        '/app': 'EROFS',
        '/etc': 'EROFS',
        '/usr/local/bin': 'EROFS',
        '/data': 'written',
        '/tmp': 'written',
      },
      capabilities: ['0000000000000000'],
      noNewPrivileges: true,
    });
  });

  it('knows time zones and authorities without files of an operating system', async () => {
    const program = `
      const { X509Certificate } = require('node:crypto');
      const roots = require('node:fs').readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8').match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g);
      roots.forEach((pem) => new X509Certificate(pem));
      console.log(roots.length, new Date('2026-07-01T12:00Z').toString());`;
    const { stdout } = await Container.run(['node', '-e', program], { env: { TZ: 'Asia/Tokyo' } });
    expect(stdout).toMatch(/^\d{3} Wed Jul 01 2026 21:00:00 GMT\+0900/);
  });
});

describe('its health check', () => {
  const check = ['node', '/app/health.mjs'];

  it('follows PORT and TLS, and can be asked of another path', async () => {
    const { container } = await aServer();
    expect(container.exec(check)).toMatchObject({ code: 0 });
    expect(container.exec([...check, '/health/live'])).toMatchObject({ code: 0 });
    expect(container.exec([...check, '/api/nothing'])).toMatchObject({ code: 1, stdout: '/api/nothing answers 404\n' });
  });

  it('follows PORT without TLS, and fails where nobody answers', async () => {
    const port = `${await freePort()}`;
    const env = { HOST: '127.0.0.1', PORT: port, JWT_SECRET: SECRET.reveal() };
    const container = Container.start({ env });
    await expect.poll(() => container.exec(check).code, PATIENT).toBe(0);
    expect((await Container.run(check, { env: { HOST: '127.0.0.1', PORT: `${await freePort()}` } })).code).toBe(1);
  });

  it('is content with a door that lets in only clients with certificates', async () => {
    const clients = { TLS_CLIENT_CA: '/tls/clients.crt', TLS_CLIENT_AUTH: 'required' };
    const port = await freePort();
    const authority = anAuthority('Servers');
    const { cert, key } = authority.issue({ subject: [['CN', 'cache']], ips: ['127.0.0.1'] });
    const others = anAuthority('Clients').cert;
    const folder = aFolderOf({ 'tls.crt': cert, 'tls.key': key, 'clients.crt': others });
    const tls = { TLS_CERT: '/tls/tls.crt', TLS_KEY: '/tls/tls.key', ...clients };
    const container = Container.start({
      env: { JWT_SECRET: SECRET.reveal(), HOST: '127.0.0.1', PORT: `${port}`, ...tls },
      mounts: { '/tls': folder },
    });
    await expect.poll(() => container.exec(check).code, PATIENT).toBe(0);
    expect(container.exec(check).stdout).toContain('asks for a client certificate');
  });
});

describe('its end', () => {
  it('on SIGTERM comes after the answer to the request under way, and with code 0', async () => {
    const openai = await OpenAiDouble.start();
    onTestFinished(() => openai.stop());
    const { client, container } = await aServer({
      env: {
        EMBEDDING_PROVIDER: 'openai',
        EMBEDDING_BASE_URL: openai.url,
        EMBEDDING_API_KEY: 'any',
        EMBEDDING_DIMENSIONS: '8',
        EMBEDDING_GATHER: '0ms',
        OUTGOING_ALLOWED_HOSTS: '127.0.0.1',
        VECTOR_THRESHOLD: '0',
      },
    });
    await client.vectorsUpsert({ documents: [{ id: 'one', text: 'a document' }] });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held: Behaviour = (exchange) => void released.then(() => honestly(exchange));
    openai.requests.length = 0;
    openai.always(held);
    const asked = client.queryAsk({ query: 'a question that waits' });
    await expect.poll(() => openai.requests.length, PATIENT).toBe(1);
    container.kill('TERM');
    await expect
      .poll(
        () =>
          client.queryAsk({ query: 'too late' }).then(
            () => 'answered',
            () => 'refused',
          ),
        PATIENT,
      )
      .toBe('refused');
    release();
    expect(await asked).toMatchObject({ source: 'vectordb' });
    expect(await container.ended).toMatchObject({ code: 0 });
  });

  it('by SIGKILL loses no answer that it has acknowledged', async () => {
    const data = aVolume();
    const first = await aServer({ data });
    await first.client.cacheWrite({ query: 'kept?', response: ANSWER });
    first.container.kill('KILL');
    await first.container.ended;
    const second = await aServer({ data });
    expect(await second.client.queryAsk({ query: 'kept?' })).toMatchObject({ hit: true, result: ANSWER });
  });

  it.each([
    ['without a secret', {}, 'JWT_SECRET'],
    ['with a wrong value', { JWT_SECRET: SECRET.reveal(), CACHE_TTL: 'soon' }, 'CACHE_TTL'],
    [
      'with a certificate that is not there',
      { JWT_SECRET: SECRET.reveal(), TLS_CERT: '/tls/none', TLS_KEY: '/tls/none' },
      'TLS_CERT',
    ],
    [
      'with a provider that it was built without',
      { JWT_SECRET: SECRET.reveal(), EMBEDDING_PROVIDER: 'onnx', EMBEDDING_MODEL: '/models' },
      '',
    ],
  ])('comes at once %s, and says why', async (_how, env, named) => {
    const { code, stderr } = await Container.start({ env: { HOST: '127.0.0.1', PORT: '0', ...env } }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('resk-caching did not start.');
    expect(stderr).toContain(named);
  });
});

describe('with every provider', () => {
  it('embeds with a model from a folder', async () => {
    const model = await tinyEmbeddingModel();
    onTestFinished(() => model.remove());
    chmodSync(model.folder, 0o755);
    const { client } = await aServer({
      image: built.full,
      env: { EMBEDDING_PROVIDER: 'onnx', EMBEDDING_MODEL: '/models/tiny' },
      mounts: { '/models/tiny': model.folder },
    });
    const { vectors } = await client.vectorsEmbed({ input: ['one', 'two'] });
    expect(vectors).toHaveLength(2);
  });
});

describe('the command line', () => {
  it('is there as resk', async () => {
    const help = await Container.run(['resk', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: resk');
    const refused = await Container.run(['resk', 'nonsense']);
    expect(refused.code).not.toBe(0);
  });

  it('mints tokens that the server beside it takes', async () => {
    const { container, url, fetch } = await aServer();
    const { stdout, code } = container.exec(['resk', 'token', '--tenant', 'south', '--scope', 'cache:write']);
    expect(code).toBe(0);
    const south = new ReskClient({ baseUrl: url, token: stdout.trim(), fetch, retries: 0 });
    expect(await south.cacheWrite({ query: 'q', response: ANSWER })).toMatchObject({ success: true });
    await expect(south.queryAsk({ query: 'q' })).rejects.toMatchObject({ status: 403 });
  });

  it('is what the jobs of the chart run', async () => {
    const jobs = podsOf(manifestsOf('everything', { upgrade: true })).filter(({ owner }) => owner.startsWith('Job'));
    expect(jobs.map(({ owner }) => owner)).toHaveLength(3);
    for (const { owner, spec } of jobs) {
      const { command = [], args = [] } = spec.containers[0]!;
      const { code, stdout } = await Container.run([...command, args[0]!, '--help']);
      expect({ owner, code, about: stdout.includes(`resk ${args[0]}`) }).toEqual({ owner, code: 0, about: true });
    }
  });

  it('checks a configuration before it is used', async () => {
    const check = (env: Record<string, string>) => Container.run(['resk', 'config', 'check'], { env });
    expect((await check({ JWT_SECRET: SECRET.reveal() })).code).toBe(0);
    const { code, stdout, stderr } = await check({});
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('JWT_SECRET');
  });
});
