// Every answer says where it comes from and what it has saved; nothing but whole replies becomes one.
import { describe, expect, it } from 'vitest';
import { type Announcements, type EmbeddingModel, listen, type VectorMatch, type VectorStore } from '#ports';
import { givenMatch, lineageOf, provenanceOf } from '../src/provenance.js';
import { aRoom, asker } from './support.js';

/** Bills 7 tokens a call. */
const aRemoteModel: EmbeddingModel = {
  provider: 'remote',
  model: 'dear',
  version: '1',
  dimensions: 64,
  maxBatch: 100,
  maxInputTokens: undefined,
  remote: true,
  embed: async (texts) => ({ vectors: texts.map(() => new Float32Array(64).fill(1)), tokens: 7 }),
  close: async () => {},
};

const provenance = (answer: { provenanceJson?: string | undefined }) => JSON.parse(answer.provenanceJson ?? 'null');

describe('an answer', () => {
  it('that was written by hand says so, with its model and source', async () => {
    const { queries, answers } = await aRoom();
    await answers.write({ query: 'q', response: 1, model: 'gpt-4o', source: 'handbook.pdf' }, asker);
    const answer = queries.recall({ query: 'q', model: 'gpt-4o' }, asker)!;
    expect(provenance(answer)).toEqual({ origin: 'written', model: 'gpt-4o', sources: ['handbook.pdf'] });
    await answers.write({ query: 'plain', response: 1 }, asker);
    expect(provenance(queries.recall({ query: 'plain' }, asker)!)).toEqual({ origin: 'written' });
  });

  it('that was retrieved names model, collection, sources and runs, when it is made and when it is served', async () => {
    const { queries, documents, cache, knowledge } = await aRoom();
    const about = { source: 'faq.csv', ingestRun: 'nightly-7', subject: 'ann' };
    await documents.upsert(
      [
        { id: 'a', text: 'We open at nine.', ...about },
        { id: 'b', text: 'At nine.' },
      ],
      undefined,
      'north',
    );
    const made = await queries.ask({ query: 'open at nine' }, asker);
    const served = await queries.ask({ query: 'open at nine' }, asker);
    const { model } = await knowledge.embed(['x'], undefined, 'north');
    for (const answer of [made, served]) {
      expect(provenance(answer)).toEqual({
        origin: 'vectordb',
        model,
        version: expect.any(String),
        collection: 'default',
        sources: ['faq.csv'],
        runs: ['nightly-7'],
      });
    }
    const entry = await cache.entry({ tenant: 'north', name: served.key });
    expect(entry).toMatchObject({ subjects: ['ann'] });
    // The model is one of our own: nobody has paid for it.
    expect(entry!.cost).toBeUndefined();
    const { matches } = JSON.parse(served.resultJson);
    expect(matches[0]).toMatchObject({ id: 'a', source: 'faq.csv', lineage: { ingestRun: 'nightly-7', model } });
    expect(served.resultJson).not.toContain('ann');
  });

  it('that there is none comes from nowhere', async () => {
    const { queries } = await aRoom({ CACHE_NEGATIVE_TTL: '1h' });
    for (const answer of [await queries.ask({ query: 'x' }, asker), await queries.ask({ query: 'x' }, asker)]) {
      expect(answer.provenanceJson).toBeUndefined();
    }
  });

  it('tells what a fresh hit has saved, and that of no other', async () => {
    const { queries, documents, answers } = await aRoom({}, { model: aRemoteModel });
    await documents.upsert([{ id: 'a', text: 'We open at nine.' }], undefined, 'north');
    const heard: Announcements['query.answered'][] = [];
    const stop = listen('query.answered', (message) => heard.push(message));
    await queries.ask({ query: 'open at nine' }, asker);
    await queries.ask({ query: 'open at nine' }, asker);
    queries.recall({ query: 'open at nine' }, asker);
    await answers.write({ query: 'written', response: 1 }, asker);
    queries.recall({ query: 'written' }, asker);
    stop();
    const cost = { provider: 'remote', model: 'dear', tokens: 7 };
    expect(heard.map(({ avoided }) => avoided)).toEqual([undefined, cost, cost, undefined]);
  });
});

describe('lineage', () => {
  const match = (source: string, ingestRun?: string) =>
    ({
      id: source,
      score: 1,
      metadata: {},
      source,
      lineage: { ingestedAt: 0, ...(ingestRun && { ingestRun }) },
    }) as VectorMatch;
  const made = { provider: 'p', model: 'm', version: '1', collection: 'c' };

  it('names each source once, the best 32', () => {
    const matches = Array.from({ length: 50 }, (_, at) => match(`s${Math.floor(at / 2)}`));
    expect(lineageOf(matches, made).sources).toHaveLength(25);
    const many = Array.from({ length: 50 }, (_, at) => match(`s${at}`));
    expect(lineageOf(many, made).sources).toEqual(Array.from({ length: 32 }, (_, at) => `s${at}`));
    expect(provenanceOf({ origin: 'vectordb', lineage: lineageOf([], made) })).toEqual({
      origin: 'vectordb',
      model: 'm',
      version: '1',
      collection: 'c',
    });
  });

  it('of a match tells when, and not of whom', () => {
    const given = givenMatch({ ...match('s', 'run'), subject: 'ann', text: 't' });
    expect(given).toEqual({
      id: 's',
      score: 1,
      text: 't',
      metadata: {},
      source: 's',
      lineage: { ingestRun: 'run', ingestedAt: '1970-01-01T00:00:00.000Z' },
    });
    expect(givenMatch({ id: 'x', score: 0, metadata: {} })).toEqual({ id: 'x', score: 0, metadata: {} });
  });
});

describe('what a store gives', () => {
  it('is not kept where it is not whole', async () => {
    let broken = true;
    const odd = (store: VectorStore) =>
      new Proxy(store, {
        get: (target, name) => {
          if (name === 'query' && broken) return async () => [{ id: 'a', score: 7, metadata: {} }];
          const value = Reflect.get(target, name) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const { queries, documents } = await aRoom({}, { store: odd });
    await documents.upsert([{ id: 'a', text: 'We open at nine.' }], undefined, 'north');
    await expect(queries.ask({ query: 'open' }, asker)).rejects.toMatchObject({ code: 'vector.reply_invalid' });
    broken = false;
    expect((await queries.ask({ query: 'open' }, asker)).source).toBe('vectordb');
  });
});
