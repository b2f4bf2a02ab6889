// Runs the expressions of dashboards over the time of a scene, and says which of them found nothing to show.
import type { PrometheusServer, SampleRange } from '../support/prometheus.js';
import { type Asked, type Choice, resolved } from './expressions.js';

export interface Time {
  prometheus: PrometheusServer;
  from: number;
  to: number;
  stepSeconds?: number;
}

export interface Found {
  where: string;
  /** The largest finite value, `undefined` where there is none. */
  largest: number | undefined;
  /** Labels that the panel speaks of and that not every series has. */
  missing: string[];
}

/** One expression after the other. @throws where one is no PromQL. */
export async function measured(
  { prometheus, from, to, stepSeconds = 1 }: Time,
  asked: ReadonlyArray<Asked & { dashboard: string }>,
  choice?: Choice,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const { dashboard, panel, legend, expr, labels } of asked) {
    const series = await prometheus.range(resolved(expr, choice), from, to, stepSeconds);
    const where = `${dashboard}: ${panel}${legend ? ` (${legend})` : ''}`;
    found.push({ where, largest: largestOf(series), missing: missingLabels(series, labels) });
  }
  return found;
}

/** What would be shown empty, or under names with holes. */
export function emptyOf(found: readonly Found[]): string[] {
  return found.flatMap(({ where, largest, missing }) => [
    ...(largest === undefined ? [`${where} finds nothing`] : []),
    ...missing.map((label) => `${where} has series without ${label}`),
  ]);
}

function largestOf(series: readonly SampleRange[]): number | undefined {
  const values = series.flatMap((one) => one.values.map(([, value]) => value)).filter(Number.isFinite);
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));
}

function missingLabels(series: readonly SampleRange[], labels: readonly string[]): string[] {
  return labels.filter((label) => series.some(({ metric }) => metric[label] === undefined));
}
