// A text that a tenant has paid for once is not paid for again; and what is remembered tells nobody anything.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KeyNames, Keyring, LocalKeyService, masterKey } from '#crypto';
import { Embedder } from '#embeddings';
import { type Announcements, announce, failure, listen, Secret } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { openVectorCache } from '../src/open-vector-cache.js';
import { MemoryVectors } from '../src/remembered-in-memory.js';
import { RecordedVectors } from '../src/remembered-in-records.js';
import type { VectorCache } from '../src/vector-cache.js';
import { aConfig, LengthModel } from './builders.js';

const HOUR_MS = 3_600_000;
const names = new KeyNames(new Uint8Array(32).fill(7));
const heard: Announcements['embedding.remembered'][] = [];
const failures: Announcements['cache.store_failed'][] = [];
const calls: Announcements['cache.store_call'][] = [];
let stops: (() => void)[];
beforeEach(() => {
  heard.length = failures.length = calls.length = 0;
  stops = [
    listen('embedding.remembered', (message) => heard.push(message)),
    listen('cache.store_failed', (message) => failures.push(message)),
    listen('cache.store_call', (message) => calls.push(message)),
  ];
});
afterEach(() => {
  for (const stop of stops) stop();
});

/** One deployment: what all of its instances share. */
function aDeployment() {
  const records = new MemoryRecords();
  const master = masterKey(new Secret(Buffer.alloc(32, 1).toString('base64')), 'CACHE_ENCRYPTION_KEY');
  const sealer = new Keyring(new LocalKeyService(master, []), records);
  return { records, bus: new LocalBus(), sealer, names };
}

const inMemory = (o: Partial<ConstructorParameters<typeof MemoryVectors>[0]> = {}) =>
  new MemoryVectors({ provider: 'length', maxBytes: 1024 ** 2, ttlMs: HOUR_MS, names, ...o }).open();
const inRecords = (o: ReturnType<typeof aDeployment>) =>
  new RecordedVectors({ provider: 'length', ttlMs: HOUR_MS, ...o });

function remembering(cache: VectorCache | undefined, model = new LengthModel(true), options = {}) {
  const embedder = new Embedder(
    model,
    { batchSize: 64, parallel: 4, timeoutMs: 5000, retries: 0, ...options },
    undefined,
    cache,
  );
  return {
    model,
    embedder,
    ask: (texts: string[], tenant = 'north') => embedder.embed(texts, { tenant, purpose: 'query' }),
  };
}

