// What this store promises beyond the contract: filters as they are meant, safety of every name, time, many points, failures.
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type FailureCode, type Filter, isFailure, matchesFilter, Secret, type VectorPoint } from 'resk-caching/ports';
import { translated } from '../src/failures.js';
import provider from '../src/index.js';
import { optionsSchema } from '../src/options.js';
import { RedisVectorStore } from '../src/redis-vector-store.js';
import { aPrefix, aStore, redis, url } from './redis.js';

const REF = { tenant: 'north', collection: 'documents' };
const SPEC = { dimension: 2, metric: 'cosine' } as const;
const at = (degrees: number) =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

async function refuses(code: FailureCode, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(
    call,
    (error) => isFailure(error, code) || assert.fail(`expected ${code}, got ${String(error)}`),
  );
}

test('is a provider that checks its options', async () => {
  assert.deepEqual([provider.family, provider.name], ['vector-store', 'redis-vector-sets']);
  const validate = async (options: unknown) => (await provider.options['~standard'].validate(options)).issues;
  assert.equal(await validate({ url: 'rediss://host', apiKey: new Secret('x') }), undefined);
  for (const wrong of [{ url: 'http://x' }, { prefix: 'a{b' }, { quantisation: 'x' }, { more: 1 }]) {
    assert.notEqual(await validate(wrong), undefined, JSON.stringify(wrong));
  }
  const opened = await provider.open(optionsSchema.parse({ url, prefix: aPrefix() }), {
    signal: AbortSignal.timeout(5000),
  });
  await opened.close();
});

test('takes any text as name, id, field and value, and none of them as an expression or a key', async () => {
  const store = await aStore();
  const odd = `a'b"c:{d}} \\ * \n) or (1 == 1 世界`;
  const ref = { tenant: odd, collection: odd };
  await store.openCollection(ref, SPEC);
  const point: VectorPoint = { id: odd, vector: at(0), text: odd, metadata: { [odd]: odd }, subject: odd, source: odd };
  await store.upsert(ref, [
    { ...point, purposes: [odd] },
    { id: 'other', vector: at(90) },
  ]);
  for (const op of ['eq', 'gte'] as const) {
    const filter = { op, field: odd, value: odd };
    const found = await store.query(ref, { vector: at(0), k: 5, filter, purpose: odd });
    assert.deepEqual(
      found.map(({ id, metadata }) => [id, metadata]),
      [[odd, { [odd]: odd }]],
    );
  }
  assert.equal((await store.list(ref, { subject: odd, limit: 5 })).points[0]?.source, odd);
  assert.deepEqual(await store.listCollections('a'), []);
  assert.equal(await store.delete(ref, { subject: odd }), 1);
  assert.equal(await store.count(ref), 1);
});

test('chooses by every filter as the portable filter means it', async () => {
  const store = await aStore();
  await store.openCollection(REF, SPEC);
  const values = [1, 2.5, -3, 1e21, -1e-7, 3e-9, -2e30, 'a', 'b', true, false, ['a', 1], [], { deep: 1 }, null];
  const points: VectorPoint[] = values.map((x, i) => ({ id: `p${i}`, vector: at(i), metadata: { x: x as never } }));
  await store.upsert(REF, [...points, { id: 'none', vector: at(50) }]);
  const leaves: Filter[] = [1, 'a', true].map((value) => ({ op: 'eq', field: 'x', value }));
  for (const op of ['gt', 'gte', 'lt', 'lte'] as const) {
    for (const value of [0, 2.5, 1e21, -1e-7, 'a', '']) leaves.push({ op, field: 'x', value });
  }
  leaves.push({ op: 'in', field: 'x', values: [] }, { op: 'nin', field: 'x', values: ['a', 2.5] });
  leaves.push({ op: 'ne', field: 'x', value: 1 }, { op: 'or', filters: [] }, { op: 'and', filters: [] });
  const filters = leaves.flatMap((one, i): Filter[] => {
    const other = leaves[(i * 7 + 3) % leaves.length]!;
    return [
      one,
      { op: 'not', filter: one },
      { op: 'and', filters: [one, { op: 'or', filters: [other, { op: 'not', filter: one }] }] },
    ];
  });
  for (const filter of filters) {
    const found = await store.query(REF, { vector: at(0), k: 20, filter });
    const meant = points.filter(({ metadata }) => matchesFilter(filter, metadata!)).map(({ id }) => id);
    if (matchesFilter(filter, {})) meant.push('none');
    assert.deepEqual(found.map(({ id }) => id).sort(), meant.sort(), JSON.stringify(filter));
  }
});

test('finds the few that fit among many that do not, however it must judge them', async () => {
  const store = await aStore();
  await store.openCollection(REF, { ...SPEC, index: { M: 8, efConstruction: 100 } });
  const many = Array.from({ length: 1500 }, (_, i) => ({
    id: `n${i}`,
    vector: at(i / 20),
    metadata: { name: i === 1400 ? 'z' : 'a', n: i },
  }));
  for (let from = 0; from < many.length; from += 500) await store.upsert(REF, many.slice(from, from + 500));
  const asked = async (filter: Filter) =>
    (await store.query(REF, { vector: at(0), k: 2, filter, search: { efSearch: 50 } })).map(({ id }) => id);
  assert.deepEqual(await asked({ op: 'gt', field: 'name', value: 'b' }), ['n1400']);
  assert.deepEqual(await asked({ op: 'eq', field: 'name', value: 'z' }), ['n1400']);
  assert.deepEqual(await asked({ op: 'gte', field: 'n', value: 1498 }), ['n1498', 'n1499']);
  assert.equal(await store.delete(REF, { filter: { op: 'lt', field: 'n', value: 1499 } }), 1499);
  assert.equal(await store.count(REF), 1);
});

