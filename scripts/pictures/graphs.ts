// Draws what changes over time: lines, stacked areas, bars, and the heat map of a histogram.
import { axes, line, times } from './axes.js';
import { finite, lastOf, type MeasuredDashboard, type MeasuredPanel, type MeasuredSeries, meanOf } from './measured.js';
import { type Box, colourOf, element, PALETTE, rectangle, short, THEME, words } from './svg.js';
import { written } from './units.js';

type Span = Pick<MeasuredDashboard, 'from' | 'to'>;

interface Custom {
  drawStyle?: string;
  /** Of 100. */
  fillOpacity?: number;
  stacking?: { mode: string };
  scaleDistribution?: { type: string };
  thresholdsStyle?: { mode: string };
}

interface Coloured {
  series: MeasuredSeries;
  colour: string;
  /** Values on top of those below, where the panel stacks. */
  points: Array<readonly [at: number, value: number, below: number]>;
}

const LEGEND_LINE = 17;
/** Of the heat map. */
const SHADES = 12;

export function drawGraph({ panel, series }: MeasuredPanel, box: Box, span: Span): string {
  const { unit, decimals, min, max } = panel.fieldConfig.defaults;
  const custom = (panel.fieldConfig.defaults.custom ?? {}) as Custom;
  const lines = stacked(coloured(panel, series), custom.stacking?.mode === 'normal');
  const shown = Math.min(lines.length, Math.max(1, Math.floor((box.h * 0.36) / LEGEND_LINE)));
  const plot = { ...box, h: box.h - (shown + 1) * LEGEND_LINE - 4 };
  const logarithmic = custom.scaleDistribution?.type === 'log';
  const values = lines
    .flatMap(({ points }) => points.map(([, value]) => value))
    .filter((value) => !logarithmic || value > 0);
  const high = Math.max(max ?? -Infinity, ...values);
  const low = logarithmic ? Math.min(...(values.length > 0 ? values : [1])) : Math.min(min ?? 0, 0, ...values);
  const upTo = high > low ? high : low + 1;
  const scale = axes({ ...span, box: plot, low, high: upTo, logarithmic, unit });
  const limits = custom.thresholdsStyle?.mode === 'dashed' ? thresholdLines(panel, scale, upTo) : '';
  const drawn = lines.map((one) => (custom.drawStyle === 'bars' ? barsOf(one, scale) : lineOf(one, scale, custom)));
  return (
    scale.drawn + limits + drawn.join('') + legend(lines, shown, { ...box, y: plot.y + plot.h + 4 }, unit, decimals)
  );
}

export function drawHeatmap({ panel, series }: MeasuredPanel, box: Box, span: Span): string {
  const rows = series
    .map((one) => ({ bound: Number(one.labels.le!.replace('+Inf', 'Infinity')), series: one }))
    .sort((a, b) => a.bound - b.bound);
  const inside = { x: box.x + 62, y: box.y + 6, w: box.w - 72, h: box.h - 26 };
  const height = inside.h / rows.length;
  const columns = Math.floor(inside.w / 7);
  const cell = (row: number, column: number) => {
    const at = span.from + ((column + 0.5) * (span.to - span.from)) / columns;
    return Math.max(0, near(rows[row]!.series, at) - (row === 0 ? 0 : near(rows[row - 1]!.series, at)));
  };
  const cells = rows.flatMap((_, row) =>
    Array.from({ length: columns }, (_, column) => ({ row, column, count: cell(row, column) })),
  );
  const most = Math.max(...cells.map(({ count }) => count), 1e-9);
  const width = inside.w / columns;
  const shown = cells.filter(({ count }) => count > most * 1e-4);
  const shades = Map.groupBy(shown, ({ count }) => Math.max(1, Math.round((count / most) ** 0.5 * SHADES)));
  const square = `h${short(width - 1)}v${short(height - 1)}h${short(1 - width)}z`;
  const corner = (row: number, column: number) =>
    `M${short(inside.x + column * width)} ${short(inside.y + inside.h - (row + 1) * height)}${square}`;
  const drawn = [...shades].map(([shade, those]) =>
    element('path', {
      d: those.map(({ row, column }) => corner(row, column)).join(''),
      fill: '#5794f2',
      'fill-opacity': String(Math.round((100 * shade) / SHADES) / 100),
    }),
  );
  const every = Math.ceil(14 / height);
  const names = rows
    .filter((_, at) => at % every === 0)
    .map(({ bound }, at) =>
      words(
        Number.isFinite(bound) ? written(bound, panel.fieldConfig.defaults.unit) : '+Inf',
        inside.x - 6,
        inside.y + inside.h - at * every * height - height / 2 + 4,
        { size: 10, fill: THEME.faint, 'text-anchor': 'end' },
      ),
    );
  const x = (at: number) => inside.x + (inside.w * (at - span.from)) / (span.to - span.from);
  return drawn.join('') + names.join('') + times({ ...inside, h: inside.h }, span.from, span.to, x);
}

/** The value that stood at a time; 0 before the first. */
function near(series: MeasuredSeries, at: number): number {
  return finite(series).findLast(([time]) => time <= at)?.[1] ?? 0;
}

