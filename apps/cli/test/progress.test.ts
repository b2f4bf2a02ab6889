// How far a run is, where the size of the work is known and where it is not.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { processIo } from '../src/io.js';
import { progressOn } from '../src/progress.js';

function shown(isTTY: boolean, totalWork: number): string {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 100 });
  let clock = 0;
  const progress = progressOn(processIo({ stderr, now: () => (clock += 1500) }), 'documents', totalWork);
  progress.advance(10, 100);
  progress.advance(10, 100);
  progress.note('waiting 3.0 s');
  progress.stop();
  return String(stderr.read());
}

test('a known size gives a share, a rate and the time that is left', () => {
  expect(shown(false, 40)).toMatch(/^\d+ %, \d+ documents, \d+\/s, [\d.]+ s left\n/);
});

test('an unknown size, as of a pipe, gives what is done and promises nothing', () => {
  expect(shown(false, 0)).toMatch(/^0 %, \d+ documents, \d+\/s\n/);
  expect(shown(true, 0)).not.toContain('left');
});

test.each([true, false])('a notice is shown on its own line or in the bar (terminal: %s)', (isTTY) => {
  expect(shown(isTTY, 40)).toContain('waiting 3.0 s');
});
