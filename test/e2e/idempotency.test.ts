// A write that is sent again has its effect once, also over a restart; where it is demanded, a copied write has none.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { IdempotencyRecords } from '#gateway';
import { startRedis } from '../support/redis.js';
import { type Reply, type SendOptions, startTestServer, type TestServer } from '../support/server.js';

const JWT_SECRET = 'a secret of at least thirty-two characters';
const answer = (response: unknown = 'green', more: object = {}) => ({ query: 'Which tea?', response, ...more });
const write = (server: TestServer, key: string, body: unknown = answer(), more: SendOptions = {}) =>
  server.send('POST', '/api/cache', { body, ...more, headers: { 'idempotency-key': key, ...more.headers } });
const replayed = ({ headers }: Reply) => headers.get('idempotency-replayed');

describe('an Idempotency-Key', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ JWT_SECRET });
  });
  afterAll(() => server.stop());

  it('gives the first reply again, and the write its effect once', async () => {
    const first = await write(server, 'once');
    expect(first.status).toBe(200);
    expect(replayed(first)).toBeNull();
    // What was written is gone: the reply that is given again does not bring it back.
    await server.send('DELETE', '/api/cache');
    const again = await write(server, '"once"');
    expect(again).toMatchObject({ status: 200, json: first.json });
    expect(replayed(again)).toBe('true');
    expect(again.headers.get('x-correlation-id')).not.toBe(first.headers.get('x-correlation-id'));
    const { json } = await server.send('POST', '/api/cache/query', { body: { query: 'Which tea?' } });
    expect(json.hit).toBe(false);
  });

  it('is for one request: another body, path or layout of the same', async () => {
    await write(server, 'one');
    expect(await write(server, 'one', answer('black'))).toMatchObject({
      status: 409,
      json: { code: 'idempotency.conflict' },
    });
    const warmUp = await server.send('POST', '/api/cache/warmup', {
      body: { entries: [answer()] },
      headers: { 'idempotency-key': 'one' },
    });
    expect(warmUp.status).toBe(409);
    const raw = '{ "response": "green",   "query": "Which tea?" }';
    expect(replayed(await server.send('POST', '/api/cache', { raw, headers: { 'idempotency-key': 'one' } }))).toBe(
      'true',
    );
  });

  it('works on every POST that writes', async () => {
    const calls: [string, object][] = [
      ['/api/cache/warmup', { entries: [answer()] }],
      ['/api/vectors/collections', { name: 'things', dimension: 3, metric: 'cosine' }],
      ['/api/vectors/upsert', { collection: 'things', documents: [{ id: '1', vector: [1, 0, 0] }] }],
      ['/api/vectors/delete', { collection: 'things', ids: ['1'] }],
    ];
    for (const [path, body] of calls) {
      const send = () =>
        server.send('POST', path, { body, headers: { 'idempotency-key': `at ${path}`.replace(' ', '') } });
      const first = await send();
      expect(first.status, first.text).toBe(200);
      const again = await send();
      expect(again.json).toEqual(first.json);
      expect(replayed(again)).toBe('true');
    }
  });

  it('does not keep what failed: the same key may be used for another try', async () => {
    const tooLarge = answer('x'.repeat(2 * 1024 ** 2));
    expect((await write(server, 'fails', tooLarge)).status).toBe(413);
    expect((await write(server, 'fails', tooLarge)).status).toBe(413);
    const other = await write(server, 'fails');
    expect(other.status).toBe(200);
    expect(replayed(other)).toBeNull();
  });

  it('is for one at a time: of many at once, one writes and the others are told to come again', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => write(server, 'together')));
    const firsts = replies.filter((one) => one.status === 200 && replayed(one) === null);
    expect(firsts).toHaveLength(1);
    for (const one of replies.filter(({ status }) => status !== 200)) {
      expect(one).toMatchObject({ status: 409, json: { code: 'idempotency.in_flight' } });
      expect(one.headers.get('retry-after')).toBe('1');
    }
    expect(replayed(await write(server, 'together'))).toBe('true');
  });

  it.each(['', ' ', 'a b', 'é', 'x'.repeat(256)])('that is none is refused: %j', async (key) => {
    const reply = await server.send('POST', '/api/cache', {
      body: answer(),
      headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
    });
    expect(reply).toMatchObject({ status: 400, json: { code: 'idempotency.key_invalid' } });
  });

  it('means nothing where nothing is written', async () => {
    const headers = { 'idempotency-key': 'reads' };
    for (const query of ['a', 'b']) {
      expect((await server.send('POST', '/api/cache/query', { body: { query }, headers })).status).toBe(200);
      expect((await server.send('POST', '/api/embeddings', { body: { input: query }, headers })).status).toBe(200);
    }
    expect((await server.send('DELETE', '/api/cache', { headers })).status).toBe(200);
  });

  it('is refused before anything is kept, where the token is not good or the scope is missing', async () => {
    expect((await write(server, 'strange', answer(), { token: 'no.token.at-all' })).status).toBe(401);
    const reader = server.token({ scopes: ['cache:read'] });
    expect((await write(server, 'strange', answer(), { token: reader })).status).toBe(403);
    expect(replayed(await write(server, 'strange'))).toBeNull();
  });

  it('is kept by subject, for export and erasure', async () => {
    await write(server, 'about-carl', answer('green', { subject: 'carl' }));
    const kept = server.server.app.get(IdempotencyRecords, { strict: false });
    const { records } = await kept.about('default', 'carl', { limit: 1000 });
    expect(records).toMatchObject([{ state: 'kept', path: '/api/cache', reply: { success: true } }]);
    expect(await kept.erase('default', 'carl')).toBe(1);
    expect(replayed(await write(server, 'about-carl', answer('green', { subject: 'carl' })))).toBeNull();
  });

  it('is told in the document, for POSTs that write and no others', async () => {
    const { json } = await server.send('GET', '/api/openapi.json');
    const names = (path: string, method: string) =>
      (json.paths[path][method].parameters ?? []).map(({ name }: { name: string }) => name);
    expect(names('/api/cache', 'post')).toEqual(expect.arrayContaining(['idempotency-key', 'x-request-nonce']));
    expect(names('/api/cache', 'delete')).toContain('x-request-nonce');
    expect(names('/api/cache', 'delete')).not.toContain('idempotency-key');
    expect(names('/api/cache/query', 'post')).not.toContain('idempotency-key');
    expect(json.paths['/api/cache'].post['x-effect']).toBe('write');
  });
});

