// Questions played through the server: what is counted, measured and survived.
import { expect, test } from 'vitest';
import type { Answer } from '../src/answer.js';
import { Tally } from '../src/tally.js';
import { apiDouble, problem } from './api-double.js';
import { aFile, resk } from './command-line.js';

const QUESTIONS = 'text,category\nWhere is my card?,card\n"Open, when?",hours\nHow much?,cost\nWhere?,place\n';

test('plays every pass over the file, and prints rates and percentiles by layer', async () => {
  const api = await apiDouble();
  const { code, out } = await resk(['replay', await aFile('q.csv', QUESTIONS), '--url', api.url]);
  expect(code).toBe(0);
  expect(api.asked.map(({ body }) => body)).toContainEqual({ query: 'Open, when?' });
  expect(out).toMatch(/^12 requests in .*; hit rate 66\.7 %/);
  expect(out).toMatch(/pass 1 +4 +0\.0 %\n +pass 2 +4 +100\.0 %\n +pass 3 +4 +100\.0 %/);
  expect(out).toMatch(/by status\n +hit +8 +66\.7 %\n +miss +4 +33\.3 %/);
  expect(out).toMatch(/by source\n +cache +8 +66\.7 %\n +vectordb +4 +33\.3 %/);
  expect(out).toMatch(/hits by tier\n +memory +8 +66\.7 %/);
  expect(out).toMatch(/requests +p50 +p95 +p99 +max/);
  expect(out).toMatch(/total, in the server +12 +0\.20 +4\.00 +4\.00 +4\.00/);
  expect(out).toMatch(/vector store +4 +2\.00/);
  expect(out).not.toContain('errors');
});

test('--json gives the same figures to programs', async () => {
  const api = await apiDouble();
  const { out } = await resk([
    'replay',
    await aFile('q.csv', QUESTIONS),
    '--url',
    api.url,
    '--json',
    '--repeat',
    '2',
    '--limit',
    '3',
    '--column',
    'category',
  ]);
  expect(JSON.parse(out)).toMatchObject({
    requests: 6,
    answered: 6,
    hits: 3,
    hitRate: 0.5,
    passes: [
      { requests: 3, hits: 0 },
      { requests: 3, hits: 3 },
    ],
    byStatus: { hit: 3, miss: 3 },
    bySource: { cache: 3, vectordb: 3 },
    byTier: { memory: 3 },
    latenciesMs: {
      client: { count: 6 },
      server: { count: 6, max: 4 },
      cache: { count: 6 },
      embeddings: { count: 3, p50: 1 },
      vectordb: { count: 3, p99: 2 },
    },
    errors: {},
  });
});

test('search options are sent only where they are asked for', async () => {
  const api = await apiDouble();
  const file = await aFile('q.csv', 'text\none\n');
  await resk([
    'replay',
    file,
    '--url',
    api.url,
    '--repeat',
    '1',
    '--collection',
    'help',
    '--k',
    '3',
    '--threshold',
    '0.5',
  ]);
  await resk(['replay', file, '--url', api.url, '--repeat', '1', '--k', '2']);
  expect(api.asked.map(({ body }) => body.vector)).toEqual([{ collection: 'help', k: 3, threshold: 0.5 }, { k: 2 }]);
});

test('a question that fails is counted by its code, and the others go on', async () => {
  const api = await apiDouble(({ body }) => (body.query === 'How much?' ? problem('call.timeout', 504) : undefined));
  const { code, out } = await resk(['replay', await aFile('q.csv', QUESTIONS), '--url', api.url, '--repeat', '2']);
  expect(code).toBe(9);
  expect(out).toMatch(/^8 requests/);
  expect(out).toMatch(/errors\n +call\.timeout +2 +25\.0 %/);
});

test('waiting for the rate limit is not latency', async () => {
  const api = await apiDouble((_, count) =>
    count === 1 ? problem('rate.limited', 429, { headers: { 'retry-after': '30' } }) : undefined,
  );
  const { code, out, waits } = await resk([
    'replay',
    await aFile('q.csv', 'text\none\n'),
    '--url',
    api.url,
    '--repeat',
    '1',
    '--json',
  ]);
  expect([code, waits]).toEqual([0, [30_000]]);
  expect(JSON.parse(out).latenciesMs.client).toEqual({ count: 1, p50: 1, p95: 1, p99: 1, max: 1 });
});

test('a limit that lasts longer than --max-wait ends the run, with the figures so far', async () => {
  const api = await apiDouble((_, count) =>
    count > 2 ? problem('rate.limited', 429, { headers: { 'retry-after': '900' } }) : undefined,
  );
  const { code, out, err } = await resk([
    'replay',
    await aFile('q.csv', QUESTIONS),
    '--url',
    api.url,
    '--concurrency',
    '1',
  ]);
  expect(code).toBe(7);
  expect(out).toMatch(/^2 requests/);
  expect(err).toContain('[rate.limited]');
});

test('a server that goes away ends the run', async () => {
  const api = await apiDouble((_, count) => (count > 1 ? { drop: true } : undefined));
  const { code, err, out } = await resk([
    'replay',
    await aFile('q.csv', QUESTIONS),
    '--url',
    api.url,
    '--concurrency',
    '1',
  ]);
  expect(code).toBe(8);
  expect(out).toMatch(/^1 requests/);
  expect(err).toContain('[cli.server_unreachable]');
});

test('a file without questions is said to have none', async () => {
  const { code, err } = await resk(['replay', await aFile('q.csv', 'text\n'), '--url', 'http://127.0.0.1:1']);
  expect(code).toBe(2);
  expect(err).toContain('no question in the column text');
});

test('Ctrl-C prints what was measured so far', async () => {
  const interrupt = new AbortController();
  const api = await apiDouble((_, count) => {
    if (count === 3) interrupt.abort();
    return undefined;
  });
  const { code, out } = await resk(
    ['replay', await aFile('q.csv', QUESTIONS), '--url', api.url, '--concurrency', '1'],
    { signal: interrupt.signal },
  );
  expect(code).toBe(130);
  expect(out).toMatch(/^2 requests/);
});

test('a tally without answers has no rate', () => {
  const tally = new Tally();
  tally.failed(0, 'call.timeout');
  expect(tally.report(0)).toMatchObject({
    requests: 1,
    answered: 0,
    hitRate: null,
    latenciesMs: {},
    errors: { 'call.timeout': 1 },
  });
});

test('percentiles are of all passes together, sorted by value', () => {
  const tally = new Tally();
  for (const [at, total] of [100, 3, 20].entries()) {
    tally.answered(
      at,
      {
        result: null,
        hit: false,
        status: 'miss',
        source: 'none',
        tier: null,
        latencies: { total, cache: 1 },
      } satisfies Answer,
      total + 1,
    );
  }
  expect(tally.report(1000).latenciesMs).toEqual({
    client: { count: 3, p50: 21, p95: 101, p99: 101, max: 101 },
    server: { count: 3, p50: 20, p95: 100, p99: 100, max: 100 },
    cache: { count: 3, p50: 1, p95: 1, p99: 1, max: 1 },
  });
});
