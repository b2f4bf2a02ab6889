// Documents on their way to the server: ids, batches, retries, refusals.
import { expect, test } from 'vitest';
import { apiDouble, problem } from './api-double.js';
import { aFile, resk } from './command-line.js';

const sizes = (asked: Array<{ body: { documents: unknown[] } }>) => asked.map(({ body }) => body.documents.length);
const rows = (n: number) => `text\n${Array.from({ length: n }, (_, at) => `document ${at}`).join('\n')}\n`;

test('brings rows as documents: other columns become metadata, the file its source', async () => {
  const api = await apiDouble();
  const file = await aFile('faq.csv', 'text,topic,empty\n"Open, daily",hours,\nFree,cost,\n');
  const { code, out } = await resk(['ingest', file, '--url', api.url]);
  expect(code).toBe(0);
  expect(out).toMatch(/^2 rows: 2 documents upserted in .*, 0 repeated, 0 refused\n$/);
  const [{ body, path, method, authorization }] = api.asked as [(typeof api.asked)[0]];
  expect([method, path, authorization?.startsWith('Bearer ey')]).toEqual(['POST', '/api/vectors/upsert', true]);
  expect(body).toEqual({
    documents: [
      {
        id: expect.stringMatching(/^[\w-]{22}$/),
        text: 'Open, daily',
        metadata: { topic: 'hours' },
        source: 'faq.csv',
      },
      { id: expect.any(String), text: 'Free', metadata: { topic: 'cost' }, source: 'faq.csv' },
    ],
  });
});

test('names the run with each document, and counts what the privacy policy keeps out', async () => {
  const api = await apiDouble(({ body }) => ({ body: { upserted: body.documents.length - 1, skipped: 1 } }));
  const file = await aFile('faq.csv', rows(3));
  const { code, out } = await resk(['ingest', file, '--run', 'nightly-7', '--url', api.url]);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^3 rows: 2 documents upserted in .*, 0 repeated, 1 kept out by the privacy policy, 0 refused\n$/,
  );
  const { documents } = api.asked[0]!.body as { documents: { ingestRun: string }[] };
  expect(documents.map(({ ingestRun }) => ingestRun)).toEqual(['nightly-7', 'nightly-7', 'nightly-7']);
});

test('a document that the privacy policy refuses does not cost its neighbours', async () => {
  const refusing = ({ body }: { body: { documents: { text: string }[] } }) =>
    body.documents.some(({ text }) => text === 'document 2') ? problem('privacy.refused', 422) : undefined;
  const api = await apiDouble(refusing);
  const file = await aFile('faq.csv', rows(5));
  const { code, out, err } = await resk(['ingest', file, '--url', api.url]);
  expect([code, out]).toEqual([2, expect.stringContaining('5 rows: 4 documents upserted')]);
  expect(err).toContain('row 4: it is privacy.refused');
});

test('the same text keeps its id in every run and every file, and is sent once', async () => {
  const api = await apiDouble();
  const first = await aFile('a.csv', 'text\nsame\nother\nsame\n');
  const second = await aFile('b.jsonl', '{"text":"same"}\n{"text":"third"}\n');
  const { out } = await resk(['ingest', first, second, '--url', api.url]);
  expect(out).toContain('5 rows: 3 documents');
  expect(out).toContain('2 repeated');
  const ids = [...api.documents.keys()];
  await resk(['ingest', first, '--url', api.url]);
  expect([...api.documents.keys()]).toEqual(ids);
});

test('a column of ids that no header has ends the run before anything is sent', async () => {
  const api = await apiDouble();
  const file = await aFile('faq.csv', rows(64));
  const { code, out, err } = await resk(['ingest', file, '--url', api.url, '--id-column', 'nope']);
  expect([code, out]).toEqual([2, expect.stringMatching(/^0 rows: .* 0 refused\n$/)]);
  expect(err).toContain(
    'has no column nope. Its columns: text. Name another one with --id-column. [cli.column_absent]',
  );
  expect(api.asked).toEqual([]);
});

test.each([
  ['faq.csv', ''],
  ['faq.csv', 'text,topic\n'],
  ['faq.jsonl', ''],
])('says of a file without rows that it has none: %s, %j', async (name, content) => {
  const api = await apiDouble();
  const file = await aFile(name, content);
  const { code, out, err } = await resk(['ingest', file, '--url', api.url]);
  expect([code, out]).toEqual([0, expect.stringContaining('0 rows: ')]);
  expect(err).toContain(`${file} holds no rows: nothing was taken from it\n`);
});

