// Draws a dashboard with what was measured, as one SVG: our own drawing of its definition, not a screenshot of Grafana.
import { drawBars, drawGauge, drawStat, drawTable } from './figures.js';
import { drawGraph, drawHeatmap } from './graphs.js';
import type { MeasuredDashboard, MeasuredPanel } from './measured.js';
import { type Box, element, escaped, rectangle, THEME, words } from './svg.js';

const WIDTH = 1440;
const COLUMN = WIDTH / 24;
/** Grafana's own. */
const UNIT = 38;
const GAP = 8;
const HEAD = 56;
const TITLE = 30;

type Draw = (measured: MeasuredPanel, box: Box, dashboard: MeasuredDashboard) => string;

const DRAW: Record<string, Draw> = {
  timeseries: drawGraph,
  heatmap: drawHeatmap,
  stat: drawStat,
  gauge: drawGauge,
  bargauge: drawBars,
  table: drawTable,
};

export function picture(dashboard: MeasuredDashboard): string {
  const bottom = Math.max(...dashboard.panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  const height = HEAD + bottom * UNIT + GAP;
  const body = dashboard.panels.map((one) => (one.panel.type === 'row' ? rowTitle(one) : panelOf(one, dashboard)));
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${height}`,
      width: WIDTH,
      height,
      'font-family': 'Inter, Helvetica, Arial, sans-serif',
    },
    element('title', {}, escaped(dashboard.title)),
    rectangle({ x: 0, y: 0, w: WIDTH, h: height }, { fill: THEME.page }),
    words(dashboard.title, GAP * 2, 34, { size: 22, 'font-weight': 'bold' }),
    words(`${timeOf(dashboard.from)} to ${timeOf(dashboard.to)} UTC`, WIDTH - GAP * 2, 34, {
      size: 14,
      fill: THEME.faint,
      'text-anchor': 'end',
    }),
    `\n${body.join('\n')}\n`,
  );
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

function rowTitle({ panel: { title, gridPos } }: MeasuredPanel): string {
  return words(title, GAP * 2, HEAD + gridPos.y * UNIT + 25, { size: 15, 'font-weight': 'bold' });
}

function panelOf(measured: MeasuredPanel, dashboard: MeasuredDashboard): string {
  const { gridPos, title, type } = measured.panel;
  const box = {
    x: gridPos.x * COLUMN + GAP / 2,
    y: HEAD + gridPos.y * UNIT,
    w: gridPos.w * COLUMN - GAP,
    h: gridPos.h * UNIT - GAP,
  };
  const inside = { x: box.x, y: box.y + TITLE, w: box.w, h: box.h - TITLE };
  return element(
    'g',
    {},
    rectangle(box, { fill: THEME.panel, stroke: THEME.border, rx: 3 }),
    words(title, box.x + 12, box.y + 20, { size: 13, 'font-weight': 'bold', width: box.w - 24 }),
    DRAW[type]!(measured, inside, dashboard),
  );
}
