// What is read of CSV and JSON Lines files, and what is said of rows that cannot be read.
import { expect, test } from 'vitest';
import { type BadRow, type Row, rowsOf, sizeOf } from '../src/rows.js';
import { aFile, aFolder, all } from './command-line.js';

async function read(name: string, content: string | Uint8Array, column = 'text'): Promise<Array<Row | BadRow>> {
  return all(rowsOf(await aFile(name, content), { column, option: '--text-column' }));
}

const csv = (content: string | Uint8Array, column?: string) => read('a.csv', content, column);
const jsonl = (content: string | Uint8Array) => read('a.jsonl', content);
const valuesOf = (rows: Array<Row | BadRow>) => rows.map((row) => ('values' in row ? row.values : row.reason));

test('reads quotes, commas and line breaks inside fields', async () => {
  const rows = await csv('text,category\n"He said ""no"", twice",a\n"two\nlines",b\nplain,c\n');
  expect(valuesOf(rows)).toEqual([
    { text: 'He said "no", twice', category: 'a' },
    { text: 'two\nlines', category: 'b' },
    { text: 'plain', category: 'c' },
  ]);
});

test('reads Windows line ends, a byte order mark, and a last line without an end', async () => {
  expect(valuesOf(await csv('\uFEFFtext,n\r\none,1\r\ntwo,2'))).toEqual([
    { text: 'one', n: '1' },
    { text: 'two', n: '2' },
  ]);
});

test('passes over empty lines, and counts rows as a spreadsheet does', async () => {
  const rows = await csv('text\n\none\n\n\n"t\nwo"\nthree\n');
  expect(rows.map(({ row }) => row)).toEqual([3, 6, 7]);
});

test('a row with another number of fields is refused alone', async () => {
  const rows = await csv('text,n\none,1\ntwo\nthree,3,3\nfour,4\n');
  expect(valuesOf(rows)).toEqual([
    { text: 'one', n: '1' },
    'it has 1 fields where the header has 2',
    'it has 3 fields where the header has 2',
    { text: 'four', n: '4' },
  ]);
});

test('a missing column is named together with those that are there', async () => {
  await expect(csv('question,answer\na,b\n')).rejects.toMatchObject({
    code: 'cli.column_absent',
    message: expect.stringContaining(
      'no column text. Its columns: question, answer. Name another one with --text-column.',
    ),
  });
});

test.each([
  ['an unclosed quote', 'text\none\n"two\nthree\n', 'row 3: quote not closed'],
  ['text behind a closing quote', 'text\n"one"x\n', 'row 2: invalid closing quote'],
  ['a quote inside a plain field', 'text\none\ntwo\nth"ree\n', 'row 4: invalid opening quote'],
])('%s ends the reading at its row', async (_, content, says) => {
  await expect(csv(content)).rejects.toMatchObject({
    code: 'cli.file_invalid',
    message: expect.stringContaining(says),
  });
});

test('a file without rows gives none', async () => {
  expect(await csv('')).toEqual([]);
  expect(await csv('text\n')).toEqual([]);
  expect(await jsonl('')).toEqual([]);
});

test('bytes that are not UTF-8 refuse their row', async () => {
  const latin1 = Buffer.from('text\ncaf\xe9\ntea\n', 'latin1');
  expect(valuesOf(await csv(latin1))).toEqual(['it is not UTF-8 (save the file as UTF-8)', { text: 'tea' }]);
});

test('reads JSON Lines with a byte order mark, empty lines, Windows ends and a raw U+2028', async () => {
  const rows = await jsonl('\uFEFF{"text":"one"}\r\n\n{"text":"t\u2028wo","n":2}\n   \n{"text":"three"}');
  expect(valuesOf(rows)).toEqual([{ text: 'one' }, { text: 't\u2028wo', n: 2 }, { text: 'three' }]);
  expect(rows.map(({ row }) => row)).toEqual([1, 3, 5]);
});

test('a line that is no JSON object is refused alone', async () => {
  expect(valuesOf(await jsonl('{"text":"one"\n[1]\nnull\n"text"\n{"text":"five"}\n'))).toEqual([
    'it is not valid JSON',
    'it is not a JSON object',
    'it is not a JSON object',
    'it is not a JSON object',
    { text: 'five' },
  ]);
});

test('characters cut by the end of a read block stay whole', async () => {
  const long = `${'é'.repeat(100_000)}a`;
  expect(valuesOf(await jsonl(`{"text":"${long}"}\n`))).toEqual([{ text: long }]);
});

test('10,000 rows are read one by one, and their bytes add up to the file', async () => {
  const content = `text,n\n${Array.from({ length: 10_000 }, (_, n) => `"row ""${n}""",${n}`).join('\n')}\n`;
  const rows = await csv(content);
  expect(rows).toHaveLength(10_000);
  expect(rows[9_999]).toMatchObject({ row: 10_001, values: { text: 'row "9999"', n: '9999' } });
  expect(rows.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(content.length);
});

test('a file that is not there, or is a folder, is said to be', async () => {
  const folder = await aFolder();
  await expect(sizeOf(`${folder}/none.csv`)).rejects.toMatchObject({ code: 'cli.file_unreadable', kind: 'absent' });
  await expect(sizeOf(folder)).rejects.toMatchObject({ message: expect.stringContaining('it is a folder') });
  for (const name of ['none.csv', 'none.jsonl']) {
    const reading = all(rowsOf(`${folder}/${name}`, { column: 'text', option: '--text-column' }));
    await expect(reading).rejects.toMatchObject({
      code: 'cli.file_unreadable',
      message: expect.stringContaining('ENOENT'),
    });
  }
});
