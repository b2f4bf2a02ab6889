// What is particular to Chroma, on the real server: fields that it would keep, types it tells apart, ids that are gone.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject, VectorPoint, VectorQuery, VectorStore } from '#ports';
import { bounded } from '#vector-stores';
import { type ChromaServer, startChroma } from '../../../../test/support/chroma.js';
import { openChroma } from '../../src/providers/chroma/chroma.provider.js';
import { refused } from '../support/refused.js';
import { aChroma } from './support.js';

const vector = new Float32Array([1, 0.5]);
const K = 300;

let server: ChromaServer;
let store: VectorStore;
let ref = { tenant: 'tenant-0', collection: 'documents' };
let tenants = 0;
beforeAll(async () => {
  server = await startChroma();
  store = await aChroma(server.url);
});
beforeEach(async () => {
  ref = { ...ref, tenant: `tenant-${++tenants}` };
  await store.openCollection(ref, { dimension: 2, metric: 'cosine' });
});
afterAll(async () => {
  await store.close();
  await server.stop();
});

async function found(query: Partial<VectorQuery> = {}): Promise<string[]> {
  return (await store.query(ref, { vector, k: K, ...query })).map(({ id }) => id).sort();
}

describe('a point that is written again', () => {
  test('keeps nothing of what it was: not its fields, not its text, not whom it is about', async () => {
    const before: VectorPoint = {
      id: 'a',
      vector,
      text: 'before',
      metadata: { lang: 'en', tags: ['x'], year: 2020 },
      subject: 'person-1',
    };
    await store.upsert(ref, [before]);
    await store.upsert(ref, [{ id: 'a', vector, metadata: { lang: 'de' }, lineage: { ingestedAt: 1 } }]);
    expect(await found({ filter: { op: 'eq', field: 'tags', value: 'x' } })).toEqual([]);
    expect(await found({ filter: { op: 'gt', field: 'year', value: 2000 } })).toEqual([]);
    expect((await store.list(ref, { subject: 'person-1', limit: 5 })).points).toEqual([]);
    expect(await store.get(ref, ['a'])).toEqual([
      { id: 'a', vector, metadata: { lang: 'de' }, lineage: { ingestedAt: 1 } },
    ]);
  });

  test('twice in one batch is what it was the last time', async () => {
    const twice: VectorPoint[] = [
      { id: 'a', vector, metadata: { first: true } },
      { id: 'a', vector, metadata: { second: true } },
    ];
    expect(await store.upsert(ref, twice)).toBe(2);
    expect((await store.get(ref, ['a', 'a'])).map(({ metadata }) => metadata)).toEqual([
      { second: true },
      { second: true },
    ]);
    expect(await found({ filter: { op: 'eq', field: 'first', value: true } })).toEqual([]);
  });

  test('has an empty text where it was given one, and none where not', async () => {
    await store.upsert(ref, [
      { id: 'empty', vector, text: '' },
      { id: 'none', vector },
    ]);
    const points = await store.get(ref, ['empty', 'none']);
    expect(points.map(({ text }) => text)).toEqual(['', undefined]);
  });
});

