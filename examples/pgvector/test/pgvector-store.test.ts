// What this store promises beyond the contract: settings, safety of every name, time, and failures in the words of the port.
import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type FailureCode, isFailure, Secret, type VectorPoint } from 'resk-caching/ports';
import provider from '../src/index.js';
import { aSchema, aStore, sql, url } from './store.js';

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
  assert.deepEqual([provider.family, provider.name], ['vector-store', 'pgvector']);
  const validate = async (options: unknown) => (await provider.options['~standard'].validate(options)).issues;
  assert.equal(await validate({ url: 'postgres://localhost/db', apiKey: new Secret('x') }), undefined);
  for (const wrong of [
    {},
    { url: 'http://x' },
    { url: 'postgres://x/y', schema: 'a"b' },
    { url: 'postgres://x/y', more: 1 },
  ]) {
    assert.notEqual(await validate(wrong), undefined, JSON.stringify(wrong));
  }
});

test('takes any text as name, id, field and value, and none of them as SQL', async () => {
  const store = await aStore();
  const odd = `a'b"c;--\\ $1 {x} %s 世界 \n); DROP TABLE points_1; --`;
  const ref = { tenant: odd, collection: odd };
  await store.openCollection(ref, SPEC);
  const point: VectorPoint = { id: odd, vector: at(0), text: odd, metadata: { [odd]: odd }, subject: odd, source: odd };
  await store.upsert(ref, [
    { ...point, purposes: [odd] },
    { id: 'other', vector: at(90) },
  ]);
  const filters = [
    { op: 'eq', field: odd, value: odd },
    { op: 'in', field: odd, values: [odd, 1, true] },
    { op: 'gte', field: odd, value: odd },
  ] as const;
  for (const filter of filters) {
    const found = await store.query(ref, { vector: at(0), k: 5, filter, purpose: odd });
    assert.deepEqual(
      found.map(({ id, metadata }) => [id, metadata]),
      [[odd, { [odd]: odd }]],
    );
  }
  assert.equal((await store.list(ref, { subject: odd, limit: 5 })).points[0]?.source, odd);
  assert.equal(await store.delete(ref, { subject: odd }), 1);
  assert.equal(await store.count(ref), 1);
});

test('of one id twice in a batch the last one holds', async () => {
  const store = await aStore();
  await store.openCollection(REF, SPEC);
  assert.equal(
    await store.upsert(REF, [
      { id: 'a', vector: at(0), text: 'old' },
      { id: 'a', vector: at(0), text: 'new' },
    ]),
    2,
  );
  assert.equal((await store.get(REF, ['a']))[0]?.text, 'new');
});

test('gives the vectors of matches where they are asked for', async () => {
  const store = await aStore();
  await store.openCollection(REF, SPEC);
  await store.upsert(REF, [{ id: 'a', vector: Float32Array.of(0.1, 0.7) }]);
  const query = { vector: at(80), k: 1 };
  assert.equal((await store.query(REF, query))[0]?.vector, undefined);
  assert.deepEqual((await store.query(REF, { ...query, withVectors: true }))[0]?.vector, Float32Array.of(0.1, 0.7));
});

test('makes the index that is asked for, and searches with the settings that are given', async () => {
  const schema = aSchema();
  const store = await aStore({ schema });
  const made = await store.openCollection(REF, { ...SPEC, index: { M: 8, efConstruction: 40 } });
  assert.deepEqual(made.index, { m: 8, ef_construction: 40 });
  await store.openCollection({ ...REF, collection: 'lists' }, { dimension: 2, metric: 'l2', index: { nlist: 7 } });
  const indexes = await sql(`SELECT indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY tablename`, [schema]);
  const made2 = indexes.map(({ indexdef }) => String(indexdef)).filter((one) => /hnsw|ivfflat/.test(one));
  assert.match(made2[0]!, /USING hnsw \(vector vector_cosine_ops\) WITH \(m='8', ef_construction='40'\)/);
  assert.match(made2[1]!, /USING ivfflat \(vector\) WITH \(lists='7'\)/);
  await store.upsert(REF, [{ id: 'a', vector: at(0) }]);
  assert.equal((await store.query(REF, { vector: at(0), k: 1, search: { efSearch: 200 } })).length, 1);
});

test('with an index too it loses no match to a filter', async () => {
  const store = await aStore();
  await store.openCollection(REF, { ...SPEC, index: { M: 4, efConstruction: 8 } });
  const many = Array.from({ length: 500 }, (_, i) => ({
    id: `n${i}`,
    vector: at(i / 10),
    metadata: { far: i >= 495 },
  }));
  await store.upsert(REF, many);
  const filter = { op: 'eq', field: 'far', value: true } as const;
  const found = await store.query(REF, { vector: at(0), k: 10, filter, search: { efSearch: 1 } });
  assert.deepEqual(
    found.map(({ id }) => id),
    ['n495', 'n496', 'n497', 'n498', 'n499'],
  );
});

