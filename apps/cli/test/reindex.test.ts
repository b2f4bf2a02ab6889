// resk reindex tells the cost first, asks until all is done and says what stays; resk drift fails where a model has drifted.
import { expect, test } from 'vitest';
import { type Asked, apiDouble, problem, type Reply } from './api-double.js';
import { resk } from './command-line.js';

const ESTIMATE = {
  provider: 'openai',
  model: 'large',
  collections: [{ tenant: 'north', collection: 'faq', documents: 1200, tokens: 24_000 }],
  documents: 1200,
  tokens: 24_000,
  money: '0.00048',
  currency: 'USD',
};
const NONE = { no_text: 0, refused: 0, unreadable: 0 };

const step = (done: boolean, seen: number, more: object = {}): Reply => ({
  body: {
    done,
    total: 1200,
    seen,
    moved: seen,
    left: NONE,
    examples: [],
    tokens: seen * 20,
    collectionsDone: 1,
    ...more,
  },
});

async function call(args: string[], steps: Reply[], estimate: object = ESTIMATE, around = {}) {
  let at = 0;
  const { url, asked } = await apiDouble(({ method }: Asked) => (method === 'GET' ? { body: estimate } : steps[at++]));
  return { asked, ...(await resk([...args, '--url', url], around)) };
}

test('reindex tells documents and money first, and asks until all is done, from the start only at first', async () => {
  const { out, err, asked, code, waits } = await call(
    ['reindex', '--tenant', 'north', '--collection', 'faq', '--restart', '--step', '500'],
    [
      step(false, 500),
      problem('rate.limited', 429, { headers: { 'retry-after': '2' } }),
      step(false, 400),
      step(true, 1200),
    ],
  );
  expect(code).toBe(0);
  expect(err).toContain('1,200 documents to be embedded by large of openai: about 24,000 tokens, about 0.00048 USD.');
  expect(out).toBe('1,200 documents of 1 collections moved, 24,000 tokens.\n');
  expect(asked[0]?.path).toBe('/api/admin/vectors/reindex?tenant=north&collection=faq');
  const scope = { tenant: 'north', collection: 'faq', limit: 500 };
  expect(asked.slice(1).map(({ body }) => body)).toEqual([{ ...scope, restart: true }, scope, scope, scope]);
  expect(waits).toEqual([2000]);
});

test('reindex says what stays as it is, and why', async () => {
  const left = { no_text: 2, refused: 1, unreadable: 0 };
  const examples = [{ tenant: 'north', collection: 'faq', id: 'a b', reason: 'no_text' }];
  const { out, err } = await call(['reindex'], [step(true, 10, { left, examples })]);
  expect(out).toContain('left as they are: 2 have no text, 1 were refused by the model.');
  expect(err).toContain('north/faq "a b": no_text');
});

test('reindex --dry-run changes nothing', async () => {
  const { out, asked } = await call(['reindex', '--dry-run'], []);
  expect(out).toBe('north/faq: 1,200 documents, about 24,000 tokens\n');
  expect(asked.map(({ method }) => method)).toEqual(['GET']);
  const none = { ...ESTIMATE, collections: [], documents: 0, tokens: 0, money: null, currency: null };
  expect((await call(['reindex', '--dry-run'], [], none)).err).toContain('No document is of another model than large');
  const free = { ...ESTIMATE, money: null, currency: null };
  expect((await call(['reindex', '--dry-run'], [], free)).err).toContain('24,000 tokens.\n');
});

test('reindex that is stopped says that the next run goes on', async () => {
  const controller = new AbortController();
  const { url } = await apiDouble(({ method }) => {
    if (method === 'GET') return { body: ESTIMATE };
    controller.abort();
    return step(false, 1);
  });
  const { err, code } = await resk(['reindex', '--url', url], { signal: controller.signal });
  expect([code, err]).toEqual([130, expect.stringContaining('resk reindex goes on from here')]);
});

test('reindex that another is at fails with its code', async () => {
  const { code, err } = await call(['reindex'], [problem('vector.reindex_running', 409)]);
  expect([code, err]).toEqual([6, expect.stringContaining('[vector.reindex_running]')]);
});

const report = {
  tenant: 'north',
  collection: 'faq',
  sampled: 20,
  similarity: 0.99991,
  threshold: 0.98,
  drifted: false,
};

test('drift prints each collection, and fails where one has drifted', async () => {
  const steady = await call(['drift', '--collection', 'faq'], [{ body: { drifted: false, collections: [report] } }]);
  expect([steady.code, steady.asked[0]?.body]).toEqual([0, { collection: 'faq' }]);
  expect(steady.out).toMatch(/north\/faq +20 +0\.9999 +steady/);
  const other = { ...report, similarity: 0.5, drifted: true };
  const drifted = await call(['drift'], [{ body: { drifted: true, collections: [report, other] } }]);
  expect([drifted.code, drifted.err]).toEqual([8, expect.stringContaining('[vector.models_differ]')]);
  expect(drifted.out).toMatch(/0\.5000 +drifted/);
  const none = await call(['drift'], [{ body: { drifted: false, collections: [] } }]);
  expect(none.out).toContain('No collection holds documents');
});
