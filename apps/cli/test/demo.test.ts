// The demo against a double, and the example files that it plays.
import { expect, test } from 'vitest';
import { documentsIn } from '../src/documents.js';
import { packageFile } from '../src/package-folder.js';
import { type Row, rowsOf } from '../src/rows.js';
import { apiDouble } from './api-double.js';
import { all, resk } from './command-line.js';

async function valuesOf(file: string): Promise<Row['values'][]> {
  const rows = await all(
    rowsOf(packageFile(file), { column: file.endsWith('questions.csv') ? 'question' : 'text', option: '' }),
  );
  return rows.map((row) => (row as Row).values);
}

test('plays documents, answers, variations and paraphrases, in a tenant of its own', async () => {
  const api = await apiDouble();
  const { code, out } = await resk(['demo', '--url', api.url]);
  expect(code).toBe(0);
  expect(out).toContain('64 brought to the vector store');
  expect(out).toContain('24 written to the cache');
  expect(out).toMatch(/3\. The same questions[\s\S]*hit +cache +memory/);
  expect(out).toMatch(/4\. Paraphrases[\s\S]*miss +vectordb/);
  expect(out).toMatch(/for 1 of 44 paraphrases/);
  expect(out).toMatch(/5\. The same paraphrases again[\s\S]*36 more: 44 × cache/);
  expect(api.asked[0]).toMatchObject({ method: 'DELETE', path: '/api/cache' });
});

test('with a given token it purges nothing', async () => {
  const api = await apiDouble();
  expect((await resk(['demo', '--url', api.url, '--token', 'a.b.c'])).code).toBe(0);
  expect(api.asked.some(({ method }) => method === 'DELETE')).toBe(false);
});

test('the examples are whole: enough of each, ids once, every question leads to a passage', async () => {
  const documents = await all(
    documentsIn(packageFile('examples/documents.csv'), 'documents.csv', { text: 'text', id: 'id' }),
  );
  const ids = documents.flatMap((one) => ('document' in one ? [one.document.id] : []));
  const questions = await valuesOf('examples/questions.csv');
  const answers = await valuesOf('examples/answers.jsonl');
  expect([ids.length >= 60, questions.length >= 40, answers.length >= 20]).toEqual([true, true, true]);
  expect(new Set(ids).size).toBe(documents.length);
  for (const { document, paraphrase, question } of questions) {
    expect(ids).toContain(document);
    expect(paraphrase).not.toBe(question);
  }
});