test('ids come from the column that is named, and leave the metadata', async () => {
  const api = await apiDouble();
  const file = await aFile(
    'a.jsonl',
    '{"key":7,"body":"seven","lang":"en"}\n{"key":" x ","body":"ex"}\n{"body":"none"}\n',
  );
  const { code, err } = await resk(['ingest', file, '--url', api.url, '--id-column', 'key', '--text-column', 'body']);
  expect([...api.documents.values()].map(({ id, metadata }) => ({ id, metadata }))).toEqual([
    { id: '7', metadata: { lang: 'en' } },
    { id: 'x', metadata: {} },
  ]);
  expect(code).toBe(2);
  expect(err).toContain('row 3: it has no id in key');
});

test('a metadata object of JSON Lines stands beside the other members', async () => {
  const api = await apiDouble();
  const file = await aFile(
    'a.jsonl',
    '{"text":"a","metadata":{"page":3},"lang":"en"}\n{"text":"b","metadata":"plain"}\n',
  );
  await resk(['ingest', file, '--url', api.url]);
  expect([...api.documents.values()].map(({ metadata }) => metadata)).toEqual([
    { lang: 'en', page: 3 },
    { metadata: 'plain' },
  ]);
});

test('10,000 rows go in batches of the size that is asked for, none lost', async () => {
  const api = await apiDouble();
  const file = await aFile('a.csv', rows(10_000));
  const { out } = await resk([
    'ingest',
    file,
    '--url',
    api.url,
    '--batch',
    '300',
    '--parallel',
    '3',
    '--collection',
    'help',
  ]);
  expect(out).toContain('10,000 rows: 10,000 documents');
  expect(api.documents.size).toBe(10_000);
  expect(sizes(api.asked).sort((a, b) => b - a)).toEqual([...Array.from({ length: 33 }, () => 300), 100]);
  expect(api.asked.every(({ body }) => body.collection === 'help')).toBe(true);
});

test.each([
  ['BATCH_SIZE', { BATCH_SIZE: '4' }, [4, 4, 2]],
  ['UPSERT_BATCH before BATCH_SIZE', { BATCH_SIZE: '4', UPSERT_BATCH: '6' }, [6, 4]],
])('the batch size comes from %s', async (_, env, expected) => {
  const api = await apiDouble();
  await resk(['ingest', await aFile('a.csv', rows(10)), '--url', api.url, '--parallel', '1'], { env });
  expect(sizes(api.asked)).toEqual(expected);
});

test('long documents make small batches', async () => {
  const api = await apiDouble();
  const text = 'long '.repeat(20_000);
  const file = await aFile('a.csv', `text\n1 ${text}\n2 ${text}\n3 ${text}\n`);
  await resk(['ingest', file, '--url', api.url, '--parallel', '1']);
  expect(sizes(api.asked)).toEqual([2, 1]);
});

test('waits as long as the server asks for after 429, and goes on where it was', async () => {
  const api = await apiDouble((_, count) =>
    count === 2 ? problem('rate.limited', 429, { headers: { 'retry-after': '7' } }) : undefined,
  );
  const { code, err, waits } = await resk([
    'ingest',
    await aFile('a.csv', rows(9)),
    '--url',
    api.url,
    '--batch',
    '3',
    '--parallel',
    '1',
  ]);
  expect(code).toBe(0);
  expect(waits).toEqual([7000]);
  expect(err).toContain('waiting 7.0 s (rate.limited)');
  expect(sizes(api.asked)).toEqual([3, 3, 3, 3]);
  expect(api.documents.size).toBe(9);
});

test('reads retry-after as a date too', async () => {
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  const api = await apiDouble((_, count) =>
    count === 1 ? problem('server.stopping', 503, { headers: { 'retry-after': inAMinute } }) : undefined,
  );
  const { waits } = await resk(['ingest', await aFile('a.csv', rows(1)), '--url', api.url]);
  expect(waits[0]).toBeGreaterThan(55_000);
  expect(waits[0]).toBeLessThanOrEqual(60_000);
});

test('backs off by growing, jittered waits while a proxy or the connection fails', async () => {
  const api = await apiDouble(
    (_, count) => [{ status: 502, text: '<html>' }, { drop: true }, problem('request.late', 504)][count - 1],
  );
  const { code, waits } = await resk(['ingest', await aFile('a.csv', rows(1)), '--url', api.url]);
  expect(code).toBe(0);
  expect(waits).toEqual([125, 250, 500]);
});

test('a wait that is longer than --max-wait ends the run with what came in', async () => {
  const api = await apiDouble((_, count) =>
    count > 1 ? problem('rate.limited', 429, { headers: { 'retry-after': '600' } }) : undefined,
  );
  const { code, out, waits } = await resk([
    'ingest',
    await aFile('a.csv', rows(9)),
    '--url',
    api.url,
    '--batch',
    '3',
    '--max-wait',
    '10s',
    '--parallel',
    '1',
  ]);
  expect([code, waits]).toEqual([7, []]);
  expect(out).toContain('3 documents upserted');
});

