// An answer as the bytes and headers of its reply. The result is JSON already and is not parsed again.
import type { Latencies } from '#ports';
import type { Answer } from '#query';

/** The reply body, by `questionReplySchema`. */
export function answerJson(answer: Answer): string {
  const { resultJson, hit, status, source, tier, similarity, variant, key, age, expiresAt, provenanceJson, latencies } =
    answer;
  return (
    `{"result":${resultJson},"hit":${hit},"status":"${status}","source":"${source}","tier":${tier === null ? 'null' : `"${tier}"`}` +
    (similarity === undefined ? '' : `,"similarity":${similarity}`) +
    (variant === undefined ? '' : `,"variant":${JSON.stringify(variant)}`) +
    `,"key":"${key}","age":${age},"expiresAt":${expiresAt === null ? 'null' : `"${expiresAt}"`}` +
    (provenanceJson === undefined ? '' : `,"provenance":${provenanceJson}`) +
    `,"latencies":${latenciesJson(latencies)}}`
  );
}

/** The steps of a retrieval, in their order; a hit took none of them. */
const STEPS = ['embeddings', 'vectordb', 'rerank', 'mmr'] as const;

function latenciesJson(latencies: Latencies): string {
  const { total, cache } = latencies;
  return `{"total":${micro(total)},"cache":${micro(cache)}${stepTexts(latencies, (step, ms) => `,"${step}":${ms}`)}}`;
}

function stepTexts(latencies: Latencies, written: (step: string, ms: number) => string): string {
  let texts = '';
  for (const step of STEPS) {
    const ms = latencies[step];
    if (ms !== undefined) texts += written(step, micro(ms));
  }
  return texts;
}

/** Headers of a reply to a question: RFC 9211 `cache-status`, RFC 9111 `age`, and last Server Timing. Names and values in turn. */
export function answerHeaders(answer: Answer): string[] {
  const { latencies, status, age } = answer;
  return [
    'x-cache-status',
    status,
    'cache-status',
    cacheStatus(answer),
    'age',
    String(age),
    'server-timing',
    `total;dur=${micro(latencies.total)}, cache;dur=${micro(latencies.cache)}` +
      stepTexts(latencies, (step, ms) => `, ${step};dur=${ms}`),
  ];
}

/** RFC 9211 §2: `hit` with what is left of its freshness, or why the question went forward. */
function cacheStatus({ hit, source, freshFor, tier }: Answer): string {
  if (hit) return `resk-caching; hit; ttl=${freshFor}; detail=${tier}`;
  if (tier !== null) return `resk-caching; hit; ttl=${freshFor}; detail=negative`;
  const stored = source === 'vectordb' && freshFor !== null ? '; stored' : '';
  return `resk-caching; fwd=uri-miss${stored}`;
}

/** Milliseconds to the microsecond. */
function micro(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
