// Percentiles, and how numbers and tables are written.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { count, millis, percent, percentile, seconds, table } from '../src/numbers.js';

test('percentiles are the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  expect([1, 50, 95, 99, 100].map((percent) => percentile(hundred, percent))).toEqual([1, 50, 95, 99, 100]);
  expect(percentile([15, 20, 35, 40, 50], 40)).toBe(20);
  expect(percentile([7], 99)).toBe(7);
  expect(percentile([], 50)).toBeUndefined();
});

test('a percentile is a measured value that at least its share does not exceed', () => {
  const sample = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(sample, fc.integer({ min: 0, max: 100 }), (values, share) => {
      const sorted = [...values].sort((a, b) => a - b);
      const found = percentile(sorted, share) as number;
      expect(sorted).toContain(found);
      expect(sorted.filter((value) => value <= found).length).toBeGreaterThanOrEqual((share / 100) * sorted.length);
    }),
  );
});

test('numbers are written for people', () => {
  expect([count(10_003), millis(1234.5), seconds(12_345), seconds(245_000), percent(2, 3), percent(0, 0)]).toEqual([
    '10,003',
    '1,234.50',
    '12.3 s',
    '4 min 5 s',
    '66.7 %',
    '–',
  ]);
});

test('tables align the first column to the left and the others to the right', () => {
  const rows = [
    ['', 'p50'],
    ['cache', '0.10'],
    ['vector store', '12.00'],
  ];
  expect(table(rows).split('\n')).toEqual(['                  p50', '  cache          0.10', '  vector store  12.00']);
});