describe('filters', () => {
  beforeEach(async () => {
    const documents: Record<string, JsonObject> = {
      whole: { mixed: 5 },
      broken: { mixed: 5.5 },
      text: { mixed: '5' },
      flag: { mixed: true, $odd: 1, '#odd': 2, 'chroma:odd': 3, '': 4, resk_text: 'mine', a: null },
      list: { mixed: [5, '6', false] },
      none: {},
    };
    const points = Object.entries(documents).map(([id, metadata]) => ({ id, vector, metadata }));
    await store.upsert(ref, points);
  });

  test('compare values by their types', async () => {
    expect(await found({ filter: { op: 'eq', field: 'mixed', value: 5 } })).toEqual(['list', 'whole']);
    const values = [5.5, 5, '5', true];
    expect(await found({ filter: { op: 'in', field: 'mixed', values } })).toEqual([
      'broken',
      'flag',
      'list',
      'text',
      'whole',
    ]);
    expect(await found({ filter: { op: 'nin', field: 'mixed', values } })).toEqual(['none']);
    expect(await found({ filter: { op: 'ne', field: 'mixed', value: '6' } })).not.toContain('list');
  });

  test('order whole and broken numbers together, and their opposite is everything else', async () => {
    expect(await found({ filter: { op: 'gt', field: 'mixed', value: 5 } })).toEqual(['broken']);
    expect(await found({ filter: { op: 'gte', field: 'mixed', value: 4.5 } })).toEqual(['broken', 'whole']);
    const rest = ['flag', 'list', 'none', 'text'];
    const not = (op: 'gt' | 'gte' | 'lt' | 'lte', value: number) =>
      found({ filter: { op: 'not', filter: { op, field: 'mixed', value } } });
    expect(await not('gt', 5)).toEqual([...rest, 'whole'].sort());
    expect(await not('lt', 5.5)).toEqual([...rest, 'broken'].sort());
    expect(await not('gte', 5)).toEqual(rest);
    expect(await not('lte', 6)).toEqual(rest);
  });

  test('know fields whose names Chroma keeps for itself', async () => {
    const fields: Record<string, string | number> = { $odd: 1, '#odd': 2, 'chroma:odd': 3, '': 4, resk_text: 'mine' };
    for (const [field, value] of Object.entries(fields)) {
      expect(await found({ filter: { op: 'eq', field, value } }), field).toEqual(['flag']);
    }
  });

  test('of texts in order are refused; those that exclude or include everything need no server', async () => {
    const after = { op: 'gt', field: 'mixed', value: 'a' } as const;
    await refused('vector.filter_unsupported', found({ filter: after }));
    await refused('vector.filter_unsupported', store.delete(ref, { filter: after }));
    expect(await found({ filter: { op: 'or', filters: [] } })).toEqual([]);
    expect(await found({ filter: { op: 'and', filters: [] } })).toHaveLength(6);
    expect(await store.delete(ref, { filter: { op: 'or', filters: [] } })).toBe(0);
    expect(await store.delete(ref, {})).toBe(0);
    expect(await store.delete(ref, { filter: { op: 'and', filters: [] } })).toBe(6);
  });
});

describe('many points', () => {
  test('are written, listed by page, about a person too, and deleted', async () => {
    const points = Array.from({ length: 700 }, (_, i): VectorPoint => {
      return { id: `${i}`, vector: new Float32Array([1, i]), subject: i % 2 === 0 ? 'even' : 'odd' };
    });
    const many = bounded(store, {
      timeoutMs: 20_000,
      retries: 0,
      backoffMs: 0,
      maxBackoffMs: 0,
      concurrency: 4,
      queue: 4,
    });
    expect(await many.upsert(ref, points)).toBe(700);
    for (const [subject, limit, expected] of [
      ['even', 1000, 350],
      ['odd', 40, 350],
      [undefined, 1000, 700],
    ] as const) {
      const seen: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page = await store.list(ref, { limit, ...(subject && { subject }), ...(cursor && { cursor }) });
        expect(page.points.length).toBeLessThanOrEqual(Math.min(limit, 250));
        seen.push(...page.points.map(({ id }) => id));
        cursor = page.cursor;
      }
      expect([seen.length, new Set(seen).size]).toEqual([expected, expected]);
    }
    expect(
      (
        await store.get(
          ref,
          points.map(({ id }) => id),
        )
      ).map(({ id }) => id),
    ).toEqual(points.map(({ id }) => id));
    expect(await store.delete(ref, { ids: points.slice(0, 300).map(({ id }) => id) })).toBe(300);
    expect(await store.delete(ref, { subject: 'odd' })).toBe(200);
    expect(await store.count(ref)).toBe(200);
  });

  test('of large vectors go in more than one request', async () => {
    const large = { ...ref, collection: 'large' };
    await store.openCollection(large, { dimension: 8192, metric: 'dot' });
    const points = Array.from({ length: 130 }, (_, i) => ({ id: `${i}`, vector: new Float32Array(8192).fill(i + 1) }));
    expect(await store.upsert(large, points)).toBe(130);
    expect((await store.query(large, { vector: points[0]!.vector, k: 1 }))[0]?.id).toBe('129');
    expect(await store.count(large)).toBe(130);
  });
});

