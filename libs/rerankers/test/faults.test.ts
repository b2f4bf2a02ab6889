// What becomes of a ranking when a vendor's server misbehaves: every reranker × every fault, with the outcome stated.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FailureCode, Reranker } from '#ports';
import { CohereDouble } from '../../../test/doubles/cohere.js';
import { type Fault, Misbehaving } from '../../../test/doubles/misbehaving.js';
import { TeiRerankerDouble } from '../../../test/doubles/tei-reranker.js';
import { ANSWER, aCohereModel, aRanker, aTeiModel, Notebook, OTHER, QUESTION } from './builders.js';

const RETRIES = 1;

interface Row {
  name: string;
  fault: Fault;
  /** How many requests meet the fault; without it, all do. */
  count?: number;
  outcome: FailureCode | 'answered';
  attempts: number;
  /** How the account of each attempt is settled. */
  accounts: string[];
  retryAfterMs?: number;
  timeoutMs?: number;
}

const FAILED = 'rerank.provider_failed';
const twice = (outcome: string) => [outcome, outcome];

const ROWS: Row[] = [
  {
    name: 'no answer',
    fault: 'hang',
    outcome: 'call.timeout',
    attempts: 2,
    accounts: twice('uncertain'),
    timeoutMs: 500,
  },
  {
    name: 'a slow drip',
    fault: { dripEveryMs: 20 },
    outcome: 'call.timeout',
    attempts: 2,
    accounts: twice('uncertain'),
    timeoutMs: 500,
  },
  {
    name: 'an answer that is late, but in time',
    fault: { delayMs: 50 },
    outcome: 'answered',
    attempts: 1,
    accounts: ['spent'],
  },
  {
    name: '429 with retry-after 0, once',
    fault: { status: 429, retryAfter: '0' },
    count: 1,
    outcome: 'answered',
    attempts: 2,
    accounts: ['free', 'spent'],
  },
  {
    name: '429 with a retry-after longer than anybody waits',
    fault: { status: 429, retryAfter: '30' },
    outcome: FAILED,
    attempts: 1,
    accounts: ['free'],
    retryAfterMs: 30_000,
  },
  { name: '500', fault: { status: 500 }, outcome: FAILED, attempts: 2, accounts: twice('free') },
  { name: '500 once', fault: { status: 500 }, count: 1, outcome: 'answered', attempts: 2, accounts: ['free', 'spent'] },
  {
    name: '502 of a gateway',
    fault: { status: 502, body: '<html>' },
    outcome: FAILED,
    attempts: 2,
    accounts: twice('uncertain'),
  },
  { name: '401', fault: { status: 401 }, outcome: 'rerank.provider_unauthorised', attempts: 1, accounts: ['free'] },
  { name: '403', fault: { status: 403 }, outcome: 'rerank.provider_unauthorised', attempts: 1, accounts: ['free'] },
  { name: '402', fault: { status: 402 }, outcome: 'rerank.quota_exhausted', attempts: 1, accounts: ['free'] },
  { name: '404', fault: { status: 404 }, outcome: FAILED, attempts: 1, accounts: ['free'] },
  {
    name: 'a truncated body',
    fault: 'truncate',
    outcome: 'rerank.reply_invalid',
    attempts: 2,
    accounts: twice('uncertain'),
  },
  { name: 'a connection dropped', fault: 'drop', outcome: FAILED, attempts: 2, accounts: twice('uncertain') },
  {
    name: 'a connection dropped mid-reply',
    fault: 'dropMidReply',
    outcome: FAILED,
    attempts: 2,
    accounts: twice('uncertain'),
  },
  {
    name: 'a connection dropped mid-reply once',
    fault: 'dropMidReply',
    count: 1,
    outcome: 'answered',
    attempts: 2,
    accounts: ['uncertain', 'spent'],
  },
  {
    name: 'JSON of another form',
    fault: { altered: () => 'odd' },
    outcome: 'rerank.reply_invalid',
    attempts: 2,
    accounts: twice('uncertain'),
  },
  {
    name: 'a score missing',
    fault: { altered: withoutFirst },
    outcome: 'rerank.reply_invalid',
    attempts: 2,
    accounts: twice('uncertain'),
  },
  {
    name: 'scores for texts that were not sent',
    fault: { altered: elsewhere },
    outcome: 'rerank.reply_invalid',
    attempts: 2,
    accounts: twice('uncertain'),
  },
  {
    name: 'logits where probabilities are expected',
    fault: { altered: asLogits },
    outcome: 'rerank.reply_invalid',
    attempts: 2,
    accounts: twice('spent'),
  },
];

