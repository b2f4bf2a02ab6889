// One question on its whole way: key, cache, embedding, search, keep, answer.
import { describe, expect, it } from 'vitest';
import { aTenant, clock, embedded, gate, ids, openai, until, useQuestions, withServer } from '../support/questions.js';

useQuestions();

describe('a question that the cache does not hold', () => {
  it('is embedded, searched and kept; the second time it is answered without embedding it again', async () => {
    const { ask } = await aTenant();
    const first = await ask('When do you open?');
    expect(first).toMatchObject({ status: 200, json: { hit: false, status: 'miss', source: 'vectordb', tier: null } });
    expect(first.json.latencies).toMatchObject({ embeddings: expect.any(Number), vectordb: expect.any(Number) });
    expect(first.headers.get('cache-status')).toBe('resk-caching; fwd=uri-miss; stored');
    expect(first.headers.get('server-timing')).toMatch(/^total;dur=.+, cache;dur=.+, embeddings;dur=.+, vectordb;dur=/);
    clock.advance(7);
    const second = await ask('  when do you OPEN?');
    expect(second.json).toMatchObject({
      hit: true,
      status: 'hit',
      source: 'cache',
      tier: 'memory',
      key: first.json.key,
      age: 7,
      result: first.json.result,
      expiresAt: first.json.expiresAt,
    });
    expect(second.headers.get('age')).toBe('7');
    expect(second.headers.get('cache-status')).toBe('resk-caching; hit; ttl=3593; detail=memory');
    expect(embedded()).toEqual(['When do you open?']);
  });

  it('is embedded once for all who ask it at the same time', async () => {
    const { ask } = await aTenant();
    const { behaviour, open } = gate();
    openai.always(behaviour);
    const asked = Array.from({ length: 50 }, () => ask('all at once'));
    await until(() => openai.requests.length > 0);
    // All but those that come after the gate was opened wait for one flight; those find the kept answer.
    open();
    const replies = await Promise.all(asked);
    expect(new Set(replies.map((one) => JSON.stringify(one.json.result))).size).toBe(1);
    expect(replies.every((one) => one.status === 200)).toBe(true);
    expect(embedded()).toEqual(['all at once']);
  });

  it('is not embedded where the tenant has no documents', async () => {
    const { ask } = await aTenant({ texts: [] });
    expect((await ask('anything')).json).toMatchObject({ result: null, hit: false, source: 'none', expiresAt: null });
    expect(embedded()).toEqual([]);
  });

  it('is answered, though not kept, where the answer is too large to keep', async () => {
    await withServer({ CACHE_ENTRY_MAX: '1KiB' }, async (at) => {
      const { ask } = await aTenant({ at, texts: ['long '.repeat(1000)] });
      for (const round of [1, 2]) {
        const reply = await ask('long?');
        expect(reply, `round ${round}`).toMatchObject({ status: 200, json: { source: 'vectordb', expiresAt: null } });
        expect(reply.headers.get('cache-status')).toBe('resk-caching; fwd=uri-miss');
      }
    });
  });
});

describe('forceRefresh', () => {
  it('embeds again and replaces what was kept', async () => {
    const { ask, upsert } = await aTenant({ texts: ['old'] });
    await ask('news?');
    await upsert([{ id: 'd1', text: 'news?' }]);
    const refreshed = await ask('news?', { forceRefresh: true });
    expect(refreshed.json).toMatchObject({ hit: false, source: 'vectordb' });
    expect(ids(refreshed)).toEqual(['d1', 'd0']);
    expect((await ask('news?')).json).toMatchObject({ hit: true, result: refreshed.json.result });
    expect(embedded().filter((text) => text === 'news?')).toHaveLength(3); // asked, written, asked again
  });

  it('never forgets what was written by hand, though it finds nothing', async () => {
    const { ask, drop, write } = await aTenant({ texts: ['gone tomorrow'] });
    await ask('here?');
    await write('by hand', 'stays');
    await drop(['d0']);
    // With its document an answer is gone at once, whoever asks.
    expect((await ask('here?')).json).toMatchObject({ result: null, hit: false });
    expect((await ask('by hand', { forceRefresh: true })).json).toMatchObject({ result: null, source: 'none' });
    expect((await ask('by hand')).json).toMatchObject({ result: 'stays', hit: true });
  });

  it('gives a reader what is retrieved, without overwriting what a writer wrote', async () => {
    const { ask, write } = await aTenant({ texts: ['opening hours'] });
    await write('opening hours', 'at nine');
    const refreshed = await ask('opening hours', { forceRefresh: true });
    expect(refreshed.json).toMatchObject({ source: 'vectordb', expiresAt: null });
    expect((await ask('opening hours')).json).toMatchObject({ result: 'at nine', hit: true });
  });
});

