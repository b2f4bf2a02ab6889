// What is particular to Pinecone: indexes made when needed, reads that wait for writes, and its limits.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { Secret, type VectorPoint, type VectorStore } from '#ports';
import { openVectorStore, vectorStoreSection } from '#vector-stores';
import { PineconeDouble } from '../../../../test/doubles/pinecone.js';
import { openPinecone } from '../../src/providers/pinecone/pinecone.provider.js';
import { refused } from '../support/refused.js';
import { plainSealer } from '../support/sealers.js';
import { aPinecone } from './support.js';

const REF = { tenant: 'north', collection: 'documents' };
const vector = new Float32Array([1, 0.5]);

let double: PineconeDouble;
let store: VectorStore;
beforeAll(async () => {
  double = await PineconeDouble.start();
});
beforeEach(async () => {
  double.indexes.clear();
  store = await aPinecone({ url: double.url });
});
afterEach(async () => {
  await store.close();
  expect(double.complaints.splice(0)).toEqual([]);
});
afterAll(() => double.stop());

function opened(metric: 'cosine' | 'l2' | 'dot' = 'cosine') {
  return store.openCollection(REF, { dimension: 2, metric });
}

function index() {
  return double.indexes.get('resk-2-cosine')!;
}

describe('indexes', () => {
  test('are made for each dimension and metric, waited for, and used again', async () => {
    double.slowToMake = 2;
    await opened();
    await store.openCollection({ ...REF, collection: 'other' }, { dimension: 2, metric: 'cosine' });
    await store.openCollection({ ...REF, collection: 'far' }, { dimension: 3, metric: 'l2' });
    expect([...double.indexes.keys()]).toEqual(['resk-2-cosine', 'resk-3-euclidean']);
    const other = await aPinecone({ url: double.url, index: 'mine', region: 'eu-west-1' });
    expect(await other.describeCollection(REF)).toBeUndefined();
    await other.openCollection(REF, { dimension: 2, metric: 'cosine' });
    expect([...double.indexes.keys()]).toContain('mine-2-cosine');
    await other.close();
  });

  test('that another process makes at the same time are used too', async () => {
    double.next({ status: 200, body: { indexes: [] } }, { status: 404, body: { status: 404, error: {} } });
    double.makeIndex('resk-2-cosine', 2, 'cosine');
    expect(await opened()).toMatchObject({ dimension: 2, metric: 'cosine' });
  });

  test('that were seen are searched while the control plane is away', async () => {
    await opened();
    const elsewhere = await aPinecone({ url: double.url });
    const other = { ...REF, collection: 'elsewhere' };
    await elsewhere.openCollection(other, { dimension: 2, metric: 'cosine' });
    await elsewhere.upsert(other, [{ id: 'a', vector }]);
    const before = double.requests.length;
    expect(await store.query(other, { vector, k: 1 })).toHaveLength(1);
    expect(double.requests.slice(before).every(({ target }) => target.startsWith('/hosts/'))).toBe(true);
    await elsewhere.close();
  });

  test('of others, and of other kinds, are left alone', async () => {
    double.makeIndex('theirs', 2, 'cosine');
    await opened();
    expect(double.indexes.get('theirs')?.namespaces.size).toBe(0);
  });

  test('made anew at another host are found there', async () => {
    await opened();
    const index = { ...(await described('resk-2-cosine')), host: double.hostOf('moved') };
    double.makeIndex('moved', 2, 'cosine');
    double.next({ status: 200, body: { indexes: [index] } });
    expect(await store.describeCollection(REF)).toBeUndefined();
  });

  async function described(name: string): Promise<object> {
    const headers = { 'api-key': 'pinecone-key', 'x-pinecone-api-version': '2025-10' };
    return (await (await fetch(`${double.url}/indexes/${name}`, { headers })).json()) as object;
  }
});

