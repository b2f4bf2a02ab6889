// An answer may hold several variants: which one a caller gets is chosen by the strategy that was written with it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

const VARIANTS = [{ id: 'warm', text: 'You’re welcome' }, { text: 'My pleasure' }, { id: 'short', text: 'Sure' }];
const IDS = ['warm', undefined, 'short'];
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ VECTORDB_TYPE: 'none', RATE_LIMIT_MAX: '100000' });
});
afterAll(() => server.stop());

const write = (query: string, body: object) => server.send('POST', '/api/cache', { body: { query, ...body } });

async function choice(query: string, more: object = {}, at = server, token = server.token()): Promise<number> {
  const { json } = await at.send('POST', '/api/cache/query', { token, body: { query, ...more } });
  const { index, ...rest } = json.variant;
  expect(json).toMatchObject({ hit: true, result: VARIANTS[index] });
  // The id is there exactly where the variant has one.
  expect(rest).toEqual(IDS[index] === undefined ? {} : { id: IDS[index] });
  return index as number;
}

async function choices(count: number, query: string, more: object = {}): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => choice(query, more)));
}

/** The strategy fields beside the response, and inside it: both mean the same. */
const PLACES: [string, (fields: object) => object][] = [
  ['beside the response', (fields) => ({ response: { variants: VARIANTS }, ...fields })],
  ['inside the response', (fields) => ({ response: { variants: VARIANTS, ...fields } })],
];

describe.each(PLACES)('a strategy %s', (place, body) => {
  it('random serves every variant in time; it is what is meant where none is named', async () => {
    for (const [name, fields] of Object.entries({ random: { variantStrategy: 'random' }, unnamed: {} })) {
      await write(`${name} ${place}`, body(fields));
      // That one of three is missing after 60 has a chance of 1 in 10 thousand millions.
      expect(new Set(await choices(60, `${name} ${place}`))).toEqual(new Set([0, 1, 2]));
    }
  });

  it('weighted never serves a weight of 0', async () => {
    const query = `weighted ${place}`;
    await write(query, body({ variantStrategy: 'weighted', weights: [0, 3, 0] }));
    expect(new Set(await choices(20, query))).toEqual(new Set([1]));
    await write(query, body({ variantStrategy: 'weighted', weights: [1, 0, 1] }));
    expect(new Set(await choices(60, query))).toEqual(new Set([0, 2]));
  });

  it('deterministic serves a seed the same variant each time, and many seeds all of them', async () => {
    const query = `deterministic ${place}`;
    await write(query, body({ variantStrategy: 'deterministic' }));
    const seeds = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const first = await Promise.all(seeds.map((seed) => choice(query, { seed })));
    expect(new Set(first)).toEqual(new Set([0, 1, 2]));
    expect(await Promise.all(seeds.map((seed) => choice(query, { seed })))).toEqual(first);
  });

  it('round-robin takes turns from index 0, whoever asks', async () => {
    const query = `in turns ${place}`;
    await write(query, body({ variantStrategy: 'round-robin' }));
    const found: number[] = [];
    for (let turn = 0; turn < 7; turn++) {
      found.push(await choice(query, {}, server, server.token({ subject: `person-${turn}` })));
    }
    expect(found).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });
});

describe('the seed of a deterministic choice', () => {
  it('is the caller’s, else the one written with the answer, else who is calling', async () => {
    const response = { variants: VARIANTS };
    await write('seeded', { response, variantStrategy: 'deterministic' });
    const bySeed = new Map<number, string>();
    for (let n = 0; bySeed.size < 3; n++) bySeed.set(await choice('seeded', { seed: `s${n}` }), `s${n}`);
    for (const [index, seed] of bySeed) {
      expect(await choice('seeded', {}, server, server.token({ subject: seed }))).toBe(index);
      await write('written seed', { response, variantStrategy: 'deterministic', seed });
      expect(await choice('written seed')).toBe(index);
      for (const [other, own] of bySeed) expect(await choice('written seed', { seed: own })).toBe(other);
    }
  });
});

describe('turns', () => {
  it('are shared by all who ask at the same time', async () => {
    await write('busy', { response: { variants: VARIANTS }, variantStrategy: 'round-robin' });
    const found = await choices(30, 'busy');
    expect([0, 1, 2].map((index) => found.filter((one) => one === index).length)).toEqual([10, 10, 10]);
  });

  it('are shared by instances on one store', async () => {
    const other = await startTestServer({ DATA_DIR: server.dataDir, VECTORDB_TYPE: 'none' });
    try {
      await write('two doors', { response: { variants: VARIANTS }, variantStrategy: 'round-robin' });
      const found: number[] = [];
      for (const at of [server, other, server, other]) found.push(await choice('two doors', {}, at));
      expect(found).toEqual([0, 1, 2, 0]);
    } finally {
      await other.stop();
    }
  });

  it('are counted for each tenant by itself', async () => {
    const body = { query: 'apart', response: { variants: VARIANTS }, variantStrategy: 'round-robin' };
    for (const tenant of ['north', 'south']) {
      const token = server.token({ tenant });
      await server.send('POST', '/api/cache', { token, body });
      expect(await choice('apart', {}, server, token)).toBe(0);
    }
  });
});

describe('an answer without variants', () => {
  it('is served whole, and names none', async () => {
    await write('plain', { response: { text: 'variants', variant: 1 } });
    const { json } = await server.send('POST', '/api/cache/query', { body: { query: 'plain' } });
    expect(json.result).toEqual({ text: 'variants', variant: 1 });
    expect(json).not.toHaveProperty('variant');
  });
});
