// Reads dashboards as Grafana does: which expressions they hold, and what becomes of the variables in them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/child-server.js';

export const DASHBOARD_NAMES = ['overview', 'cache', 'providers', 'tenants', 'slo'] as const;

export interface Dashboard {
  uid: string;
  title: string;
  description: string;
  panels: Panel[];
  templating: { list: Variable[] };
  annotations: { list: Array<{ name: string; expr: string }> };
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Array<{
    refId: string;
    expr: string;
    legendFormat?: string;
    instant?: boolean;
    format?: string;
    exemplar?: boolean;
  }>;
  fieldConfig?: { defaults: Record<string, unknown> & { unit?: string }; overrides: unknown[] };
  options?: object;
  links?: Array<{ url: string }>;
  transformations?: Array<{ id: string; options: { renameByName?: Record<string, string> } }>;
}

export interface Variable {
  name: string;
  type: string;
  query: string;
  description?: string;
}

export function dashboardOf(name: string): Dashboard {
  return JSON.parse(
    readFileSync(join(root, `helm/resk-caching/monitoring/dashboards/${name}.json`), 'utf8'),
  ) as Dashboard;
}

/** Values of the variables by name, and how long the times are that Grafana computes. */
export interface Choice {
  rateInterval?: string;
  range?: string;
  [variable: string]: string | undefined;
}

/** The expression as Grafana sends it. Variables that are not chosen stand at All. */
export function resolved(expr: string, { rateInterval = '20s', range = '5m', ...chosen }: Choice = {}): string {
  return expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range)
    .replace(/\$\{?(\w+)\}?/g, (_, name: string) => chosen[name] ?? '.*');
}

export interface Asked {
  panel: string;
  /** How its series are called. */
  legend: string;
  expr: string;
  /** Labels that the legend, or the columns of a table, speak of. */
  labels: string[];
}

/** Every expression of every panel. */
export function askedBy({ panels }: Dashboard): Asked[] {
  return panels.flatMap((panel) =>
    (panel.targets ?? []).map(({ expr, legendFormat = '' }) => ({
      panel: panel.title,
      legend: legendFormat,
      expr,
      labels: [...inBraces(panel.type === 'heatmap' ? '' : legendFormat), ...columnLabels(panel)],
    })),
  );
}

function inBraces(legend: string): string[] {
  return [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
}

/** Columns that are no query's are labels. */
function columnLabels({ transformations = [] }: Panel): string[] {
  const columns = transformations.flatMap(({ options }) => Object.keys(options.renameByName ?? {}));
  return columns.filter((name) => !name.startsWith('Value #'));
}

/** The metric (with its selector) and the label of `label_values(metric, label)`. */
export function labelValuesOf(query: string): { selector: string; label: string } | undefined {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
  return selector === undefined || label === undefined ? undefined : { selector, label };
}
