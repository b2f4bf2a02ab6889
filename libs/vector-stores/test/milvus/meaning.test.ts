// What the Milvus adapter makes of names, collections, documents and their limits.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CollectionRef, type Filter, isFailure, matchesFilter, type VectorPoint } from '#ports';
import type { VendorReply } from '../../../../test/doubles/loopback-vendor.js';
import { MilvusDouble } from '../../../../test/doubles/milvus.js';
import { milvus } from './milvus-stores.js';

const SPEC = { dimension: 4, metric: 'cosine' } as const;
const AXIS = new Float32Array([1, 0, 0, 0]);
let double: MilvusDouble;
let ref: CollectionRef;
let tenants = 0;

beforeAll(async () => {
  double = await MilvusDouble.start({ maxDatabases: 1000 });
});
beforeEach(() => {
  double.always();
  double.complaints.length = 0;
  ref = { tenant: `tenant-${tenants++}`, collection: 'documents' };
});
afterAll(() => double.stop());

const store = (options = {}, now?: () => number) => milvus({ url: double.url, ...options }, now);

async function filled(points: VectorPoint[], options = {}) {
  const opened = store(options);
  await opened.openCollection(ref, SPEC);
  await opened.upsert(ref, points);
  return opened;
}

function code(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'answered',
    (error: unknown) => (isFailure(error) ? error.code : String(error)),
  );
}

const last = (path: string) =>
  JSON.parse(double.requests.findLast(({ target }) => target.endsWith(path))!.body) as Record<string, unknown>;

describe('names', () => {
  test('of any letters are written in those of Milvus, and read back', async () => {
    const odd = { tenant: 'Nörd~süd_z.1', collection: 'docs~1a2b3c4d' };
    for (const isolation of ['database', 'collection'] as const) {
      const opened = store({ isolation });
      await opened.openCollection(odd, SPEC);
      expect((await opened.listCollections(odd.tenant)).map(({ name }) => name)).toEqual([odd.collection]);
      expect(await opened.listCollections('Nörd')).toEqual([]);
      await opened.dropCollection(odd);
    }
    expect(double.complaints).toEqual([]);
  });

  test('that are too long once escaped are refused before anything is asked', async () => {
    const before = double.requests.length;
    expect(await code(store().openCollection({ ...ref, collection: '~'.repeat(100) }, SPEC))).toBe(
      'vector.input_refused',
    );
    expect(double.requests.length).toBe(before);
  });

  test('of others in the same database are not taken for collections of a tenant', async () => {
    const opened = await filled([], { isolation: 'collection' });
    double.databases.get('default')!.set('resk_z_zx_z~', [...double.databases.get('default')!.values()][0]!);
    double.databases.get('default')!.set('theirs', [...double.databases.get('default')!.values()][0]!);
    expect((await opened.listCollections(ref.tenant)).map(({ name }) => name)).toEqual(['documents']);
    double.databases.get('default')!.clear();
  });

  test('a database goes with the last collection of its tenant, and not before', async () => {
    const opened = await filled([]);
    const more = { ...ref, collection: 'more' };
    await opened.openCollection(more, SPEC);
    const there = double.databases.size;
    await opened.dropCollection(ref);
    expect(double.databases.size).toBe(there);
    await opened.dropCollection(more);
    expect(double.databases.size).toBe(there - 1);
  });

  test('a server without room for another database says so', async () => {
    const full = await MilvusDouble.start({ maxDatabases: 1 });
    expect(await code(milvus({ url: full.url }).openCollection(ref, SPEC))).toBe('vector.quota_exhausted');
    await full.stop();
  });
});

