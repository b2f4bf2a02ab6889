// The pictures in docs are of the dashboards as they are now, and whatever was measured can be drawn.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MeasuredPanel, MeasuredSeries } from '../../scripts/pictures/measured.js';
import { picture } from '../../scripts/pictures/picture.js';
import { written } from '../../scripts/pictures/units.js';
import { root } from '../support/child-server.js';
import { DASHBOARD_NAMES, dashboardOf } from './expressions.js';

/** Elements that are opened and not closed, or closed and not opened. */
function unbalanced(svg: string): string[] {
  const open: string[] = [];
  for (const [, end, name, , alone] of svg.matchAll(/<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<>]*")*)\s*(\/?)>/g)) {
    if (alone) continue;
    if (!end) open.push(name!);
    else if (open.at(-1) === name) open.pop();
    else open.push(`/${name}`);
  }
  return open;
}

/** Words in an SVG, without its elements. */
const textOf = (svg: string) =>
  svg
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll('&amp;', '&')
    .replaceAll('&quot;', '"');

describe.each(DASHBOARD_NAMES)('the picture of %s', (name) => {
  const { title, panels } = dashboardOf(name);
  const drawn = readFileSync(join(root, `docs/pictures/${name}.svg`), 'utf8');

  test('shows every panel that the dashboard has now', () => {
    const lines = new Set(textOf(drawn).split('\n'));
    expect(lines).toContain(title);
    expect(panels.map((panel) => panel.title).filter((one) => !lines.has(one))).toEqual([]);
    expect(unbalanced(drawn)).toEqual([]);
  });

  test('names no machine, and loads nothing from elsewhere', () => {
    expect(drawn).not.toMatch(/127\.0\.0\.1|localhost|href|<script|<image|<foreignObject/);
  });

  test('can be drawn of nothing at all, and of numbers that are none', () => {
    const odd = (panel: (typeof panels)[number]): MeasuredSeries[] =>
      (panel.targets ?? []).map(({ refId }) => ({
        refId,
        name: '<b>&"',
        labels: { le: '+Inf', tenant: '<b>&"' },
        points: [
          [1, Number.NaN],
          [2, Number.POSITIVE_INFINITY],
          [3, 0],
          [4, -1],
          [5, 1e21],
        ],
      }));
    for (const seriesOf of [() => [], odd]) {
      const measured = panels.map((panel) => ({ panel, series: seriesOf(panel) }) as unknown as MeasuredPanel);
      const svg = picture({ title, from: 0, to: 60, panels: measured });
      expect(svg).not.toMatch(/NaN|Infinity|undefined|<b>/);
      expect(unbalanced(svg)).toEqual([]);
    }
  });
});

test('a picture that is cut off is seen to be', () => {
  expect(unbalanced('<svg><g></svg>')).not.toEqual([]);
});

test.each([
  [0.00034, 's', undefined, '340 µs'],
  [0.0248, 's', undefined, '24.8 ms'],
  [90, 's', 1, '1.5 min'],
  [0, 's', undefined, '0 s'],
  [1536, 'bytes', undefined, '1.5 KiB'],
  [0.1234, 'percentunit', 1, '12.3%'],
  [77.04, 'reqps', 1, '77.0 req/s'],
  [1720, 'short', undefined, '1.72 K'],
  [12, undefined, 0, '12'],
  [Number.NaN, 's', undefined, '–'],
  [undefined, 's', undefined, '–'],
] as const)('%s in the unit %s, with %s decimals, is written %s', (value, unit, decimals, text) => {
  expect(written(value, unit, decimals)).toBe(text);
});