describe('replies that are kept', () => {
  it.each(['sqlite', 'redis'])('survive a restart, in %s', async (backend) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'resk-idem-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const redis = backend === 'redis' ? await startRedis() : undefined;
    onTestFinished(async () => redis?.stop());
    const env = { DATA_DIR: dataDir, JWT_SECRET, CACHE_BACKEND: backend, ...(redis && { REDIS_URL: redis.url }) };
    const run = async (use: (server: TestServer) => Promise<Reply>) => {
      const server = await startTestServer(env);
      return use(server).finally(() => server.stop());
    };
    const first = await run((server) => write(server, 'over-night'));
    const again = await run((server) => write(server, 'over-night'));
    expect(again.json).toEqual(first.json);
    expect(replayed(again)).toBe('true');
    const conflict = await run((server) => write(server, 'over-night', answer('black')));
    expect(conflict.status).toBe(409);
  });
});

describe('two instances over one Redis', () => {
  it('do a write once between them, give each other’s replies, and know each other’s nonces', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const env = { JWT_SECRET, CACHE_BACKEND: 'redis', REDIS_URL: redis.url, REPLAY_PROTECTION: 'writes' };
    const servers = [await startTestServer(env), await startTestServer(env)];
    onTestFinished(async () => {
      for (const server of servers) await server.stop();
    });
    const proof = (nonce: string) => ({ 'x-request-timestamp': new Date().toISOString(), 'x-request-nonce': nonce });
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        write(servers[n % 2]!, 'between', answer(), { headers: proof(`nonce-of-request-${n}`) }),
      ),
    );
    const firsts = replies.filter((one) => one.status === 200 && replayed(one) === null);
    expect(firsts).toHaveLength(1);
    expect(replies.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    for (const [n, server] of servers.entries()) {
      const again = await write(server, 'between', answer(), { headers: proof(`nonce-of-another-${n}`) });
      expect(again.json).toEqual(firsts[0]!.json);
      expect(replayed(again)).toBe('true');
    }
    const copied = { headers: proof('nonce-of-request-0') };
    for (const server of servers) {
      expect((await write(server, 'other', answer(), copied)).json.code).toBe('replay.repeated');
    }
  });
});

describe('where writes must prove that they are no replay', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ JWT_SECRET, REPLAY_PROTECTION: 'writes', REPLAY_WINDOW: '60s' });
  });
  afterAll(() => server.stop());

  const proof = (nonce: string, at = new Date().toISOString()) => ({
    'x-request-timestamp': at,
    'x-request-nonce': nonce.padEnd(16, '.'),
  });
  const send = (headers: Record<string, string>, more: SendOptions = {}) =>
    server.send('POST', '/api/cache', { body: answer(), headers, ...more });

  it('a copy is refused, and a new one passes', async () => {
    const headers = proof('copied');
    expect((await send(headers)).status).toBe(200);
    expect(await send(headers)).toMatchObject({ status: 409, json: { code: 'replay.repeated' } });
    expect((await send(proof('new'))).status).toBe(200);
    expect((await send(headers, { token: server.token({ subject: 'another' }) })).status).toBe(200);
  });

  it('a write without proof, or of another time, is refused', async () => {
    expect(await send({})).toMatchObject({ status: 400, json: { code: 'replay.missing' } });
    const old = new Date(Date.now() - 61_000).toISOString();
    expect(await send(proof('old', old))).toMatchObject({ status: 403, json: { code: 'replay.stale' } });
    expect((await server.send('DELETE', '/api/cache')).json).toMatchObject({ code: 'replay.missing' });
    expect((await server.send('DELETE', '/api/cache', { headers: proof('purge') })).status).toBe(200);
  });

  it('reads need none', async () => {
    expect((await server.send('POST', '/api/cache/query', { body: { query: 'x' } })).status).toBe(200);
    expect((await server.send('GET', '/api/cache/entries')).status).toBe(200);
  });

  it('a client that was not answered sends the same write with a new proof', async () => {
    const key = { 'idempotency-key': 'sent-again' };
    const first = await send({ ...key, ...proof('first') });
    const again = await send({ ...key, ...proof('second') });
    expect(again.json).toEqual(first.json);
    expect(replayed(again)).toBe('true');
  });
});