describe.each([
  ['in memory', () => inMemory()],
  ['in the records', async () => inRecords(aDeployment())],
])('vectors that are remembered %s', (_, open) => {
  test('cost no call and no tokens the second time', async () => {
    const { model, ask } = remembering(await open());
    const first = await ask(['a', 'bb']);
    const second = await ask(['bb', 'a', 'bb']);
    expect(first.tokens).toBe(2);
    expect(second.tokens).toBe(0);
    expect(second.vectors.map((vector) => [...vector])).toEqual([
      [2, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(model.calls).toHaveLength(1);
    expect(heard).toEqual([
      { provider: 'length', hits: 0, misses: 2 },
      { provider: 'length', hits: 2, misses: 0 },
    ]);
  });

  test('leave only the others to be asked for, in their places', async () => {
    const { model, ask } = remembering(await open());
    await ask(['bb']);
    const { vectors, tokens } = await ask(['a', 'bb', 'ccc']);
    expect(vectors.map((vector) => vector[0])).toEqual([1, 2, 3]);
    expect(tokens).toBe(2);
    expect(model.calls.map((one) => one.texts)).toEqual([['bb'], ['a', 'ccc']]);
  });

  test('are not found by another tenant, nor for another purpose', async () => {
    const { model, embedder, ask } = remembering(await open());
    await ask(['same']);
    await ask(['same'], 'south');
    await embedder.embed(['same'], { tenant: 'north', purpose: 'document' });
    await embedder.embed(['same']);
    expect(model.calls).toHaveLength(4);
  });

  test.each([
    ['another version', { version: '2' }, {}],
    ['another model', { model: 'longer' }, {}],
    ['another prefix', {}, { queryPrefix: 'ask: ' }],
    ['unit length', {}, { normalise: true }],
    ['other dimensions', { dimensions: 1, answer: async () => ({ vectors: [Float32Array.of(9)], tokens: 1 }) }, {}],
  ])('are not found for %s', async (_name, settings, options) => {
    const cache = await open();
    await remembering(cache).ask(['same']);
    const other = remembering(cache, Object.assign(new LengthModel(true), settings), options);
    await other.ask(['same']);
    expect(other.model.calls).toHaveLength(1);
  });

  test('are not looked for where nobody knows yet what made them', async () => {
    const { model, ask } = remembering(await open(), Object.assign(new LengthModel(true), { version: '' }));
    await ask(['same']);
    await ask(['same']);
    expect(model.calls).toHaveLength(2);
    expect(heard).toEqual([]);
  });

  test('are forgotten with their tenant, and no other’s are', async () => {
    const { model, embedder, ask } = remembering(await open());
    await ask(['same']);
    await ask(['same'], 'south');
    await embedder.forget('north');
    await ask(['same']);
    await ask(['same'], 'south');
    expect(model.calls).toHaveLength(3);
  });

  test('are not kept where the tenant is forgotten while they are made', async () => {
    const { model, embedder, ask } = remembering(await open());
    const honest = model.answer;
    model.answer = async (texts, o) => {
      await embedder.forget('north');
      return honest(texts, o);
    };
    await ask(['same']);
    model.answer = honest;
    await ask(['same']);
    expect(model.calls).toHaveLength(2);
  });

  test('are not looked for by a caller who is gone, nor where there are no texts', async () => {
    const { embedder } = remembering(await open());
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(embedder.embed(['a'], { signal })).rejects.toThrow('gone');
    await embedder.embed([]);
    expect(heard).toEqual([]);
  });

  test('may be closed twice', async () => {
    const { embedder } = remembering(await open());
    await embedder.close();
    await embedder.close();
  });
});

describe('in memory', () => {
  test('they end in time', async () => {
    let now = 1;
    const { model, ask } = remembering(await inMemory({ ttlMs: 1000, now: () => now }));
    await ask(['same']);
    now = 1000;
    await ask(['same']);
    expect(model.calls).toHaveLength(1);
    now = 2001;
    await ask(['same']);
    expect(model.calls).toHaveLength(2);
  });

  test('they take no more room than they may, and documents drive out no questions', async () => {
    const { model, embedder, ask } = remembering(await inMemory({ maxBytes: 4096 }));
    await ask(['question']);
    for (let at = 1; at <= 50; at++) await embedder.embed(['x'.repeat(at)], { tenant: 'north', purpose: 'document' });
    await embedder.embed(['x'], { tenant: 'north', purpose: 'document' });
    expect(model.calls).toHaveLength(52);
    await ask(['question']);
    expect(model.calls).toHaveLength(52);
  });

  test('they are forgotten in all instances, and by one that may have missed the word', async () => {
    const { bus } = aDeployment();
    let missed = () => {};
    const subscribe = bus.subscribe.bind(bus);
    Object.assign(bus, {
      subscribe: (topic: string, hear: (message: string) => void, o: { missed: () => void }) => {
        missed = o.missed;
        return subscribe(topic, hear);
      },
    });
    const [here, there] = [remembering(await inMemory({ bus })), remembering(await inMemory({ bus }))];
    await there.ask(['same']);
    await here.embedder.forget('north');
    await there.ask(['same']);
    expect(there.model.calls).toHaveLength(2);
    missed();
    await there.ask(['same']);
    expect(there.model.calls).toHaveLength(3);
  });

  test('they need no names from elsewhere', async () => {
    const { model, ask } = remembering(await inMemory({ names: undefined }));
    await ask(['same']);
    await ask(['same']);
    await ask(['same'], 'south');
    expect(model.calls).toHaveLength(2);
  });
});

describe('in the records', () => {
  test('they outlast the process, and serve other instances', async () => {
    const deployment = aDeployment();
    await remembering(inRecords(deployment)).ask(['same']);
    const { model, ask } = remembering(inRecords(deployment));
    expect([...(await ask(['same'])).vectors[0]!]).toEqual([4, 1]);
    expect(model.calls).toEqual([]);
  });

  test('they show neither text, nor tenant, nor numbers', async () => {
    const deployment = aDeployment();
    await remembering(inRecords(deployment)).ask(['my private question']);
    const { records } = await deployment.records.list('embedding/', { limit: 10 });
    expect(records).toHaveLength(1);
    const [{ key, value }] = records as [{ key: string; value: string }];
    expect(key).toMatch(/^embedding\/[\w-]{16}\/[\w-]{43}$/);
    expect(key + value).not.toMatch(/north|private/);
    const numbers = Buffer.from(Float32Array.of(19, 1).buffer);
    expect(Buffer.from(value.split(' ')[1]!, 'base64').includes(numbers)).toBe(false);
  });

  test.each([
    ['moved from another text', (values: string[]) => [values[1]!, values[0]!]],
    ['changed', (values: string[]) => values.map((value) => `${value.slice(0, -8)}AAAAAAA=`)],
    ['no value at all', (values: string[]) => values.map(() => 'nonsense')],
  ])('one that is %s is made anew', async (_, change) => {
    const deployment = aDeployment();
    const { model, ask } = remembering(inRecords(deployment));
    await ask(['a', 'bb']);
    const { records } = await deployment.records.list('embedding/', { limit: 10 });
    const changed = change(records.map(({ value }) => value));
    for (const [at, { key }] of records.entries()) await deployment.records.put(key, changed[at]!);
    expect((await ask(['a', 'bb'])).vectors.map((vector) => vector[0])).toEqual([1, 2]);
    expect(model.calls).toHaveLength(2);
    await ask(['a', 'bb']);
    expect(model.calls).toHaveLength(2);
  });

  test('they are really gone when they are forgotten, also many', async () => {
    const deployment = aDeployment();
    const { embedder, ask } = remembering(inRecords(deployment));
    await ask(Array.from({ length: 700 }, (_, at) => 'x'.repeat(at + 1)));
    await embedder.forget('north');
    expect((await deployment.records.list('embedding/', { limit: 10 })).records).toEqual([]);
  });

  test('nothing fails where they are down', async () => {
    const deployment = aDeployment();
    const down = async () => {
      throw failure('records.unavailable', { backend: 'memory' });
    };
    const { model, ask, embedder } = remembering(inRecords(deployment));
    Object.assign(deployment.records, { put: down });
    await ask(['same']);
    Object.assign(deployment.records, { getMany: () => Promise.reject(new TypeError('bug')) });
    await ask(['same']);
    expect(model.calls).toHaveLength(2);
    expect(failures).toEqual([
      { tier: 'memory', operation: 'embedding set', code: 'records.unavailable' },
      { tier: 'memory', operation: 'embedding get', code: 'internal.unexpected' },
    ]);
    // Each that failed is one of those that are counted.
    expect(calls.map(({ operation }) => operation)).toEqual(['embedding get', 'embedding set', 'embedding get']);
    await expect(embedder.forget('north')).rejects.toMatchObject({ code: 'records.unavailable' });
  });

  test('a caller who leaves does not wait for them', async () => {
    const deployment = aDeployment();
    Object.assign(deployment.records, { getMany: () => new Promise(() => {}) });
    const leaving = new AbortController();
    const waiting = remembering(inRecords(deployment)).embedder.embed(['a'], { signal: leaving.signal });
    leaving.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(failures).toEqual([]);
  });
});

describe('the configuration chooses', () => {
  const open = (cache: string, memory?: ReturnType<typeof aDeployment>) =>
    openVectorCache(aConfig({ EMBEDDING_CACHE: cache }), 'length', memory);

  test('nothing, for off', async () => {
    expect(await open('off')).toBeUndefined();
  });

  test.each([
    ['memory', true, 0],
    ['records', true, 1],
    ['records', false, 0],
  ])('%s, in a process that has records: %s', async (cache, hasRecords, recorded) => {
    const deployment = aDeployment();
    const { embedder, model, ask } = remembering(await open(cache, hasRecords ? deployment : undefined));
    await ask(['same']);
    await ask(['same']);
    expect(model.calls).toHaveLength(1);
    expect((await deployment.records.list('embedding/', { limit: 10 })).records).toHaveLength(recorded);
    await embedder.close();
  });

  test('and a tenant whose keys are destroyed is forgotten, until it is closed', async () => {
    const { embedder, model, ask } = remembering(await open('memory', aDeployment()));
    await ask(['same']);
    announce('key.shredded', { tenant: 'north' });
    await ask(['same']);
    expect(model.calls).toHaveLength(2);
    await embedder.forget('north');
    await ask(['same']);
    expect(model.calls).toHaveLength(3);
    await embedder.close();
    announce('key.shredded', { tenant: 'north' });
  });

  test('a word to forget that gets lost does not end the process', async () => {
    const deployment = aDeployment();
    const cache = await open('records', deployment);
    Object.assign(deployment.records, {
      put: async () => {
        throw failure('records.unavailable', { backend: 'memory' });
      },
    });
    announce('key.shredded', { tenant: 'north' });
    await new Promise((resolve) => setImmediate(resolve));
    await cache?.close();
  });
});
