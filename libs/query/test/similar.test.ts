// A question that says the same in other words gets the answer of the first, and never one that it must not have.
import { describe, expect, it } from 'vitest';
import type { EmbeddingModel, VectorStore } from '#ports';
import { aRoom, asker } from './support.js';

/** A model that knows some words by what they are about. The more two texts share, the nearer they are. */
const TOPICS = [/open|hours|closing/i, /return|bring back/i, /price|cost/i, /monday/i];

function topical(): EmbeddingModel & { calls: number; down: boolean } {
  const vectorOf = (text: string) =>
    Float32Array.of(0.01, ...TOPICS.map((topic) => (topic.test(text) ? 1 : 0)), 0, 0, 0).slice(0, 6);
  return {
    provider: 'topical',
    model: 'topics',
    version: '1',
    dimensions: 6,
    maxBatch: 16,
    maxInputTokens: undefined,
    remote: false,
    calls: 0,
    down: false,
    async embed(texts) {
      this.calls++;
      if (this.down) throw new Error('down');
      return { vectors: texts.map(vectorOf), tokens: 0 };
    },
    async close() {},
  };
}

const SIMILAR = { CACHE_SIMILAR_THRESHOLD: '0.95', EMBEDDING_DIMENSIONS: '6' };
const ASKED = { query: 'When do you open?' };
const OTHER_WORDS = { query: 'What are your hours?' };
const OTHER_THING = { query: 'What does it cost?' };

const aRoomOf = (model = topical(), env = {}) => aRoom({ ...SIMILAR, ...env }, { model });

describe('an answer written by hand', () => {
  it('answers the same question in other words, and says how similar they are', async () => {
    const { queries, answers } = await aRoomOf();
    const { name } = await answers.write({ ...ASKED, response: 'At nine.' }, asker);
    const answer = await queries.ask(OTHER_WORDS, asker);
    expect(answer).toMatchObject({ status: 'semantic', hit: true, source: 'cache', tier: 'memory', key: name });
    expect(answer.resultJson).toBe('"At nine."');
    expect(answer.similarity).toBeGreaterThan(0.99);
    expect(await queries.ask(ASKED, asker)).toMatchObject({ status: 'hit' });
    expect((await queries.ask(ASKED, asker)).similarity).toBeUndefined();
  });

  it('answers no other question, none below the threshold, and none that may not look into the cache', async () => {
    const { queries, answers } = await aRoomOf();
    await answers.write({ ...ASKED, response: 'At nine.' }, asker);
    for (const question of [OTHER_THING, { query: 'Open on Monday?' }, { ...OTHER_WORDS, forceRefresh: true }]) {
      expect((await queries.ask(question, asker)).status).toBe('miss');
    }
  });

  it('answers nobody of another tenant', async () => {
    const { queries, answers } = await aRoomOf();
    await answers.write({ ...ASKED, response: 'At nine.' }, asker);
    expect((await queries.ask(OTHER_WORDS, { ...asker, tenant: 'south' })).status).toBe('miss');
  });

  it('answers no question of another language, model or params', async () => {
    const { queries, answers } = await aRoomOf();
    await answers.write({ ...ASKED, language: 'en', response: 'At nine.' }, asker);
    const status = async (more: object) => (await queries.ask({ ...OTHER_WORDS, ...more }, asker)).status;
    expect(await status({})).toBe('miss');
    expect(await status({ language: 'fr' })).toBe('miss');
    expect(await status({ language: 'en', params: { temperature: 1 } })).toBe('miss');
    expect(await status({ language: 'EN' })).toBe('semantic');
  });

  it('takes its turns among variants as the question itself would', async () => {
    const { queries, answers } = await aRoomOf();
    await answers.write({ ...ASKED, response: { variants: ['a', 'b'] }, variantStrategy: 'round-robin' }, asker);
    const asked = [await queries.ask(OTHER_WORDS, asker), await queries.ask(OTHER_WORDS, asker)];
    expect(asked.map(({ variant }) => variant?.index)).toEqual([0, 1]);
  });

  it.each([
    ['purged', (room: Awaited<ReturnType<typeof aRoom>>) => room.answers.purge({}, asker)],
    ['purged by its question', (room) => room.answers.purge({ query: ASKED.query }, asker)],
    ['purged by its subject', (room) => room.answers.purge({ subject: 'ann' }, asker)],
  ])('answers nothing once it is %s', async (_, purge) => {
    const room = await aRoomOf();
    await room.answers.write({ ...ASKED, subject: 'ann', response: 'At nine.' }, asker);
    await purge(room);
    expect((await room.queries.ask(OTHER_WORDS, asker)).status).toBe('miss');
  });

  it('of an erased person leaves no vector of its question behind', async () => {
    const { answers, personal, store } = await aRoomOf();
    await answers.write({ ...ASKED, subject: 'ann', response: 'At nine.' }, asker);
    const ref = { tenant: 'north', collection: '~questions' };
    expect(await store!.count(ref)).toBe(1);
    expect(await personal.erase('north', 'ann')).toBe(1);
    expect(await store!.count(ref)).toBe(0);
  });
});

