// Not a test: measures what the dashboards show of a busy scene, and draws them into docs/pictures. Run by npm run pictures.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import type { MeasuredDashboard, MeasuredPanel, MeasuredSeries } from '../../scripts/pictures/measured.js';
import { picture } from '../../scripts/pictures/picture.js';
import { ensureBuilt, root } from '../support/child-server.js';
import { DASHBOARD_NAMES, dashboardOf, type Panel, resolved } from './expressions.js';
import type { Time } from './measuring.js';
import { aScene } from './scene.js';
import { busyFor } from './traffic.js';

const MINUTES = 4;
const POINTS = 150;
const FOLDER = join(root, 'docs/pictures');

test(
  'the dashboards are drawn',
  async () => {
    ensureBuilt();
    const scene = await aScene({ scrapeInterval: '2s' });
    const from = Date.now();
    await busyFor(scene, MINUTES * 60);
    const time = { prometheus: scene.prometheus, from, to: Date.now() };
    mkdirSync(FOLDER, { recursive: true });
    for (const name of DASHBOARD_NAMES) {
      const measured = await measuredDashboard(name, time);
      writeFileSync(join(FOLDER, `${name}.svg`), `${picture(measured)}\n`);
    }
  },
  (MINUTES + 4) * 60_000,
);

async function measuredDashboard(name: string, time: Time): Promise<MeasuredDashboard> {
  const { title, panels } = dashboardOf(name);
  const measured: MeasuredPanel[] = [];
  for (const panel of panels) {
    measured.push({ panel: panel as unknown as MeasuredPanel['panel'], series: await seriesOf(panel, time) });
  }
  return { title, from: time.from / 1000, to: time.to / 1000, panels: measured };
}

async function seriesOf({ title, targets = [] }: Panel, { prometheus, from, to }: Time): Promise<MeasuredSeries[]> {
  const series: MeasuredSeries[] = [];
  for (const { refId, expr, legendFormat = '', instant } of targets) {
    const asked = resolved(expr, { rateInterval: '30s', range: `${Math.round((to - from) / 1000)}s` });
    const name = (labels: Record<string, string>) =>
      legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '') || title;
    const found = instant
      ? (await prometheus.query(asked, to)).map(({ metric, value }) => ({
          metric,
          values: [[to / 1000, value] as const],
        }))
      : await prometheus.range(asked, from, to, (to - from) / 1000 / POINTS);
    for (const { metric, values } of found) series.push({ refId, name: name(metric), labels: metric, points: values });
  }
  return series;
}