describe('the index of a host', () => {
  test('is the only one, of its own metric and dimension, and no control plane is called', async () => {
    const before = double.requests.length;
    const fixed = await aPinecone({ indexHost: double.makeIndex('given', 2, 'dotproduct'), url: 'http://127.0.0.1:9' });
    expect(fixed.capabilities.metrics).toEqual(['dot']);
    await fixed.openCollection(REF, { dimension: 2, metric: 'dot' });
    const refused = fixed.openCollection({ ...REF, collection: 'x' }, { dimension: 3, metric: 'dot' });
    await expect(refused).rejects.toMatchObject({ code: 'vector.input_refused' });
    await fixed.health();
    expect(double.requests.slice(before).every(({ target }) => target.startsWith('/hosts/given/'))).toBe(true);
    await fixed.close();
  });

  test('that tells no dimension, and a key that is refused, stop the boot', async () => {
    const host = double.makeIndex('given', 2, 'cosine');
    double.next({ status: 200, body: { namespaces: {} } });
    await expect(aPinecone({ indexHost: host })).rejects.toMatchObject({ code: 'vector.store_refused' });
    const wrong = { apiKey: new Secret('wrong') };
    for (const where of [{ indexHost: host }, { url: double.url }]) {
      await expect(aPinecone({ ...wrong, ...where })).rejects.toMatchObject({ code: 'vector.store_unauthorised' });
    }
  });

  test('may be told without a scheme, as the console shows it: then it is called by https', async () => {
    await expect(aPinecone({ indexHost: '127.0.0.1:9' })).rejects.toMatchObject({ code: 'vector.store_unavailable' });
  });
});

test('the settings of the seed choose key and host', async () => {
  const env = {
    VECTORDB_TYPE: 'pinecone',
    PINECONE_API_KEY: 'pinecone-key',
    PINECONE_INDEX_HOST: double.makeIndex('given', 2, 'cosine'),
  };
  const { vectorStore } = readConfig([vectorStoreSection], environmentSources({ env, envFile: false }));
  const configured = await openVectorStore(vectorStore, { dataDir: '/nowhere', plugins: [], sealer: plainSealer });
  expect(configured?.provider).toBe('pinecone');
  await configured?.health();
  await configured?.close();
});

describe('freshness', () => {
  test('reads wait until they see what this process wrote', async () => {
    await opened();
    await store.upsert(REF, [{ id: 'a', vector }]);
    index().staleReads = 2;
    expect(await store.query(REF, { vector, k: 1 })).toHaveLength(1);
    await store.upsert(REF, [{ id: 'b', vector }]);
    index().staleReads = 1;
    expect(await store.get(REF, ['b'])).toHaveLength(1);
    await store.upsert(REF, [{ id: 'c', vector }]);
    index().staleReads = 1;
    expect((await store.list(REF, { limit: 10 })).points).toHaveLength(3);
    expect(await store.delete(REF, { ids: ['c'] })).toBe(1);
    index().staleReads = 1;
    expect(await store.count(REF)).toBe(2);
  });

  test('no longer than they are told to, and not for a database that does not tell', async () => {
    let now = 1_700_000_000_000;
    const patience = { apiKey: new Secret('pinecone-key'), url: double.url, index: 'resk', freshnessMs: 1000 };
    const where = { cloud: 'aws' as const, region: 'us-east-1' };
    const hurried = await openPinecone({ ...patience, ...where }, { now: () => (now += 600) });
    await hurried.openCollection(REF, { dimension: 2, metric: 'cosine' });
    await hurried.upsert(REF, [{ id: 'a', vector }]);
    index().staleReads = 9;
    expect(await hurried.query(REF, { vector, k: 1 })).toEqual([]);
    expect(index().staleReads).toBeGreaterThan(6);
    index().staleReads = 0;
    double.next({ altered: (reply) => ({ ...reply, headers: {} }) });
    expect(await hurried.query(REF, { vector, k: 1 })).toHaveLength(1);
    await hurried.close();
  });
});