let cohere: CohereDouble;
let tei: TeiRerankerDouble;
beforeAll(async () => {
  [cohere, tei] = await Promise.all([CohereDouble.start(), TeiRerankerDouble.start()]);
});
afterAll(async () => {
  await Promise.all([cohere.stop(), tei.stop()]);
});

const VENDORS: { name: string; behind: () => string; open: (url: string) => Promise<Reranker> }[] = [
  { name: 'cohere', behind: () => cohere.url, open: (url) => aCohereModel(`${url}/v2`) },
  { name: 'tei', behind: () => tei.url, open: aTeiModel },
];

describe.each(VENDORS)('$name', ({ behind, open }) => {
  const started = async (timeoutMs = 5000) => {
    const proxy = await Misbehaving.inFrontOf(behind());
    const meter = new Notebook();
    const ranker = aRanker(await open(proxy.url), { retries: RETRIES, timeoutMs }, meter);
    return { proxy, meter, ranker };
  };

  test.each(ROWS)('$name: $outcome after $attempts attempt(s); recovered after', async (row) => {
    const { proxy, meter, ranker } = await started(row.timeoutMs);
    // The first call may also ask what is served: what is counted comes after it.
    proxy.always();
    await ranker.rank(QUESTION, [OTHER]).catch(() => {});
    const [before, accountsBefore] = [proxy.requests.length, meter.accounts.length];
    if (row.count === undefined) proxy.always(row.fault);
    else proxy.next(row.fault);
    const ranking = ranker.rank(QUESTION, [OTHER, ANSWER]);
    if (row.outcome === 'answered') await expect(ranking).resolves.toHaveLength(2);
    else
      await expect(ranking).rejects.toMatchObject({
        code: row.outcome,
        ...(row.retryAfterMs !== undefined && { retryAfterMs: row.retryAfterMs }),
      });
    expect(proxy.requests.length - before).toBe(row.attempts);
    await expect
      .poll(() => meter.outcomes.slice(accountsBefore).map((one) => one?.replace(/ \d+$/, '')))
      .toEqual(row.accounts);
    proxy.always();
    // A limit of milliseconds may be too short for a busy machine: it is asked until it answers.
    await expect.poll(() => ranker.rank(QUESTION, [OTHER, ANSWER]).catch(() => [0, 0]), WHILE).toSatisfy(prefersAnswer);
    await ranker.close();
    await proxy.stop();
  });

  test('a server that is down costs nothing, and is not called for a while after five failures', async () => {
    const { proxy, meter, ranker } = await started();
    await proxy.stop();
    for (let call = 0; call < 3; call++) await ranker.rank(QUESTION, [ANSWER]).catch(() => {});
    await expect(ranker.rank(QUESTION, [ANSWER])).rejects.toMatchObject({ code: 'call.open_circuit' });
    expect(meter.outcomes).toEqual(['free', 'free', 'free', 'free', 'free']);
    await ranker.close();
  });
});

const WHILE = { interval: 500, timeout: 20_000 };

function prefersAnswer([other, answer]: number[]): boolean {
  return answer! > other!;
}

type Ranked = Record<string, unknown>[];

/** Changes the list of scores, wherever the vendor puts it. */
function changed(json: unknown, change: (ranked: Ranked) => Ranked): unknown {
  if (Array.isArray(json)) return change(json as Ranked);
  const reply = json as { results: Ranked };
  return { ...reply, results: change(reply.results) };
}

function withoutFirst(json: unknown) {
  return changed(json, (ranked) => ranked.slice(1));
}

function elsewhere(json: unknown) {
  return changed(json, (ranked) => ranked.map((one) => ({ ...one, index: 7 })));
}

function asLogits(json: unknown) {
  return changed(json, (ranked) => ranked.map((one) => ({ ...one, score: 4.2, relevance_score: 4.2 })));
}
