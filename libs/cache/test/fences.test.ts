// Fences tell exactly what has changed since a mark, and of nobody else's changes.
import { expect, test } from 'vitest';
import { Fences } from '../src/fences.js';

test('a mark is overtaken by what concerns it, and by nothing else', () => {
  const fences = new Fences();
  const mark = fences.mark();
  for (let at = 0; at < 20_000; at++) {
    fences.written(`other-${at}`);
    fences.purgedName(`other-${at}`);
    fences.purgedTenant(`tenant-${at}`);
  }
  fences.purgedGroup('north');
  expect(fences.rewritten(mark, 'mine')).toBe(false);
  expect(fences.purged(mark, 'north', 'mine', false)).toBe(false);
  expect(fences.purged(mark, 'north', 'mine', true)).toBe(true);
  fences.written('mine');
  expect(fences.rewritten(mark, 'mine')).toBe(true);
  expect(fences.rewritten(fences.mark(), 'mine')).toBe(false);
});

test('a mark that is older than what is remembered counts as overtaken, and so does every one when purges were missed', () => {
  const fences = new Fences();
  const old = fences.mark();
  for (let at = 0; at < 70_000; at++) fences.written(`other-${at}`);
  expect(fences.rewritten(old, 'mine')).toBe(true);
  const late = fences.mark();
  expect(fences.purged(late, 'north', 'mine', true)).toBe(false);
  fences.purgedAll();
  expect(fences.purged(late, 'north', 'mine', false)).toBe(true);
  expect(fences.purged(fences.mark(), 'north', 'mine', true)).toBe(false);
});