describe('collections', () => {
  test('are found by all who make them at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => store().openCollection(ref, SPEC)));
    expect(all.map(({ dimension }) => dimension)).toEqual([4, 4, 4, 4]);
  });

  test('whose making was cut short are finished by the next who opens them', async () => {
    const opened = await filled([]);
    const [made] = [...double.databases.values()].at(-1)!.values();
    made!.indexes.clear();
    made!.loaded = false;
    const other = store();
    expect(await code(other.count(ref))).toBe('vector.collection_absent');
    expect(await opened.openCollection(ref, SPEC)).toMatchObject({ metric: 'cosine' });
    expect(await other.count(ref)).toBe(0);
    made!.indexes.delete('resk_words');
    made!.loaded = false;
    await other.openCollection(ref, SPEC);
    expect(made!.indexes.has('resk_words')).toBe(true);
    expect(await other.query(ref, { vector: AXIS, k: 1, hybrid: { text: 'x' } })).toEqual([]);
    double.release();
    const asIs = { altered: (reply: VendorReply) => reply };
    double.next(asIs, asIs, { status: 200, body: { code: 5, message: '' } });
    expect(await code(other.openCollection(ref, SPEC))).toBe('vector.store_unavailable');
  });

  test('that Milvus has released are loaded again by the first call that needs them', async () => {
    const opened = await filled([{ id: 'a', vector: AXIS }]);
    double.release();
    expect(await opened.query(ref, { vector: AXIS, k: 1 })).toHaveLength(1);
  });

  test('that another process has dropped and made anew are looked at again', async () => {
    const opened = await filled([{ id: 'a', vector: AXIS }]);
    const other = store();
    await other.dropCollection(ref);
    expect(await code(opened.count(ref))).toBe('vector.collection_absent');
    await other.openCollection(ref, { dimension: 2, metric: 'l2' });
    expect(await code(opened.query(ref, { vector: AXIS, k: 1 }))).toBe('vector.dimension_mismatch');
    await other.upsert(ref, [{ id: 'b', vector: new Float32Array([3, 4]) }]);
    const [match] = await opened.query(ref, { vector: new Float32Array([0, 0]), k: 1 });
    expect(match?.score).toBeCloseTo(1 / 6);
  });

  test('that others made are no collections of ours', async () => {
    const theirs = { schema: { fields: [{ fieldName: 'v', dataType: 'FloatVector', elementTypeParams: { dim: 4 } }] } };
    const opened = await filled([]);
    const name = [...double.databases.keys()].at(-1)!;
    double.createCollection({ dbName: name, collectionName: 'resk_ztheirs', ...theirs } as never);
    expect(await opened.describeCollection({ ...ref, collection: 'theirs' })).toBeUndefined();
  });

  test('have the index that their settings ask for, and searches theirs', async () => {
    const opened = store();
    const indexOf = () => (last('/collections/create').indexParams as { indexType: string; params: object }[])[0]!;
    await opened.openCollection(ref, { ...SPEC, index: { M: 8 } });
    expect(indexOf()).toMatchObject({ indexType: 'HNSW', params: { index_type: 'HNSW', M: 8, efConstruction: 360 } });
    await opened.openCollection({ ...ref, collection: 'lists' }, { ...SPEC, index: { nlist: 16 } });
    expect(indexOf()).toMatchObject({ indexType: 'IVF_FLAT', params: { nlist: 16 } });
    await opened.openCollection({ ...ref, collection: 'plain' }, SPEC);
    expect(indexOf()).toMatchObject({ indexType: 'AUTOINDEX' });
    const both = opened.openCollection({ ...ref, collection: 'both' }, { ...SPEC, index: { M: 8, nlist: 16 } });
    expect(await code(both)).toBe('vector.setting_unsupported');
    await opened.query(ref, { vector: AXIS, k: 9, search: { efSearch: 4 } });
    expect(last('/entities/search').searchParams).toEqual({ metricType: 'COSINE', params: { ef: 9 } });
    await opened.query(ref, { vector: AXIS, k: 1, search: { nprobe: 4 }, hybrid: { text: 'x' } });
    expect((last('/entities/hybrid_search').search as { params: object }[])[0]!.params).toEqual({ nprobe: 4 });
  });

  test('without words take no hybrid query, and texts of any language', async () => {
    const opened = await filled(
      [
        { id: 'a', vector: AXIS, text: '' },
        { id: 'b', vector: AXIS },
      ],
      { hybrid: false },
    );
    expect(opened.capabilities.hybrid).toBe(false);
    const asked = store().query(ref, { vector: AXIS, k: 1, hybrid: { text: 'x' } });
    expect(await code(asked)).toBe('vector.hybrid_unsupported');
    expect((await opened.get(ref, ['a', 'b'])).map(({ text }) => text)).toEqual(['', undefined]);
  });
});