test('refuses settings that it does not know, or that pgvector would refuse', async () => {
  const store = await aStore();
  const index =
    (given: Record<string, number>, dimension = 2) =>
    () =>
      store.openCollection(REF, { ...SPEC, dimension, index: given });
  await refuses('vector.setting_unsupported', index({ ef: 1 }));
  await refuses('vector.setting_unsupported', index({ constructor: 1 }));
  const wrong: Record<string, number>[] = [
    { M: 1 },
    { M: 101 },
    { M: 2.5 },
    { nlist: 0 },
    { M: 8, nlist: 8 },
    { M: 100, efConstruction: 64 },
  ];
  for (const one of wrong) await refuses('vector.input_refused', index(one));
  await refuses('vector.input_refused', index({ M: 8 }, 2001));
  await refuses('vector.input_refused', () => store.openCollection(REF, { ...SPEC, dimension: 16_001 }));
  await store.openCollection(REF, SPEC);
  await refuses('vector.setting_unsupported', async () => store.query(REF, { vector: at(0), k: 1, search: { ef: 1 } }));
  await refuses('vector.input_refused', async () => store.query(REF, { vector: at(0), k: 1, search: { efSearch: 0 } }));
  await refuses('vector.hybrid_unsupported', () => store.query(REF, { vector: at(0), k: 1, hybrid: { text: 'a' } }));
});

test('makes a collection once, whoever else makes it at the same time', async () => {
  const schema = aSchema();
  const stores = await Promise.all([1, 2, 3].map(() => aStore({ schema })));
  await Promise.all(stores.flatMap((store) => [store.openCollection(REF, SPEC), store.openCollection(REF, SPEC)]));
  assert.equal((await stores[0]!.listCollections('north')).length, 1);
  await Promise.all(stores.map((store, i) => store.upsert(REF, [{ id: `n${i}`, vector: at(i) }])));
  assert.equal(await stores[0]!.count(REF), 3);
});

test('finds a collection that another instance has made anew', async () => {
  const schema = aSchema();
  const [one, other] = [await aStore({ schema }), await aStore({ schema })];
  await one.openCollection(REF, SPEC);
  await one.upsert(REF, [{ id: 'old', vector: at(0) }]);
  await other.dropCollection(REF);
  await refuses('vector.collection_absent', () => one.count(REF));
  await other.openCollection(REF, SPEC);
  await other.upsert(REF, [{ id: 'new', vector: at(0) }]);
  assert.deepEqual(
    (await one.query(REF, { vector: at(0), k: 5 })).map(({ id }) => id),
    ['new'],
  );
});

test('removes what is past its end, of itself and with every deletion, and counts none of it', async () => {
  let now = 1_700_000_000_000;
  const schema = aSchema();
  const store = await aStore({ schema }, () => now);
  await store.openCollection(REF, SPEC);
  const ending = (id: string) => ({ id, vector: at(0), expiresAt: now + 1000, subject: 'person' });
  await store.upsert(REF, [ending('a'), ending('b'), { id: 'c', vector: at(0), subject: 'person' }]);
  const stored = async () => Number((await sql(`SELECT count(*) FROM ${schema}.points_1`))[0]!.count);
  now += 1000;
  assert.deepEqual([await store.count(REF), await stored()], [1, 3]);
  assert.equal((await store.list(REF, { limit: 10 })).points.length, 1);
  assert.equal(await store.delete(REF, { ids: ['a'] }), 0);
  assert.equal(await stored(), 1);
  await store.upsert(REF, [ending('d')]);
  now += 1000;
  await store.sweep();
  assert.equal(await stored(), 1);
});

test('refuses what PostgreSQL cannot keep, and writes nothing of its batch', async () => {
  const store = await aStore();
  await store.openCollection(REF, SPEC);
  const good = { id: 'good', vector: at(0) };
  await refuses('vector.input_refused', () => store.upsert(REF, [good, { id: 'nul', vector: at(0), text: 'a\0b' }]));
  await refuses('vector.input_refused', () =>
    store.upsert(REF, [good, { ...good, id: 'x', metadata: { half: '\ud800' } }]),
  );
  assert.equal(await store.count(REF), 0);
});

test('says who is refused, what is missing, and who does not answer', async () => {
  const opening = (options: Record<string, unknown>) => () => aStore(options);
  await refuses('vector.store_unavailable', opening({ url: 'postgres://postgres@127.0.0.1:1/postgres' }));
  const store = await aStore();
  await store.close();
  await store.close();
  await refuses('vector.store_unavailable', () => store.health());
});

test('ends with its caller, and answers the next one', async () => {
  const store = await aStore({ maxConnections: 1 });
  await store.openCollection(REF, SPEC);
  await assert.rejects(store.count(REF, { signal: AbortSignal.abort() }));
  const gone = new AbortController();
  const waiting = store.query(REF, { vector: at(0), k: 1 }, { signal: gone.signal });
  gone.abort();
  await assert.rejects(waiting);
  assert.equal(await store.count(REF), 0);
});

test('outlives connections that are lost, at rest or in the middle of a reply', async (t) => {
  const sockets = new Set<Socket>();
  const [host, port] = new URL(url()).host.split(':') as [string, string];
  const door = createServer((caller) => {
    const behind = connect(Number(port), host);
    sockets.add(caller).add(behind);
    caller.pipe(behind).pipe(caller);
    for (const one of [caller, behind]) one.on('error', () => {});
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const drop = () => {
    for (const one of sockets) one.destroy();
    sockets.clear();
  };
  t.after(() => {
    drop();
    door.close();
  });
  const through = new URL(url());
  through.port = String((door.address() as { port: number }).port);
  through.hostname = '127.0.0.1';
  const store = await aStore({ url: through.href });
  await store.openCollection(REF, SPEC);
  drop();
  await store.count(REF).catch(() => {});
  assert.equal(await store.count(REF), 0);
  const asked = store.query(REF, { vector: at(0), k: 1 });
  setImmediate(drop);
  await asked.catch((error: unknown) => assert.ok(isFailure(error, 'vector.store_unavailable'), String(error)));
  assert.equal(await store.count(REF), 0);
});