describe('documents', () => {
  test('with ids that Pinecone does not take are kept under a digest, and keep their ids', async () => {
    await opened();
    const ids = ['plain', 'Grüße', '世界'.repeat(200), '#hash', 'with space', 'a'.repeat(512)];
    await store.upsert(REF, [...ids.map((id) => ({ id, vector })), { id: 'plain', vector }]);
    expect((await store.query(REF, { vector, k: 10 })).map(({ id }) => id).sort()).toEqual(ids.toSorted());
    expect((await store.get(REF, ids.toReversed())).map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await store.delete(REF, { ids: ['世界'.repeat(200), '#hash'] })).toBe(2);
    expect((await store.list(REF, { limit: 10 })).points).toHaveLength(4);
  });

  test('are cut to requests of the size that Pinecone takes', async () => {
    await opened();
    const text = 'x'.repeat(30_000);
    const points = Array.from({ length: 150 }, (_, i): VectorPoint => ({ id: `${i}`, vector, text }));
    const before = double.requests.length;
    expect(await store.upsert(REF, points)).toBe(150);
    const upserts = double.requests.slice(before).filter(({ target }) => target.endsWith('/vectors/upsert'));
    expect(upserts).toHaveLength(3);
    expect(await store.count(REF)).toBe(150);
  });

  test('that are larger than Pinecone keeps are refused before anything is written', async () => {
    await opened();
    const points = [
      { id: 'a', vector },
      { id: 'b', vector, text: 'x'.repeat(41_000) },
    ];
    await refused('vector.input_refused', store.upsert(REF, points));
    expect(await store.count(REF)).toBe(0);
  });

  test('come along with many matches without making a reply too large', async () => {
    await opened();
    const text = 'x'.repeat(30_000);
    const points = Array.from({ length: 150 }, (_, i): VectorPoint => ({ id: `${i}`, vector, text }));
    await store.upsert(REF, points);
    const matches = await store.query(REF, { vector, k: 150, withVectors: true });
    expect(matches).toHaveLength(150);
    expect(matches.every((match) => match.text === text && match.vector?.length === 2)).toBe(true);
  });

  test('that have ended are swept by a write, later', async () => {
    let now = Date.now();
    const options = { apiKey: new Secret('pinecone-key'), url: double.url, index: 'resk', freshnessMs: 0 };
    const swept = await openPinecone({ ...options, cloud: 'aws', region: 'r' }, { now: () => now });
    await swept.openCollection(REF, { dimension: 2, metric: 'cosine' });
    await swept.upsert(REF, [{ id: 'ends', vector, expiresAt: now + 1000 }]);
    const records = () => [...index().namespaces.values()][0]!.records.size;
    now += 2000;
    expect(records()).toBe(1);
    expect(await swept.count(REF)).toBe(0);
    await swept.upsert(REF, [{ id: 'ends', vector, expiresAt: now + 1000 }]);
    now += 3_600_000;
    await swept.upsert(REF, [{ id: 'stays', vector }]);
    expect(records()).toBe(1);
    await swept.close();
  });

  test('of a subject are deleted and listed over many pages', async () => {
    await opened();
    await store.upsert(
      REF,
      Array.from({ length: 230 }, (_, i) => ({ id: `${i}`, vector, subject: i % 2 === 0 ? 'even' : 'odd' })),
    );
    const first = await store.list(REF, { subject: 'even', limit: 1000 });
    expect(first.points).toHaveLength(100);
    const rest = await store.list(REF, { subject: 'even', limit: 1000, cursor: first.cursor! });
    expect([rest.points.length, rest.cursor]).toEqual([15, undefined]);
    expect(await store.delete(REF, { subject: 'even' })).toBe(115);
    expect(await store.delete(REF, { filter: { op: 'and', filters: [] } })).toBe(115);
    expect(await store.delete(REF, { filter: { op: 'or', filters: [] } })).toBe(0);
    expect(await store.delete(REF, {})).toBe(0);
  });

  test('written by others into our namespace are passed over', async () => {
    await opened();
    const namespace = [...index().namespaces.values()][0]!;
    const metadata = { resk_for: ['all'], resk_expires_at: 8e15 };
    namespace.change((records) => records.set('foreign', { id: 'foreign', values: vector, metadata }));
    expect(await store.query(REF, { vector, k: 5 })).toEqual([]);
    expect(await store.get(REF, ['foreign'])).toEqual([]);
    expect((await store.list(REF, { limit: 5 })).points).toEqual([]);
  });
});

