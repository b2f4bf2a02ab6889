// Long work leaves others their turn: counted in turns of the event loop, not in time.
import { expect, test } from 'vitest';
import { RightOfWay } from '../src/providers/embedded/right-of-way.js';
import type { Segments } from '../src/providers/embedded/segments.js';
import { aStore, aVector, filled, HERE, MEBIBYTE, seeded } from './support/stores.js';

const DIMENSION = 256;

/** How many turns others had while this ran. */
async function turnsDuring(run: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let ended = false;
  const turn = () => {
    turns++;
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  await run();
  ended = true;
  return turns;
}

const random = seeded(1);
const POINTS = Array.from({ length: 8000 }, (_, i) => ({
  id: `${i}`,
  vector: aVector(DIMENSION, random),
  text: `document ${i} of a large collection`,
  metadata: { i },
}));
const QUERY = { vector: POINTS[0]!.vector, k: 5 };

test('a large batch is written in many turns', async () => {
  const store = await aStore();
  await store.openCollection(HERE, { dimension: DIMENSION, metric: 'cosine' });
  expect(await turnsDuring(() => store.upsert(HERE, POINTS.slice(0, 2048)))).toBeGreaterThanOrEqual(31);
});

test.each([8 * MEBIBYTE, 0])(
  'a collection is read, indexed and searched in many turns (inline limit %i)',
  async (inlineBytes) => {
    const store = await aStore({ inlineBytes });
    await filled(store, POINTS);
    const { segments } = (store as unknown as { parts: { segments: Segments } }).parts;
    segments.dropAll();
    expect(await turnsDuring(() => store.query(HERE, QUERY))).toBeGreaterThan(3);
    const filter = { op: 'gte', field: 'i', value: 0 } as const;
    expect(await turnsDuring(() => store.query(HERE, { ...QUERY, filter }))).toBeGreaterThan(3);
    const hybrid = { text: 'a large document', alpha: 0.5 };
    expect(await turnsDuring(() => store.query(HERE, { ...QUERY, hybrid }))).toBeGreaterThan(3);
  },
);

test('a write waits for the queries under way, but not for ever', async () => {
  const way = new RightOfWay();
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const asking = way.first(() => promise.then(() => order.push('query')));
  const writing = way.given().then(() => order.push('write'));
  resolve();
  await Promise.all([asking, writing]);
  expect(order).toEqual(['query', 'write']);
  const endless = way.first(() => new Promise(() => undefined));
  await way.given();
  await expect(Promise.race([endless, 'still under way'])).resolves.toBe('still under way');
});

test('a query that fails no longer holds up writes', async () => {
  const way = new RightOfWay();
  await expect(way.first(() => Promise.reject(new Error('left')))).rejects.toThrow('left');
  expect(await turnsDuring(() => way.given())).toBe(0);
});
