// Draws what stands now: large numbers, dials, bars, tables.
import { finite, lastOf, type MeasuredPanel, type MeasuredSeries } from './measured.js';
import { type Box, colourOf, element, rectangle, short, THEME, words } from './svg.js';
import { written } from './units.js';

interface Steps {
  steps: Array<{ value: number | null; color: string }>;
}

interface Override {
  matcher: { options: string };
  properties: Array<{ id: string; value: unknown }>;
}

/** The colour of a value by the panel's steps. */
function colourAt(value: number | undefined, { steps }: Steps): string {
  return colourOf(steps.findLast((step) => step.value === null || (value ?? 0) >= step.value)?.color ?? 'green');
}

export function drawStat({ panel, series }: MeasuredPanel, box: Box): string {
  const { unit, decimals, noValue = '–', thresholds } = panel.fieldConfig.defaults;
  const [one] = series;
  const value = one && lastOf(one);
  const text = value === undefined ? noValue : written(value, unit, decimals);
  const colour = colourAt(value, thresholds as Steps);
  const size = Math.min(40, (box.w - 24) / (text.length * 0.58));
  const middle = words(text, box.x + box.w / 2, box.y + box.h / 2 + size * 0.3, {
    size,
    fill: colour,
    'font-weight': 'bold',
    'text-anchor': 'middle',
  });
  return (one ? sparkline(one, box, colour) : '') + middle;
}

function sparkline(series: MeasuredSeries, box: Box, colour: string): string {
  const points = finite(series);
  if (points.length < 2) return '';
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  const [from, to] = [points[0]![0], points.at(-1)![0]];
  const [height, base] = [box.h * 0.45, box.y + box.h];
  const at = ([time, value]: readonly [number, number]) =>
    `${short(box.x + (box.w * (time - from)) / (to - from))} ${short(base - 2 - (height * (value - low)) / (high - low || 1))}`;
  const upper = points.map(at).join('L');
  return element('path', {
    d: `M${upper}L${short(box.x + box.w)} ${short(base)}L${short(box.x)} ${short(base)}Z`,
    fill: colour,
    'fill-opacity': '0.15',
    stroke: 'none',
  });
}

export function drawGauge({ panel, series }: MeasuredPanel, box: Box): string {
  const { unit, decimals, min = 0, max = 1, noValue = '–', thresholds } = panel.fieldConfig.defaults;
  if (series.length === 0) return words(noValue, box.x + box.w / 2, box.y + box.h / 2, { 'text-anchor': 'middle' });
  const width = box.w / series.length;
  return series
    .map((one, at) => {
      const value = lastOf(one);
      const share = Math.min(Math.max(((value ?? min) - min) / (max - min), 0), 1);
      const radius = Math.min(width / 2 - 14, box.h - 46);
      const centre = { x: box.x + (at + 0.5) * width, y: box.y + box.h - 34 };
      const colour = colourAt(value, thresholds as Steps);
      return (
        arc(centre, radius, 1, THEME.empty) +
        arc(centre, radius, share, colour) +
        words(written(value, unit, decimals), centre.x, centre.y - 4, {
          size: Math.min(26, radius / 2.4),
          fill: colour,
          'font-weight': 'bold',
          'text-anchor': 'middle',
        }) +
        words(series.length > 1 ? one.name : '', centre.x, centre.y + 20, { size: 11, 'text-anchor': 'middle', width })
      );
    })
    .join('');
}

/** Half a circle from the left, as far as the share goes. */
function arc({ x, y }: { x: number; y: number }, radius: number, share: number, stroke: string): string {
  const angle = Math.PI * (1 - share);
  const end = `${short(x + radius * Math.cos(angle))} ${short(y - radius * Math.sin(angle))}`;
  const d = `M${short(x - radius)} ${short(y)}A${short(radius)} ${short(radius)} 0 0 1 ${end}`;
  return element('path', { d, fill: 'none', stroke, 'stroke-width': '18' });
}

const BAR_HEIGHT = 24;
const BAR_GAP = 8;