describe('filters', () => {
  test('compare values by their types, and orders only of numbers', async () => {
    await opened();
    const documents: Array<[string, object]> = [
      ['number', { mixed: 5 }],
      ['text', { mixed: '5' }],
      ['flag', { mixed: true, $odd: 1, resk_text: 'mine' }],
      ['list', { mixed: [5, '6', false] }],
      ['none', {}],
    ];
    await store.upsert(
      REF,
      documents.map(([id, metadata]) => ({ id, vector, metadata: metadata as Record<string, number> })),
    );
    const found = async (filter: Parameters<VectorStore['query']>[1]['filter']) =>
      (await store.query(REF, { vector, k: 9, filter: filter! })).map(({ id }) => id).sort();
    expect(await found({ op: 'eq', field: 'mixed', value: 5 })).toEqual(['list', 'number']);
    expect(await found({ op: 'in', field: 'mixed', values: ['5', false] })).toEqual(['list', 'text']);
    expect(await found({ op: 'nin', field: 'mixed', values: [5, true] })).toEqual(['none', 'text']);
    expect(await found({ op: 'gt', field: 'mixed', value: 4 })).toEqual(['number']);
    const not = (op: 'gt' | 'gte' | 'lt' | 'lte', value: number) =>
      found({ op: 'not', filter: { op, field: 'mixed', value } });
    expect(await not('gt', 4)).toEqual(['flag', 'list', 'none', 'text']);
    expect(await not('lt', 4)).toHaveLength(5);
    expect(await not('gte', 6)).toHaveLength(5);
    expect(await not('lte', 5)).toHaveLength(4);
    expect(await found({ op: 'eq', field: '$odd', value: 1 })).toEqual(['flag']);
    expect(await found({ op: 'gte', field: '$odd', value: 1 })).toEqual(['flag']);
    expect(await found({ op: 'eq', field: 'resk_text', value: 'mine' })).toEqual(['flag']);
    expect(await found({ op: 'or', filters: [] })).toEqual([]);
    await refused('vector.filter_unsupported', found({ op: 'gt', field: 'mixed', value: 'a' }));
  });
});

describe('collections', () => {
  test('of names in any letters stay apart, and are listed over many pages', async () => {
    const names = ['a.b', 'a_b', 'a-b', 'A', 'a~1234abcd', ...Array.from({ length: 110 }, (_, i) => `n${i}`)];
    for (const collection of names)
      await store.openCollection({ ...REF, collection }, { dimension: 2, metric: 'cosine' });
    await store.openCollection({ tenant: 'north.a', collection: 'b' }, { dimension: 2, metric: 'cosine' });
    expect((await store.listCollections('north')).map(({ name }) => name).sort()).toEqual(names.sort());
    expect((await store.listCollections('north.a')).map(({ name }) => name)).toEqual(['b']);
    index().answer({
      route: 'POST /namespaces',
      name: '',
      body: { name: 'resk.north.odd_' } as never,
      parameters: new URLSearchParams(),
      bytes: 0,
    });
    expect(await store.listCollections('north')).toHaveLength(names.length);
  });

  test('that two processes make or drop at once are made, and dropped, once', async () => {
    await opened();
    const absent = { status: 404, body: { code: 5, message: 'absent' } };
    double.next({ altered: (reply) => reply }, absent);
    expect(await opened()).toMatchObject({ name: 'documents' });
    double.next({ altered: (reply) => reply }, { altered: (reply) => reply }, absent);
    expect(await store.dropCollection(REF)).toBe(false);
    expect(await store.dropCollection(REF)).toBe(true);
  });
});