describe('points', () => {
  test('of one id in a batch: the last one counts', async () => {
    const opened = await filled([
      { id: 'a', vector: AXIS, text: 'first' },
      { id: 'a', vector: AXIS, text: 'last' },
    ]);
    expect(await opened.get(ref, ['a', 'a'])).toMatchObject([{ text: 'last' }]);
    expect(await opened.count(ref)).toBe(1);
  });

  test('larger than a field of Milvus are refused, and nothing of their batch is written', async () => {
    const opened = await filled([]);
    const good = { id: 'good', vector: AXIS };
    const large: Partial<VectorPoint>[] = [
      { text: 'ü'.repeat(32_768) },
      { metadata: { long: 'x'.repeat(65_536) } },
      { metadata: { many: Array.from({ length: 4097 }, (_, i) => i) } },
      { purposes: Array.from({ length: 4097 }, (_, i) => `${i}`) },
    ];
    for (const one of large) {
      expect(await code(opened.upsert(ref, [good, { id: 'large', vector: AXIS, ...one }]))).toBe(
        'vector.input_refused',
      );
    }
    expect(await opened.count(ref)).toBe(0);
  });

  test('go in as many requests as their size needs', async () => {
    const opened = await filled([]);
    const text = 'x'.repeat(65_000);
    const many = Array.from({ length: 400 }, (_, i) => ({ id: `${i}`, vector: AXIS, text }));
    const before = double.requests.filter(({ target }) => target.endsWith('/upsert')).length;
    expect(await opened.upsert(ref, many)).toBe(400);
    expect(double.requests.filter(({ target }) => target.endsWith('/upsert')).length - before).toBe(3);
    expect(await opened.count(ref)).toBe(400);
  });

  test('with quotes, brackets and operators in every text are found by them and by nothing else', async () => {
    const odd = `"] or id != "' \\ \n\u2028 \u{1F600} ][`;
    const opened = await filled([
      { id: odd, vector: AXIS, subject: odd, purposes: [odd], metadata: { [odd]: odd, n: -1.5e21, text: 'b' } },
      { id: 'other', vector: AXIS, subject: 'other', purposes: ['other'], metadata: { n: 3 } },
    ]);
    const found = async (filter: Filter) =>
      (await opened.query(ref, { vector: AXIS, k: 5, purpose: odd, filter })).map(({ id }) => id);
    expect(await found({ op: 'eq', field: odd, value: odd })).toEqual([odd]);
    expect(await found({ op: 'gte', field: odd, value: odd })).toEqual([odd]);
    expect(await found({ op: 'lte', field: 'n', value: -1e21 })).toEqual([odd]);
    expect(await found({ op: 'gt', field: 'n', value: Number.POSITIVE_INFINITY })).toEqual([]);
    expect(await found({ op: 'eq', field: odd, value: `${odd}x`.repeat(100) })).toEqual([]);
    expect((await opened.get(ref, [odd])).map(({ id }) => id)).toEqual([odd]);
    expect(await opened.delete(ref, { subject: '' })).toBe(0);
    expect(await opened.delete(ref, { subject: odd })).toBe(1);
    expect(await opened.delete(ref, { ids: [odd, 'other'] })).toBe(1);
    expect(double.complaints).toEqual([]);
  });

  test('are chosen by every filter as the portable filter means it', async () => {
    const values = [1, 2.5, -3, 'a', 'b', 'é', true, false, ['a', 1], [], { deep: 1 }, null];
    const points = values.map((x, i) => ({ id: `p${i}`, vector: AXIS, metadata: { x: x as never } }));
    const opened = await filled([...points, { id: 'none', vector: AXIS }]);
    const leaves: Filter[] = [1, 2.5, 'a', 'b', true].map((value) => ({ op: 'eq', field: 'x', value }));
    for (const op of ['gt', 'gte', 'lt', 'lte'] as const) {
      for (const value of [0, 1, 2.5, 'a', 'b', '']) leaves.push({ op, field: 'x', value });
    }
    leaves.push({ op: 'in', field: 'x', values: [] }, { op: 'nin', field: 'x', values: ['a', 2.5] });
    const whole = leaves.flatMap((one, i): Filter[] => {
      const other = leaves[(i * 7 + 3) % leaves.length]!;
      return [one, { op: 'not', filter: one }, { op: 'and', filters: [one, { op: 'not', filter: other }] }];
    });
    for (const filter of [...whole, { op: 'and', filters: [] } as Filter, { op: 'or', filters: [] } as Filter]) {
      const found = (await opened.query(ref, { vector: AXIS, k: 20, filter })).map(({ id }) => id).sort();
      const meant = points.filter(({ metadata }) => matchesFilter(filter, metadata)).map(({ id }) => id);
      if (matchesFilter(filter, {})) meant.push('none');
      expect(found, JSON.stringify(filter)).toEqual(meant.sort());
    }
    expect(await opened.delete(ref, { filter: { op: 'and', filters: [] } })).toBe(13);
  });

  test('that have ended are removed now and then by writes, and never counted among the deleted', async () => {
    let now = Date.now();
    const opened = store({}, () => now);
    await opened.openCollection(ref, SPEC);
    const [rows] = [...double.databases.values()].at(-1)!.values();
    await opened.upsert(ref, [{ id: 'ends', vector: AXIS, subject: 's', expiresAt: now + 1000 }]);
    now += 2000;
    await opened.upsert(ref, [{ id: 'stays', vector: AXIS, subject: 's' }]);
    expect([await opened.count(ref), rows!.rows.size]).toEqual([1, 2]);
    now += 600_000;
    double.next({ altered: (reply) => reply }, { status: 500 });
    await opened.upsert(ref, [{ id: 'stays', vector: AXIS, subject: 's' }]);
    expect(rows!.rows.size).toBe(2);
    await opened.upsert(ref, [{ id: 'stays', vector: AXIS, subject: 's' }]);
    expect(rows!.rows.size).toBe(1);
    expect(await opened.delete(ref, { subject: 's' })).toBe(1);
    expect(await opened.delete(ref, { ids: [] })).toBe(0);
    expect(await opened.delete(ref, {})).toBe(0);
  });

  test('are read at the level that the operator chose, and Strong where he did not', async () => {
    const opened = await filled([{ id: 'a', vector: AXIS }], { consistency: 'Bounded' });
    expect(await opened.count(ref)).toBe(0);
    double.settle();
    expect(await opened.count(ref)).toBe(1);
  });

  test('are listed in pages of any number, each once, in no more requests than a few a page', async () => {
    const many = Array.from({ length: 500 }, (_, i) => ({ id: `n${i}`, vector: AXIS }));
    const opened = await filled(many);
    const before = double.requests.length;
    const seen: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await opened.list(ref, { limit: 20, ...(cursor !== undefined && { cursor }) });
      expect(page.points.length).toBeLessThanOrEqual(20);
      seen.push(...page.points.map(({ id }) => id));
      cursor = page.cursor;
      pages++;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(500);
    expect(seen).toHaveLength(500);
    expect(pages).toBeLessThan(80);
    expect(double.requests.length - before).toBeLessThan(3 * pages);
    for (const wrong of ['x', '0.1', `${'0'.repeat(32)}.0`, `${'f'.repeat(32)}.f`]) {
      expect(await code(opened.list(ref, { limit: 1, cursor: wrong }))).toBe('request.invalid');
    }
  });

  test('that come though they were not asked for end a listing, and do not go on for ever', async () => {
    const opened = await filled([
      { id: 'a', vector: AXIS },
      { id: 'b', vector: AXIS },
    ]);
    const rows = ['a', 'b'].map((id) => ({ id, vector: [1, 0, 0, 0] }));
    const careless = { status: 200, body: { code: 0, data: rows.map((row) => ({ ...row, 'count(*)': 2 })) } };
    double.always({ altered: () => careless });
    const call = opened.list(ref, { limit: 1 });
    expect(await code(call)).toBe('vector.reply_invalid');
  });

  test('that others wrote are given with what can be read of them', async () => {
    const opened = await filled([{ id: 'a', vector: AXIS, text: 'x' }]);
    const [rows] = [...double.databases.values()].at(-1)!.values();
    rows!.rows.get('a')!.resk_details = '{}';
    expect(await opened.query(ref, { vector: AXIS, k: 1 })).toEqual([{ id: 'a', score: 1, metadata: {} }]);
  });
});