/** Each series in its colour: its own, else one by the order of the names. */
export function coloured(
  panel: MeasuredPanel['panel'],
  series: readonly MeasuredSeries[],
): Array<Omit<Coloured, 'points'>> {
  const own = ownColours(panel.fieldConfig.overrides);
  const names = [...new Set(series.map(({ name }) => name))].sort();
  return [...series]
    .sort((a, b) => a.refId.localeCompare(b.refId) || a.name.localeCompare(b.name))
    .map((one) => ({ series: one, colour: own[one.name] ?? PALETTE[names.indexOf(one.name) % PALETTE.length]! }));
}

interface Override {
  matcher: { options: string };
  properties: Array<{ id: string; value: { fixedColor?: string } }>;
}

function ownColours(overrides: readonly object[]): Record<string, string> {
  return Object.fromEntries(
    (overrides as Override[]).flatMap(({ matcher, properties }) =>
      properties.filter(({ id }) => id === 'color').map(({ value }) => [matcher.options, colourOf(value.fixedColor!)]),
    ),
  );
}

function stacked(lines: ReadonlyArray<Omit<Coloured, 'points'>>, stacks: boolean): Coloured[] {
  const sums = new Map<number, number>();
  return lines.map((one) => ({
    ...one,
    points: finite(one.series).map(([at, value]) => {
      const below = stacks ? (sums.get(at) ?? 0) : 0;
      sums.set(at, below + value);
      return [at, below + value, below] as const;
    }),
  }));
}

type Scale = ReturnType<typeof axes>;

function lineOf({ points, colour }: Coloured, { x, y, inside }: Scale, custom: Custom): string {
  const stacks = custom.stacking?.mode === 'normal';
  const base = inside.y + inside.h;
  const at = (time: number, top: number) => `${short(x(time))} ${short(top)}`;
  return unbroken(points)
    .map((piece) => {
      const upper = piece.map(([time, value]) => at(time, y(value))).join('L');
      const [first, last] = [piece[0]!, piece.at(-1)!];
      const bottom = stacks
        ? piece.map(([time, , below]) => at(time, y(below))).reverse()
        : [at(last[0], base), at(first[0], base)];
      const stroke = element('path', { d: `M${upper}`, fill: 'none', stroke: colour, 'stroke-width': '1.3' });
      if (!custom.fillOpacity) return stroke;
      const d = `M${[upper, ...bottom].join('L')}Z`;
      return element('path', { d, fill: colour, 'fill-opacity': String(custom.fillOpacity / 100) }) + stroke;
    })
    .join('');
}

/** A line ends where values are missing, and begins again after it. */
function unbroken(points: Coloured['points']): Array<Coloured['points']> {
  const gaps = points.slice(1).map(([at], before) => at - points[before]![0]);
  const step = Math.min(...gaps);
  const pieces: Array<Coloured['points']> = [];
  for (const [index, point] of points.entries()) {
    if (index > 0 && gaps[index - 1]! <= step * 1.5) pieces.at(-1)!.push(point);
    else pieces.push([point]);
  }
  return pieces;
}

function barsOf({ points, colour }: Coloured, { x, y, inside }: Scale): string {
  const width = Math.max(1, inside.w / Math.max(points.length, 60) - 0.5);
  return points
    .filter(([, value, below]) => value > below)
    .map(([at, value, below]) =>
      rectangle(
        { x: x(at) - width / 2, y: y(value), w: width, h: y(below) - y(value) },
        { fill: colour, 'fill-opacity': '0.8' },
      ),
    )
    .join('');
}

function thresholdLines({ fieldConfig }: MeasuredPanel['panel'], { inside, y }: Scale, high: number): string {
  const { steps } = fieldConfig.defaults.thresholds as { steps: Array<{ value: number | null; color: string }> };
  return steps
    .filter(({ value }) => value !== null && value <= high)
    .map(({ value, color }) => line(inside.x, y(value!), inside.x + inside.w, y(value!), colourOf(color), '6 4'))
    .join('');
}

function legend(lines: readonly Coloured[], shown: number, box: Box, unit?: string, decimals?: number): string {
  const columns = [box.x + box.w - 100, box.x + box.w - 12];
  const number = (value: number | undefined, x: number, y: number) =>
    words(written(value, unit, decimals), x, y, { size: 11, fill: THEME.faint, 'text-anchor': 'end' });
  const sorted = [...lines].sort((a, b) => (meanOf(b.series) ?? -1) - (meanOf(a.series) ?? -1));
  const rows = sorted.slice(0, shown).map(({ series, colour }, at) => {
    const y = box.y + (at + 2) * LEGEND_LINE - 5;
    return (
      rectangle({ x: box.x + 12, y: y - 5, w: 14, h: 3 }, { fill: colour }) +
      words(series.name, box.x + 32, y, { size: 11, width: box.w - 230 }) +
      number(meanOf(series), columns[0]!, y) +
      number(lastOf(series), columns[1]!, y)
    );
  });
  const head = ['Mean', 'Last'].map((text, at) =>
    words(text, columns[at]!, box.y + LEGEND_LINE - 5, { size: 11, fill: COLUMN_HEAD, 'text-anchor': 'end' }),
  );
  const more = lines.length > shown ? `and ${lines.length - shown} more` : '';
  return (
    head.join('') + words(more, box.x + 32, box.y + LEGEND_LINE - 5, { size: 11, fill: THEME.faint }) + rows.join('')
  );
}

const COLUMN_HEAD = '#6e9fff';
