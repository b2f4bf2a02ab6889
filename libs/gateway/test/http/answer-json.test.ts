// The bytes and headers of a reply to a question.
import { describe, expect, it } from 'vitest';
import type { Answer } from '#query';
import { answerHeaders, answerJson } from '../../src/http/answer-json.js';

const hit: Answer = {
  resultJson: '{"answer":"At \\"nine\\"."}',
  hit: true,
  status: 'hit',
  source: 'cache',
  tier: 'memory',
  key: 'k'.repeat(43),
  age: 12,
  expiresAt: '2026-11-21T09:00:00.000Z',
  freshFor: 48,
  latencies: { total: 0.12345, cache: 0.0004 },
};
const miss: Answer = {
  ...hit,
  resultJson: '{"matches":[]}',
  hit: false,
  status: 'miss',
  source: 'vectordb',
  tier: null,
  age: 0,
  latencies: { total: 9, cache: 1, embeddings: 5.00049, vectordb: 3 },
};
const none: Answer = { ...miss, resultJson: 'null', source: 'none', expiresAt: null, freshFor: null };

const headersOf = (answer: Answer) => {
  const pairs = answerHeaders(answer);
  return Object.fromEntries(pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1]]] : [])));
};

describe('answerJson', () => {
  it('is the reply of the API, with latencies to the microsecond', () => {
    const { freshFor: _, resultJson, ...shown } = hit;
    expect(JSON.parse(answerJson(hit))).toEqual({
      ...shown,
      result: JSON.parse(resultJson),
      latencies: { total: 0.123, cache: 0 },
    });
  });

  it('names the variant, and null where nothing was kept', () => {
    expect(JSON.parse(answerJson({ ...hit, variant: { index: 1, id: 'a"b' } }))).toMatchObject({
      variant: { index: 1, id: 'a"b' },
    });
    expect(JSON.parse(answerJson(none))).toMatchObject({ result: null, tier: null, expiresAt: null });
  });

  it('gives the latency of every layer that was entered', () => {
    expect(JSON.parse(answerJson(miss)).latencies).toEqual({ total: 9, cache: 1, embeddings: 5, vectordb: 3 });
    const withoutStore = { ...miss, latencies: { total: 6, cache: 1, embeddings: 5 } };
    expect(JSON.parse(answerJson(withoutStore)).latencies).toEqual({ total: 6, cache: 1, embeddings: 5 });
  });
});

describe('answerHeaders', () => {
  // https://www.rfc-editor.org/rfc/rfc9211: hit, ttl (negative once stale), fwd with its reason, stored, detail.
  it.each([
    ['a hit', hit, 'resk-caching; hit; ttl=48; detail=memory', 'hit'],
    [
      'a stale hit',
      { ...hit, status: 'stale' as const, freshFor: -3 },
      'resk-caching; hit; ttl=-3; detail=memory',
      'stale',
    ],
    ['a miss that was kept', miss, 'resk-caching; fwd=uri-miss; stored', 'miss'],
    ['a miss that was not kept', { ...miss, freshFor: null }, 'resk-caching; fwd=uri-miss', 'miss'],
    ['nothing near', none, 'resk-caching; fwd=uri-miss', 'miss'],
    [
      'nothing near, remembered',
      { ...none, tier: 'memory', freshFor: 7 },
      'resk-caching; hit; ttl=7; detail=negative',
      'miss',
    ],
  ])('of %s', (_, answer, cacheStatus, status) => {
    expect(headersOf(answer)).toMatchObject({
      'cache-status': cacheStatus,
      'x-cache-status': status,
      age: String(answer.age),
    });
  });

  it('time every layer that was entered', () => {
    expect(headersOf(hit)['server-timing']).toBe('total;dur=0.123, cache;dur=0');
    expect(headersOf(miss)['server-timing']).toBe('total;dur=9, cache;dur=1, embeddings;dur=5, vectordb;dur=3');
  });
});