export function drawBars({ panel, series }: MeasuredPanel, box: Box): string {
  const { unit, decimals, noValue = '–', thresholds } = panel.fieldConfig.defaults;
  if (series.length === 0)
    return words(noValue, box.x + box.w / 2, box.y + box.h / 2, { 'text-anchor': 'middle', size: 20 });
  const rows = [...series].sort((a, b) => (lastOf(b) ?? 0) - (lastOf(a) ?? 0));
  const most = Math.max(...rows.map((one) => lastOf(one) ?? 0), 1e-12);
  const room = { x: box.x + 110, w: box.w - 200 };
  return rows
    .slice(0, Math.floor(box.h / (BAR_HEIGHT + BAR_GAP)))
    .map((one, at) => {
      const y = box.y + 6 + at * (BAR_HEIGHT + BAR_GAP);
      const value = lastOf(one) ?? 0;
      const colour = colourAt(value, thresholds as Steps);
      return (
        words(one.name, box.x + 100, y + 16, { size: 12, 'text-anchor': 'end', width: 100 }) +
        rectangle({ x: room.x, y, w: room.w, h: BAR_HEIGHT }, { fill: THEME.empty, rx: 2 }) +
        rectangle({ x: room.x, y, w: (room.w * value) / most, h: BAR_HEIGHT }, { fill: colour, rx: 2 }) +
        words(written(value, unit, decimals), room.x + room.w + 8, y + 16, { size: 12, fill: colour })
      );
    })
    .join('');
}

const LINE = 26;

export function drawTable({ panel, series }: MeasuredPanel, box: Box): string {
  const columns = columnsOf(panel);
  const width = box.w / columns.length;
  const keys = columns.filter(({ from }) => from.length > 1).map(({ from }) => from);
  const rows = [...Map.groupBy(series, ({ labels }) => keys.map((key) => labels[key] ?? '').join(' ')).values()];
  const head = columns.map(({ title }, at) =>
    words(title, box.x + 10 + at * width, box.y + 18, { size: 12, fill: '#6e9fff', width: width - 12 }),
  );
  const body = rows
    .sort((a, b) => keyOf(a, keys).localeCompare(keyOf(b, keys)))
    .slice(0, Math.floor((box.h - LINE) / LINE))
    .flatMap((row, line) =>
      columns.map((column, at) =>
        cell(row, column, { x: box.x + 10 + at * width, y: box.y + 18 + (line + 1) * LINE, w: width - 12 }),
      ),
    );
  const rules = rows.map((_, at) =>
    rectangle({ x: box.x + 4, y: box.y + (at + 1) * LINE, w: box.w - 8, h: 1 }, { fill: THEME.border }),
  );
  return [...head, ...rules.slice(0, Math.floor((box.h - LINE) / LINE)), ...body].join('');
}

interface Column {
  title: string;
  /** A label, or the letter of a query. */
  from: string;
  unit?: string;
  decimals?: number;
  steps?: Steps;
}

function columnsOf({ transformations = [], fieldConfig }: MeasuredPanel['panel']): Column[] {
  const { renameByName } = (transformations as Array<{ options: { renameByName?: Record<string, string> } }>).find(
    ({ options }) => options.renameByName,
  )!.options;
  return Object.entries(renameByName!).map(([field, title]) => {
    const properties =
      (fieldConfig.overrides as Override[]).find(({ matcher }) => matcher.options === title)?.properties ?? [];
    const of = (id: string) => properties.find((one) => one.id === id)?.value;
    return {
      title,
      from: field.replace('Value #', ''),
      ...(of('unit') !== undefined && { unit: of('unit') as string }),
      ...(of('decimals') !== undefined && { decimals: of('decimals') as number }),
      ...(of('thresholds') !== undefined && { steps: of('thresholds') as Steps }),
    };
  });
}

function keyOf(row: readonly MeasuredSeries[], keys: readonly string[]): string {
  return keys.map((key) => row[0]!.labels[key] ?? '').join(' ');
}

function cell(
  row: readonly MeasuredSeries[],
  { from, unit, decimals, steps }: Column,
  o: { x: number; y: number; w: number },
): string {
  if (from.length > 1) return words(row[0]!.labels[from] ?? '', o.x, o.y, { size: 12, width: o.w });
  const one = row.find(({ refId }) => refId === from);
  const value = one && lastOf(one);
  return words(value === undefined ? '' : written(value, unit, decimals), o.x, o.y, {
    size: 12,
    fill: steps ? colourAt(value, steps) : THEME.text,
  });
}