describe('retrieval options', () => {
  it('shape the answer, and each form of it has a key of its own', async () => {
    const { ask, upsert } = await aTenant({ texts: ['one', 'two', 'three'] });
    await upsert([{ id: 'other', text: 'elsewhere' }], 'archive');
    const plain = await ask('one');
    const shaped = {
      k: await ask('one', { vector: { k: 1 } }),
      threshold: await ask('one', { vector: { threshold: 0.999 } }),
      filter: await ask('one', { vector: { filter: { index: { gte: 1 } } } }),
      collection: await ask('one', { vector: { collection: 'archive' } }),
    };
    expect(ids(plain)).toHaveLength(3);
    expect(ids(shaped.k)).toEqual(['d0']);
    expect(ids(shaped.threshold)).toEqual(['d0']);
    expect(ids(shaped.filter).toSorted()).toEqual(['d1', 'd2']);
    expect(ids(shaped.collection)).toEqual(['other']);
    const replies = [plain, ...Object.values(shaped)];
    expect(new Set(replies.map((one) => one.json.key)).size).toBe(replies.length);
    openai.requests.length = 0;
    expect((await ask('one', { vector: { k: 1 } })).json).toMatchObject({ hit: true, key: shaped.k.json.key });
    expect((await ask('one', { vector: {} })).json).toMatchObject({ hit: true, key: plain.json.key });
    expect(embedded()).toEqual([]);
  });

  it('do not matter to an answer that was written by hand', async () => {
    const { ask, write } = await aTenant();
    const { key } = (await write('one', 'by hand')).json;
    for (const vector of [{ k: 1 }, { threshold: 0.5, filter: { index: 1 } }, { collection: 'none' }]) {
      expect((await ask('one', { vector })).json).toMatchObject({ result: 'by hand', hit: true, key });
    }
    expect(embedded()).toEqual([]);
  });
});

describe('what makes another question', () => {
  it.each([
    ['language', { language: 'en' }, { language: 'fr' }],
    ['model', { model: 'm-1' }, { model: 'm-2' }],
    ['params', { params: { temperature: 0 } }, { params: { temperature: 1 } }],
  ])('is its %s', async (_, one, other) => {
    const { ask, write } = await aTenant({ texts: [] });
    await write('hello', 'one', one);
    expect((await ask('hello', one)).json).toMatchObject({ hit: true, result: 'one' });
    expect((await ask('hello', other)).json).toMatchObject({ hit: false });
    expect((await ask('hello')).json).toMatchObject({ hit: false });
  });

  it('is a difference in meaning, not in spelling', async () => {
    const { ask, write } = await aTenant({ texts: [] });
    await write('What is x²?', 'a square');
    expect((await ask('  what IS\n x² ?! ')).json).toMatchObject({ hit: true });
    expect((await ask('What is x2?')).json).toMatchObject({ hit: false });
    await write('params', 1, { params: { a: 1, b: [true] } });
    expect((await ask('params', { params: { b: [true], a: 1.0 } })).json).toMatchObject({ hit: true });
  });

  it('is never the model of another embedder: 400, whether or not the cache knows the answer', async () => {
    const { ask, write } = await aTenant();
    await write('known', 1);
    for (const query of ['known', 'unknown']) {
      const refused = await ask(query, { embedding: { model: 'another-model' } });
      expect(refused).toMatchObject({ status: 400, json: { code: 'embedding.model_unknown' } });
      expect(refused.json.detail).toContain('text-embedding-3-small');
      expect((await ask(query, { embedding: { model: 'text-embedding-3-small' } })).status).toBe(200);
    }
  });
});

describe('tenants', () => {
  it('never see each other: not answers, not entries, not purges', async () => {
    const [north, south] = [await aTenant({ texts: ['of the north'] }), await aTenant({ texts: ['of the south'] })];
    const here = (await north.write('hello', 'north', { tags: ['greeting'], subject: 'ann' })).json.key;
    const there = (await south.write('hello', 'south', { tags: ['greeting'], subject: 'ann' })).json.key;
    expect(here).not.toBe(there);
    expect((await north.ask('hello')).json).toMatchObject({ result: 'north', key: here });
    expect((await south.ask('hello')).json).toMatchObject({ result: 'south', key: there });
    expect((await north.ask('who?')).json.result.matches[0].text).toBe('of the north');
    expect((await south.ask('who?')).json.result.matches[0].text).toBe('of the south');

    const listed = (await north.get('/api/cache/entries')).json.entries.map((one: { key: string }) => one.key);
    expect(listed).toContain(here);
    expect(listed).not.toContain(there);
    for (const foreign of [await north.get(`/api/cache/entries/${there}`), await north.forget(there)]) {
      expect(foreign).toMatchObject({ status: 404, json: { code: 'cache.entry_absent' } });
    }
    for (const selector of ['?tag=greeting', '?query=hello', '?subject=ann', '']) {
      expect((await north.purge(selector)).status).toBe(200);
    }
    expect((await south.ask('hello')).json).toMatchObject({ hit: true, result: 'south' });
    expect((await north.ask('hello')).json).toMatchObject({ hit: false });
  });
});