describe('an answer that was retrieved', () => {
  const DOCUMENT = { id: 'd', text: 'We open at nine.' };

  it('answers in other words with the options it was retrieved with, and with no others', async () => {
    const { queries, documents } = await aRoomOf();
    await documents.upsert([DOCUMENT], undefined, 'north');
    const ask = async (query: string, more = {}) => (await queries.ask({ query, ...more }, asker)).status;
    expect(await ask('When do you open?', { vector: { k: 1 } })).toBe('miss');
    expect(await ask('What are your hours?', { vector: { k: 1 } })).toBe('semantic');
    expect(await ask('What are your hours?', { vector: { k: 2 } })).toBe('miss');
    expect(await ask('What are your hours?', { vector: { k: 1 }, purpose: 'support' })).toBe('miss');
  });

  it('is gone with its document, and so is what remembered the question', async () => {
    const { queries, documents, store } = await aRoomOf();
    await documents.upsert([DOCUMENT], undefined, 'north');
    await queries.ask(ASKED, asker);
    await documents.delete({ ids: ['d'] }, undefined, 'north');
    expect(await queries.ask(OTHER_WORDS, asker)).toMatchObject({ status: 'miss', source: 'none' });
    expect(await store!.count({ tenant: 'north', collection: '~questions' })).toBe(0);
  });

  it('that there is none is not remembered for other words', async () => {
    const { queries, documents } = await aRoomOf(topical(), { CACHE_NEGATIVE_TTL: '1h', VECTOR_THRESHOLD: '0.9' });
    await documents.upsert([{ id: 'd', text: 'monday' }], undefined, 'north');
    await queries.ask(ASKED, asker);
    await documents.upsert([DOCUMENT], undefined, 'north');
    expect(await queries.ask(OTHER_WORDS, asker)).toMatchObject({ status: 'miss', source: 'vectordb' });
  });
});

describe('where the store or the model does not answer', () => {
  it('an answer is kept all the same, and no question is similar', async () => {
    const model = topical();
    const { queries, answers } = await aRoomOf(model);
    model.down = true;
    expect((await answers.write({ ...ASKED, response: 'At nine.' }, asker)).stored).toBe(true);
    expect((await queries.ask(ASKED, asker)).status).toBe('hit');
    model.down = false;
    expect((await queries.ask(OTHER_WORDS, asker)).status).toBe('miss');
  });

  it('the failure of a retrieval is the one that is told', async () => {
    const failing = (store: VectorStore) =>
      Object.create(store, { query: { value: async () => Promise.reject(new Error('of the store')) } }) as VectorStore;
    const { queries, documents } = await aRoom(SIMILAR, { model: topical(), store: failing });
    await documents.upsert([{ id: 'd', text: 'open' }], undefined, 'north');
    await expect(queries.ask(OTHER_WORDS, asker)).rejects.toThrow('of the store');
  });
});

it('the collection of questions is not among those of the tenant', async () => {
  const { knowledge, answers } = await aRoomOf();
  await answers.write({ ...ASKED, response: 'At nine.' }, asker);
  expect(await knowledge.collections('north')).toEqual([]);
});

it('without a threshold nothing is compared, and nothing embedded', async () => {
  const model = topical();
  const { queries, answers } = await aRoom({ EMBEDDING_DIMENSIONS: '6' }, { model });
  await answers.write({ ...ASKED, response: 'At nine.' }, asker);
  expect((await queries.ask(OTHER_WORDS, asker)).status).toBe('miss');
  expect(model.calls).toBe(0);
});
