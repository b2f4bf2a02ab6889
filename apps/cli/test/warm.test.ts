// The cache is filled before the first user comes.
import { describe, expect, test } from 'vitest';
import { apiDouble, problem } from './api-double.js';
import { aFile, resk } from './command-line.js';

const wrote = (body: { entries: object[] }) => ({ body: { success: true, written: body.entries.length } });
const server = () => apiDouble(({ path, body }) => (path === '/api/cache/warmup' ? wrote(body) : undefined));
const asked = (api: Awaited<ReturnType<typeof apiDouble>>, path: string) =>
  api.asked.filter((one) => one.path === path).map(({ body }) => body);

describe('answers', () => {
  test('of JSON Lines are written as they stand', async () => {
    const api = await server();
    const entry = { query: 'When?', response: { answer: 'At nine.' }, ttl: 60, tags: ['hours'], language: 'en' };
    const file = await aFile(
      'a.jsonl',
      `${JSON.stringify({ ...entry, note: 'ours' })}\n{"query":"Null?","response":null}\n`,
    );
    const { code, out } = await resk(['warm', file, '--url', api.url]);
    expect(asked(api, '/api/cache/warmup')).toEqual([{ entries: [entry, { query: 'Null?', response: null }] }]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^2 written, 0 retrieved, 0 known before, 0 without/)]);
  });

  test('of CSV are texts, and their numbers numbers; an empty field is none', async () => {
    const api = await server();
    const file = await aFile('a.csv', 'question,response,ttl,model\nWhen?,At nine.,60,\n');
    await resk(['warm', file, '--column', 'question', '--url', api.url]);
    expect(asked(api, '/api/cache/warmup')).toEqual([{ entries: [{ query: 'When?', response: 'At nine.', ttl: 60 }] }]);
  });

  test('that the server refuses do not cost their neighbours', async () => {
    const api = await apiDouble(({ body }) => {
      const at = body.entries.findIndex(({ ttl }: { ttl?: unknown }) => ttl === 'soon');
      const errors = [{ path: `entries.${at}.ttl`, code: 'invalid_type', message: 'must be a number' }];
      return at >= 0 ? problem('request.invalid', 400, { errors }) : wrote(body);
    });
    const file = await aFile('a.csv', 'query,response,ttl\na,1,60\nb,2,soon\nc,3,60\n');
    const { code, out, err } = await resk(['warm', file, '--url', api.url]);
    expect([code, out]).toEqual([2, expect.stringContaining('2 written')]);
    expect(err).toContain('row 3: ttl: must be a number');
  });

  test('go in batches that the server takes', async () => {
    const api = await server();
    const lines = Array.from({ length: 250 }, (_, at) => JSON.stringify({ query: `q${at}`, response: at })).join('\n');
    await resk(['warm', await aFile('a.jsonl', lines), '--parallel', '1', '--url', api.url]);
    expect(asked(api, '/api/cache/warmup').map(({ entries }) => entries.length)).toEqual([100, 100, 50]);
  });
});

describe('questions of the past', () => {
  test('of a log are asked once each, the most frequent first', async () => {
    const api = await server();
    const file = await aFile('past.log', 'rare\noften\r\n\n often \noften\nrare?\n');
    const { code, out } = await resk(['warm', file, '--parallel', '1', '--url', api.url]);
    expect(asked(api, '/api/cache/query').map(({ query }) => query)).toEqual(['often', 'rare', 'rare?']);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^0 written, \d retrieved, \d known before, \d without an answer/),
    ]);
  });

  test('are asked in their language, of their model and with their params, up to the limit', async () => {
    const api = await server();
    const file = await aFile(
      'a.jsonl',
      '{"query":"a"}\n{"query":"a","language":"fr","params":{"t":1}}\n{"query":"a","language":"fr","params":{"t":1}}\n',
    );
    await resk(['warm', file, '--limit', '1', '--url', api.url]);
    const question = { query: 'a', language: 'fr', params: { t: 1 } };
    expect(asked(api, '/api/cache/query')).toEqual([question]);
    await resk(['warm', file, '--limit', '1', '--collection', 'faq', '--url', api.url]);
    expect(asked(api, '/api/cache/query')[1]).toEqual({ ...question, vector: { collection: 'faq' } });
  });

  test('that fail are counted, and the others asked', async () => {
    const api = await apiDouble(({ body }) => (body.query === 'bad' ? problem('privacy.refused', 422) : undefined));
    const { code, err } = await resk(['warm', await aFile('a.txt', 'good\nbad\nfine\n'), '--url', api.url]);
    expect([code, err]).toEqual([2, expect.stringContaining('row 2: it is privacy.refused')]);
    expect(api.asked).toHaveLength(3);
  });

  test('end where nobody may ask', async () => {
    const api = await apiDouble(() => problem('auth.scope', 403));
    const { code } = await resk(['warm', await aFile('a.txt', 'one\ntwo\n'), '--parallel', '1', '--url', api.url]);
    expect(code).toBe(4);
    expect(api.asked).toHaveLength(1);
  });

  test('wait as long as the server asks for', async () => {
    const api = await apiDouble((_, count) =>
      count === 1 ? problem('rate.limited', 429, { headers: { 'retry-after': '3' } }) : undefined,
    );
    const { code, waits } = await resk(['warm', await aFile('a.txt', 'one\n'), '--url', api.url]);
    expect([code, waits]).toEqual([0, [3000]]);
  });
});

test.each([
  ['holds none', 'a.csv', 'query,response\n', 'no question in the column query'],
  ['has another column', 'a.csv', 'text\nx\n', 'query'],
])('a file that %s is said to', async (_, name, content, said) => {
  const { code, err } = await resk(['warm', await aFile(name, content), '--url', 'http://127.0.0.1:1']);
  expect([code, err]).toEqual([2, expect.stringContaining(said)]);
});

test('a file that is not there is said to, and rows without a question are reported', async () => {
  expect((await resk(['warm', 'nowhere.log'])).err).toContain('ENOENT');
  const api = await server();
  const { code, err } = await resk([
    'warm',
    await aFile('a.jsonl', '{"query":"a"}\n{"other":1}\nno json\n'),
    '--url',
    api.url,
  ]);
  expect(code).toBe(2);
  expect(err).toContain('row 2: it has no question in query');
  expect(err).toContain('row 3: it is not valid JSON');
});