test('removes what has ended with the next write, and never counts it', async () => {
  let now = Date.now();
  const prefix = aPrefix();
  const store = await aStore({ prefix }, () => now);
  await store.openCollection(REF, SPEC);
  await store.upsert(REF, [
    { id: 'ends', vector: at(0), expiresAt: now + 1000 },
    { id: 'extended', vector: at(0), expiresAt: now + 1000 },
  ]);
  await store.upsert(REF, [{ id: 'extended', vector: at(0) }]);
  now += 1000;
  assert.equal(await store.count(REF), 1);
  assert.equal(await redis(['HLEN', `${prefix}:{north}:documents:documents`]), 2);
  assert.equal(await store.delete(REF, { ids: ['ends'] }), 0);
  await store.upsert(REF, [{ id: 'ended', vector: at(0), expiresAt: now }]);
  assert.equal(await redis(['VCARD', `${prefix}:{north}:vectors:documents`]), 1);
  assert.deepEqual(
    (await store.get(REF, ['extended', 'extended'])).map(({ id }) => id),
    ['extended'],
  );
});

test('refuses what it cannot keep: other metrics, dimensions and settings, words', async () => {
  const store = await aStore();
  await refuses('vector.input_refused', () => store.openCollection(REF, { dimension: 2, metric: 'l2' }));
  await refuses('vector.input_refused', () => store.openCollection(REF, { dimension: 40_000, metric: 'cosine' }));
  await refuses('vector.setting_unsupported', () => store.openCollection(REF, { ...SPEC, index: { nlist: 1 } }));
  await store.openCollection(REF, SPEC);
  const words = () => store.query(REF, { vector: at(0), k: 1, hybrid: { text: 'x' } });
  await refuses('vector.hybrid_unsupported', words);
});

test('looks again at a collection that another instance has dropped, or made anew', async () => {
  const prefix = aPrefix();
  const [store, other] = [await aStore({ prefix }), await aStore({ prefix })];
  await store.openCollection(REF, SPEC);
  await store.upsert(REF, [{ id: 'a', vector: at(0) }]);
  await other.dropCollection(REF);
  await refuses('vector.collection_absent', () => store.upsert(REF, [{ id: 'b', vector: at(0) }]));
  await other.openCollection(REF, { dimension: 3, metric: 'cosine' });
  assert.equal(await store.count(REF), 0);
  await refuses('vector.dimension_mismatch', () => store.upsert(REF, [{ id: 'b', vector: at(0) }]));
  assert.equal(await store.count(REF), 0);
});

test('says what failed, and nothing of the data', async () => {
  for (const [message, code] of [
    ['NOAUTH Authentication required.', 'vector.store_unauthorised'],
    ['WRONGPASS invalid secret', 'vector.store_unauthorised'],
    ["OOM command not allowed when used memory > 'maxmemory'. secret", 'vector.quota_exhausted'],
    ['ERR secret is odd', 'vector.input_refused'],
    ['LOADING Redis is loading the secret', 'vector.store_unavailable'],
    ['The client is closed', 'vector.store_unavailable'],
  ] as const) {
    const told = translated(new Error(message));
    assert.equal(told.code, code);
    assert.doesNotMatch(told.message, /secret/);
  }
  const opened = (more: object) => RedisVectorStore.open(optionsSchema.parse({ url, ...more }));
  await refuses('vector.store_unauthorised', () => opened({ apiKey: 'wrong' }));
  await refuses('vector.store_unavailable', () => opened({ url: 'redis://127.0.0.1:1' }));
});

test('ends a call with its caller, and is back after the connection was lost', async () => {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let silent = false;
  const { connect } = await import('node:net');
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
    near.on('data', (chunk) => silent || far.write(chunk));
    far.on('data', (chunk) => near.write(chunk));
    near.on('close', () => far.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  const store = await aStore({ url: `redis://127.0.0.1:${(proxy.address() as { port: number }).port}` });
  await store.openCollection(REF, SPEC);
  silent = true;
  const reason = new Error('the caller left');
  const leaving = new AbortController();
  const call = store.count(REF, { signal: leaving.signal });
  leaving.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  await assert.rejects(store.count(REF, { signal: leaving.signal }), (error) => error === reason);
  const lost = store.count(REF);
  for (const socket of sockets) socket.destroy();
  await refuses('vector.store_unavailable', () => lost);
  silent = false;
  let counted: number | undefined;
  while (counted === undefined) {
    // Calls are refused at once while it is away: the connection needs the time in between to come back.
    await new Promise((resolve) => setImmediate(resolve));
    counted = await store.count(REF).catch(() => undefined);
  }
  assert.equal(counted, 0);
  await store.close();
  await refuses('vector.store_unavailable', () => store.health());
  proxy.close();
});

test('refuses a server without vector sets', async () => {
  const old = createServer((socket) => {
    socket.on('error', () => {});
    // COMMAND INFO of an unknown command gives one null; everything else on the way there is taken.
    socket.on('data', (chunk) => {
      const asked = chunk.toString().split('*').slice(1);
      for (const one of asked) socket.write(one.includes('VADD') ? '*1\r\n*-1\r\n' : '+OK\r\n');
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => old.once('listening', resolve));
  const { port } = old.address() as { port: number };
  const options = optionsSchema.parse({ url: `redis://127.0.0.1:${port}` });
  await refuses('vector.store_refused', () => RedisVectorStore.open(options));
  old.close();
});
