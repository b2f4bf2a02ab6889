// What the detectors find in the labelled set, and that it stays so.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openTextGuard } from '#privacy';
import { type Labelled, labelledSet } from '../../../bench/privacy/labelled-set.js';
import { DETECTORS, measure, tableOf, total } from '../../../bench/privacy/measure.js';

const set = labelledSet();
const guard = await openTextGuard(DETECTORS, { plugins: [] });

test('the set has at least 600 texts with something in them and 600 near misses, in ten languages and forms', () => {
  const labelled = set.filter(({ label }) => label);
  expect(labelled.length).toBeGreaterThanOrEqual(600);
  expect(set.length - labelled.length).toBeGreaterThanOrEqual(600);
  expect(new Set(labelled.map(({ language }) => language)).size).toBeGreaterThanOrEqual(10);
  expect(new Set(labelled.map(({ label }) => label!.kind))).toEqual(new Set(guard.kinds));
});

test('the set is the same each time, and no label lies outside its text', () => {
  expect(labelledSet()).toEqual(set);
  for (const { text, label } of set) {
    if (label) expect(text.slice(label.start, label.end).length).toBe(label.end - label.start);
  }
});

test('what is measured does not fall below its floor, for any kind', async () => {
  const { scores } = await measure(guard, set);
  for (const { kind, precision, recall } of scores) {
    expect([kind, precision >= 0.9, recall >= 0.75]).toEqual([kind, true, true]);
  }
  expect(total(scores).precision).toBeGreaterThanOrEqual(0.99);
  expect(total(scores).recall).toBeGreaterThanOrEqual(0.96);
});

test('holds for other draws of the same set too', async () => {
  for (const seed of [1, 2, 3]) {
    const { scores } = await measure(guard, labelledSet(seed));
    expect(total(scores).precision).toBeGreaterThanOrEqual(0.985);
    expect(total(scores).recall).toBeGreaterThanOrEqual(0.96);
  }
});

test('the table in the documents is the measured one', async () => {
  const { scores } = await measure(guard, set);
  const document = await readFile(new URL('../../../docs/PRIVACY.md', import.meta.url), 'utf8');
  expect(document).toContain(tableOf(scores));
});

test('a finding that leaves a part of the value counts as missed, and one of another kind as wrong', async () => {
  const text = 'to jane@example.com';
  const at = (start: number, kind = 'email'): Labelled => ({ text, language: 'en', label: { kind, start, end: 19 } });
  const scoreOf = async (one: Labelled, kind: string) =>
    (await measure(guard, [one])).scores.find((score) => score.kind === kind);
  expect(await scoreOf(at(3), 'email')).toMatchObject({ found: 1, wrong: 0 });
  expect(await scoreOf(at(0), 'email')).toMatchObject({ found: 0, wrong: 1, recall: 0 });
  expect(await scoreOf(at(3, 'iban'), 'email')).toMatchObject({ labelled: 0, wrong: 1 });
});
