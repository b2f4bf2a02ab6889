// Services of one's own call with a client certificate in place of a token, on the hot route, through Nest and at both event doors.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anAuthority, type Issued } from '../support/certificates.js';
import { openPlain, openSocketIo } from '../support/event-clients.js';
import { startTestServer, type TestServer } from '../support/server.js';

const ours = anAuthority('clients');
const servers = anAuthority('servers');
const certificates = {
  ingest: ours.issue({
    subject: [
      ['O', 'Example'],
      ['CN', 'ingest'],
    ],
    uris: ['spiffe://example/ingest'],
  }),
  ops: ours.issue({ subject: [['CN', 'whatever']], uris: ['spiffe://example/ops'] }),
  unknown: ours.issue({ subject: [['CN', 'unknown']] }),
  foreign: anAuthority('others').issue({
    subject: [
      ['O', 'Example'],
      ['CN', 'ingest'],
    ],
  }),
  ended: ours.issue({
    subject: [
      ['O', 'Example'],
      ['CN', 'ingest'],
    ],
    days: 1 / 48,
  }),
};
const callers = [
  { subject: 'CN=ingest,O=Example', tenant: 'north', scopes: ['cache:read', 'cache:write', 'events:subscribe'] },
  { san: 'URI:spiffe://example/ops', name: 'ops', tenant: 'default', scopes: ['admin'] },
];

let folder: string;
let server: TestServer;
const agents: Agent[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resk-mtls-'));
  const own = servers.issue({ subject: [['CN', 'cache']], dns: ['localhost'], ips: ['127.0.0.1'] });
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  server = await startTestServer({
    HOST: '127.0.0.1',
    TLS_CERT: await file('cert.pem', own.cert),
    TLS_KEY: await file('key.pem', own.key),
    TLS_CLIENT_CA: await file('clients.pem', ours.cert),
    MTLS_CALLERS: JSON.stringify(callers),
  });
});
afterAll(async () => {
  for (const agent of agents) agent.destroy();
  await server.stop();
  await rm(folder, { recursive: true });
});

interface Sent {
  body?: object;
  token?: string;
  method?: string;
}

/** A client with one kept connection, as services have. */
function client(shown?: Issued) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: servers.cert, ...shown });
  agents.push(agent);
  return (path: string, { body, token, method = body ? 'POST' : 'GET' }: Sent = {}) =>
    // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
    new Promise<{ status: number; json: any }>((resolve, reject) => {
      const headers = {
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      };
      request(server.url + path, { method, agent, headers }, (reply) => {
        json(reply).then((said) => resolve({ status: reply.statusCode!, json: said }), reject);
      })
        .on('error', reject)
        .end(body && JSON.stringify(body));
    });
}

const QUESTION = { query: 'Which tea?' };

it('a certificate that is listed is its caller, with the scopes and the tenant of its row', async () => {
  const ask = client(certificates.ingest);
  expect((await ask('/api/cache', { body: { ...QUESTION, response: 'green' } })).status).toBe(200);
  for (const path of ['/api/cache/query', '/api/cache/query', '/api/cache/query/']) {
    expect((await ask(path, { body: QUESTION })).json).toMatchObject({ hit: true, result: 'green' });
  }
  expect((await ask('/api/cache', { method: 'DELETE' })).json.code).toBe('auth.scope');
  const token = server.token({ tenant: 'north' });
  expect((await client()('/api/cache/query', { body: QUESTION, token })).json).toMatchObject({ result: 'green' });
});

it('a certificate that is not listed, foreign, ended or absent is nobody’s; a token still counts', async () => {
  for (const shown of [undefined, certificates.unknown, certificates.foreign, certificates.ended]) {
    const ask = client(shown);
    expect((await ask('/api/cache/query', { body: QUESTION })).json.code).toBe('auth.missing');
    expect((await ask('/api/cache/query', { body: QUESTION, token: server.token() })).status).toBe(200);
  }
});

it('a bad token is not made good by a certificate', async () => {
  const ask = client(certificates.ingest);
  expect((await ask('/api/cache/query', { body: QUESTION, token: 'not.a.token' })).status).toBe(401);
});

it('an operator’s certificate administers, and may revoke another one, on connections that are open already', async () => {
  const [ops, ingest] = [client(certificates.ops), client(certificates.ingest)];
  expect((await ingest('/api/cache/query', { body: QUESTION })).status).toBe(200);
  const body = { sub: 'CN=ingest,O=Example', tenant: 'north' };
  const { status, json: revoked } = await ops('/api/auth/revocations', { body });
  expect(status).toBe(200);
  expect((await ingest('/api/cache/query', { body: QUESTION })).json.code).toBe('auth.revoked');
  await ops(`/api/auth/revocations/${revoked.id}?tenant=north`, { method: 'DELETE' });
  expect((await ingest('/api/cache/query', { body: QUESTION })).status).toBe(200);
});

it('opens event connections at both doors', async () => {
  const shown = { ca: servers.cert, ...certificates.ingest };
  const plain = openPlain(server.url, shown);
  await new Promise((resolve, reject) => plain.once('open', resolve).once('error', reject));
  plain.close();
  const socket = openSocketIo(server.url, shown);
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', reject);
  });
  socket.close();
  const stranger = openPlain(server.url, { ca: servers.cert, ...certificates.unknown });
  await expect(new Promise((resolve, reject) => stranger.once('open', resolve).once('error', reject))).rejects.toThrow(
    '401',
  );
});
