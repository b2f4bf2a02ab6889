// A soak fails for a heap that grows with the requests, and for figures that are not there.
import { expect, test } from 'vitest';
// @ts-expect-error A script without types.
import { ALLOWED_MEBIBYTES, verdict } from '../../../scripts/soak-verdict.mjs';

const figures = (...heaps: number[]) => heaps.map((heapMiB, at) => ({ after: (at + 1) * 1000, heapMiB, rssMiB: 300 }));

test.each([
  [figures(60, 61, 60.5), true, /grew by 0\.5 MiB from 1000 to 3000 requests; it is held/],
  [figures(60, 58), true, /shrank by 2\.0 MiB/],
  [figures(60, 70, 60 + ALLOWED_MEBIBYTES), true, /it is held/],
  [figures(60, 70, 60.1 + ALLOWED_MEBIBYTES), false, /more than 12/],
  [figures(60), false, /no figures/],
  [[], false, /no figures/],
  [undefined, false, /no figures/],
])('%j is held: %s', (soak, held, text) => {
  expect(verdict(soak)).toEqual({ held, text: expect.stringMatching(text) });
});