test('cursors of no page of ours are refused', async () => {
  for (const cursor of ['x', '1', '1.0', '2147483648.1', '0.2147483649', '-1.1', '0.1 OR 1']) {
    await refused('request.invalid', store.list(ref, { limit: 1, cursor }));
  }
});

test('what has ended is swept by counting, deleting, and now and then by writing', async () => {
  let now = Date.now();
  const options = { url: server.url, keyHeader: 'x-chroma-token' as const, tenant: undefined, apiKey: undefined };
  const swept = await openChroma({ ...options, database: undefined }, { now: () => now });
  const raw = async () => {
    const place = `${server.url}/api/v2/tenants/default_tenant/databases/resk_${ref.tenant}/collections`;
    const { id } = (await (await fetch(`${place}/resk.${ref.tenant}.documents.v1`)).json()) as { id: string };
    return (await (await fetch(`${place}/${id}/count`)).json()) as number;
  };
  const ending = () => [{ id: 'ends', vector, expiresAt: now + 1000 }];
  await swept.upsert(ref, ending());
  now += 2000;
  expect(await raw()).toBe(1);
  expect(await swept.count(ref)).toBe(0);
  expect(await raw()).toBe(0);
  await swept.upsert(ref, ending());
  now += 2000;
  expect(await swept.delete(ref, { ids: ['ends'] })).toBe(0);
  expect(await raw()).toBe(0);
  await swept.upsert(ref, ending());
  now += 120_000;
  await swept.upsert(ref, [{ id: 'stays', vector }]);
  expect(await raw()).toBe(1);
  await swept.close();
});

describe('collections', () => {
  test('of names in any letters stay apart, and are listed over many pages', async () => {
    const odd = ['a', 'a.b', 'a_b', 'a-', 'A', 'a~1234abcd', 'x'.repeat(63)];
    const names = [...odd, ...Array.from({ length: 110 }, (_, i) => `n${i}`)];
    for (const collection of names) await store.openCollection({ ...ref, collection }, { dimension: 2, metric: 'l2' });
    const listed = (await store.listCollections(ref.tenant)).map(({ name }) => name);
    expect(listed.sort()).toEqual([...names, 'documents'].sort());
    const other = { tenant: `${ref.tenant}.a`, collection: 'b' };
    await store.openCollection(other, { dimension: 2, metric: 'l2' });
    expect(await store.listCollections(other.tenant)).toMatchObject([{ name: 'b', metric: 'l2', count: 0 }]);
  });

  test('that another process dropped are absent, and made anew are found again', async () => {
    const other = await aChroma(server.url);
    await store.upsert(ref, [{ id: 'a', vector }]);
    expect(await other.dropCollection(ref)).toBe(true);
    await refused('vector.collection_absent', store.count(ref));
    await other.openCollection(ref, { dimension: 2, metric: 'dot' });
    expect(await found()).toEqual([]);
    await other.dropCollection(ref);
    await other.openCollection(ref, { dimension: 3, metric: 'dot' });
    await refused('vector.dimension_mismatch', found());
    await other.close();
  });
});

test('a server that ends and comes back has kept what was acknowledged', async () => {
  const own = await startChroma();
  const kept = await aChroma(own.url);
  await kept.openCollection(ref, { dimension: 2, metric: 'cosine' });
  await kept.upsert(ref, [{ id: 'a', vector, text: 'kept' }]);
  await own.kill();
  await refused('vector.store_unavailable', kept.query(ref, { vector, k: 1 }));
  await refused('vector.store_unavailable', aChroma(own.url));
  await own.restart();
  expect((await kept.query(ref, { vector, k: 1 }))[0]?.text).toBe('kept');
  await kept.close();
  await own.stop();
});
