// A dashboard with what was measured: what the pictures are drawn from.
import type { Panel } from '../generate/dashboards/panels.js';

export interface MeasuredSeries {
  /** `A`, `B` …: the query of the panel. */
  refId: string;
  /** As its legend says. */
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value; only the last one where the panel shows a moment. */
  points: ReadonlyArray<readonly [at: number, value: number]>;
}

export interface MeasuredPanel {
  panel: Omit<Panel, 'size' | 'targets'> & { gridPos: { x: number; y: number; w: number; h: number } };
  series: readonly MeasuredSeries[];
}

export interface MeasuredDashboard {
  title: string;
  /** Seconds since 1970. */
  from: number;
  to: number;
  panels: readonly MeasuredPanel[];
}

/** Points that can be drawn: Prometheus says NaN where there is nothing to divide. */
export function finite({ points }: MeasuredSeries): Array<readonly [number, number]> {
  return points.filter(([, value]) => Number.isFinite(value));
}

export function lastOf(series: MeasuredSeries): number | undefined {
  return finite(series).at(-1)?.[1];
}

export function meanOf(series: MeasuredSeries): number | undefined {
  const points = finite(series);
  return points.length === 0 ? undefined : points.reduce((sum, [, value]) => sum + value, 0) / points.length;
}
