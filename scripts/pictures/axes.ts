// The axes of a graph: which values stand beside it, which times below it, and where a value is drawn.
import { type Box, element, short, THEME, words } from './svg.js';
import { written } from './units.js';

export interface Axes {
  /** The inside: where lines are drawn. */
  inside: Box;
  x: (at: number) => number;
  y: (value: number) => number;
  drawn: string;
}

export interface AxesPlan {
  box: Box;
  from: number;
  to: number;
  low: number;
  high: number;
  logarithmic: boolean;
  unit: string | undefined;
}

const LEFT = 62;
const BELOW = 20;
const TIMES = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

export function axes({ box, from, to, low, high, logarithmic, unit }: AxesPlan): Axes {
  const inside = { x: box.x + LEFT, y: box.y + 6, w: box.w - LEFT - 10, h: box.h - BELOW - 6 };
  const ticks = logarithmic ? powersOfTen(low, high) : roundTicks(low, high, inside.h, baseOf(high, unit));
  const [bottom, top] = [Math.min(low, ticks[0]!), Math.max(high, ticks.at(-1)!)];
  const share = logarithmic
    ? (value: number) =>
        (Math.log10(Math.max(value, bottom)) - Math.log10(bottom)) / (Math.log10(top) - Math.log10(bottom))
    : (value: number) => (value - bottom) / (top - bottom);
  const y = (value: number) => inside.y + inside.h * (1 - Math.min(Math.max(share(value), 0), 1));
  const x = (at: number) => inside.x + (inside.w * (at - from)) / (to - from);
  return { inside, x, y, drawn: grid(inside, ticks, y, unit) + times(inside, from, to, x) };
}

export function grid(inside: Box, ticks: readonly number[], y: (value: number) => number, unit?: string): string {
  return ticks
    .map(
      (tick) =>
        line(inside.x, y(tick), inside.x + inside.w, y(tick)) +
        words(written(tick, unit), inside.x - 6, y(tick) + 4, { size: 11, fill: THEME.faint, 'text-anchor': 'end' }),
    )
    .join('');
}

export function times(inside: Box, from: number, to: number, x: (at: number) => number): string {
  const step = TIMES.find((seconds) => (to - from) / seconds <= inside.w / 75) ?? 7200;
  const first = Math.ceil(from / step) * step;
  // The last one would be written beyond the edge.
  const ticks = Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, at) => first + at * step).filter(
    (tick) => x(tick) < inside.x + inside.w - 18,
  );
  return ticks
    .map(
      (tick) =>
        line(x(tick), inside.y, x(tick), inside.y + inside.h) +
        words(new Date(tick * 1000).toISOString().slice(11, 19), x(tick), inside.y + inside.h + 15, {
          size: 11,
          fill: THEME.faint,
          'text-anchor': 'middle',
        }),
    )
    .join('');
}

export function line(x1: number, y1: number, x2: number, y2: number, colour = THEME.grid, dashes?: string): string {
  return element('path', {
    d: `M${short(x1)} ${short(y1)}L${short(x2)} ${short(y2)}`,
    stroke: colour,
    'stroke-dasharray': dashes,
  });
}

/** What a round number is a multiple of: of bytes, a power of 1024. */
function baseOf(high: number, unit: string | undefined): number {
  return unit === 'bytes' ? 1024 ** Math.floor(Math.log2(Math.max(high, 1)) / 10) : 1;
}

function roundTicks(low: number, high: number, height: number, base: number): number[] {
  if (base !== 1) return roundTicks(low / base, high / base, height, 1).map((tick) => tick * base);
  const wanted = Math.max(2, Math.floor(height / 45));
  const rough = (high - low || Math.abs(high) || 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, at) => Number(((first + at) * step).toPrecision(6)));
}

function powersOfTen(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(high) - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
}