test('gives up after so many tries', async () => {
  const api = await apiDouble(() => problem('vector.store_unavailable', 503));
  const { code, err, waits } = await resk(['ingest', await aFile('a.csv', rows(1)), '--url', api.url]);
  expect(code).toBe(8);
  expect(waits).toHaveLength(7);
  expect(err).toContain('[vector.store_unavailable]');
});

test('rows that cannot be read or have no text are reported, and the others come in', async () => {
  const api = await apiDouble();
  const file = await aFile('a.csv', 'text,n\none,1\n   ,2\nthree\nfour,4\n');
  const { code, out, err } = await resk(['ingest', file, '--url', api.url]);
  expect(code).toBe(2);
  expect(out).toContain('4 rows: 2 documents upserted');
  expect(err).toContain(`${file}, row 3: its text is empty`);
  expect(err).toContain(`${file}, row 4: it has 1 fields where the header has 2`);
  expect(err).toContain('2 row(s) were refused');
});

test('only the first refusals are shown, and the rest counted', async () => {
  const file = await aFile('a.jsonl', '{"text":""}\n'.repeat(50));
  const { err } = await resk(['ingest', file, '--dry-run']);
  expect(err.match(/its text is empty/g)).toHaveLength(20);
  expect(err).toContain('… and 30 more');
});

test('documents that the server names are taken out of the batch, and the others sent again', async () => {
  const api = await apiDouble(({ body }) => {
    const at = body.documents.findIndex(({ text }: { text: string }) => text === 'document 2');
    const errors = [{ path: `documents.${at}.text`, code: 'too_big', message: 'Too long' }];
    return at >= 0 ? problem('request.invalid', 400, { errors }) : undefined;
  });
  const { code, err, out } = await resk(['ingest', await aFile('a.csv', rows(5)), '--url', api.url]);
  expect(code).toBe(2);
  expect(err).toContain('row 4: text: Too long');
  expect(out).toContain('4 documents upserted');
  expect(sizes(api.asked)).toEqual([5, 4]);
});

test('a document that the server refuses without naming it is found by halving', async () => {
  const api = await apiDouble(({ body }) =>
    body.documents.some(({ text }: { text: string }) => text === 'document 5')
      ? problem('embedding.input_refused', 422)
      : undefined,
  );
  const { code, err } = await resk(['ingest', await aFile('a.csv', rows(8)), '--url', api.url]);
  expect(code).toBe(2);
  expect(err).toContain('row 7: it is embedding.input_refused');
  expect(api.documents.size).toBe(7);
});

test('a refusal of the request as a whole ends the run at once', async () => {
  const api = await apiDouble(() =>
    problem('request.invalid', 400, { errors: [{ path: 'collection', code: 'bad', message: 'not a name' }] }),
  );
  const { code, err } = await resk([
    'ingest',
    await aFile('a.csv', rows(100)),
    '--url',
    api.url,
    '--batch',
    '1',
    '--parallel',
    '1',
  ]);
  expect(code).toBe(2);
  expect(api.asked).toHaveLength(1);
  expect(err).toContain('collection: not a name');
});

test('--dry-run reads and counts without any server', async () => {
  const { code, out } = await resk([
    'ingest',
    await aFile('a.csv', rows(12)),
    '--dry-run',
    '--url',
    'http://127.0.0.1:1',
  ]);
  expect([code, out]).toEqual([0, '12 rows: 12 documents to upsert, 0 repeated, 0 refused\n']);
});

test('says how far it is: lines elsewhere, a bar on a terminal', async () => {
  const api = await apiDouble();
  const argv = ['ingest', await aFile('a.csv', rows(10)), '--url', api.url, '--batch', '2', '--parallel', '1'];
  const lines = await resk(argv, { tick: 1000 });
  expect(lines.err).toMatch(/\d+ %, \d+ documents, \d+\/s, [\d.]+ s left/);
  const bar = await resk(argv, { isTTY: true, tick: 1000 });
  expect(bar.err).toMatch(/100 % \| 10 documents \| \d+\/s \| 0\.0 s left/);
});

test('a bar says what is waited for', async () => {
  const api = await apiDouble((_, count) =>
    count === 1 ? problem('rate.limited', 429, { headers: { 'retry-after': '3' } }) : undefined,
  );
  const { code } = await resk(['ingest', await aFile('a.csv', rows(1)), '--url', api.url], { isTTY: true });
  expect(code).toBe(0);
});

test('Ctrl-C ends the run after the requests under way, and reports what came in', async () => {
  const interrupt = new AbortController();
  const api = await apiDouble((_, count) => {
    if (count === 3) interrupt.abort();
    return undefined;
  });
  const { code, out } = await resk(
    ['ingest', await aFile('a.csv', rows(100)), '--url', api.url, '--batch', '5', '--parallel', '1'],
    { signal: interrupt.signal },
  );
  expect(code).toBe(130);
  expect(out).toMatch(/ 10 documents upserted/);
  expect(api.asked).toHaveLength(3);
});
