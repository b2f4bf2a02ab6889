// Puts panels into rows, and rows into a dashboard with what all of ours have: variables, annotations, links to each other.
import { DATASOURCE, type Panel, RUNBOOKS } from './panels.js';

export interface Row {
  title: string;
  panels: readonly Panel[];
}

export interface DashboardPlan {
  /** Of the file, and of the address: `resk-NAME`. */
  name: string;
  title: string;
  about: string;
  rows: readonly Row[];
  /** Beside the data source, the namespace, the job and the instance. */
  variables?: readonly Variable[];
  /** How far back is shown at first, e.g. `3h`. */
  span?: string;
}

/** A variable whose values are those of a label. */
export interface Variable {
  name: string;
  label: string;
  about: string;
  metric: string;
  /** The label, where it is not the variable's name. */
  from?: string;
}

const COLUMNS = 24;
const TAG = 'resk-caching';
/** The deployments that are chosen above. */
export const DEPLOYMENT = ['namespace=~"$namespace"', 'job=~"$job"'];

/** The series of the deployment and the instances that are chosen above, and of further labels: `cacheOf('m', 'tier="redis"')`. */
export function of(metric: string, ...more: string[]): string {
  return `${metric}{${[...DEPLOYMENT, 'instance=~"$instance"', ...more].join(',')}}`;
}

/** Increase a second. `$__rate_interval` is never less than four scrapes. */
export function rate(metric: string, ...more: string[]): string {
  return `rate(${of(metric, ...more)}[$__rate_interval])`;
}

/** Increase over the whole time that is shown. */
export function inAll(metric: string, ...more: string[]): string {
  return `increase(${of(metric, ...more)}[$__range])`;
}

/** A quantile of a histogram, by labels. */
export function quantile(q: number, histogram: string, by: readonly string[] = [], ...more: string[]): string {
  return `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${rate(`${histogram}_bucket`, ...more)}))`;
}

export function dashboard(plan: DashboardPlan): object {
  const { name, title, about, rows, variables = [], span = '3h' } = plan;
  return {
    uid: `resk-${name}`,
    title,
    description: about,
    tags: [TAG],
    timezone: 'browser',
    editable: true,
    graphTooltip: 1,
    schemaVersion: 42,
    version: 1,
    refresh: '30s',
    time: { from: `now-${span}`, to: 'now' },
    templating: { list: [...deploymentVariables(), ...variables.map(labelVariable), runbooksVariable()] },
    annotations: { list: annotations() },
    links: [others()],
    panels: placed(rows),
  };
}

function deploymentVariables(): object[] {
  const metric = 'resk_ready';
  return [
    {
      type: 'datasource',
      name: 'datasource',
      label: 'Data source',
      description: 'The Prometheus that scrapes Resk-Caching.',
      query: 'prometheus',
      multi: false,
      includeAll: false,
      regex: '',
      refresh: 1,
      options: [],
      current: { selected: false, text: 'default', value: 'default' },
    },
    labelVariable({
      name: 'namespace',
      label: 'Namespace',
      about: 'Where deployments are; nothing outside Kubernetes.',
      metric,
    }),
    labelVariable({ name: 'job', label: 'Deployment', about: 'The scrape job, one for each deployment.', metric }),
    labelVariable({ name: 'instance', label: 'Instance', about: 'Processes of the deployment.', metric }),
  ];
}

/** All at first; `.*` rather than a list of all, so that what appears while one looks is shown too. */
function labelVariable({ name, label, about, metric, from = name }: Variable): object {
  const query = `label_values(${chosenBefore(name, metric)}, ${from})`;
  return {
    type: 'query',
    name,
    label,
    description: about,
    datasource: DATASOURCE,
    query,
    definition: query,
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    regex: '',
    options: [],
    current: { selected: true, text: ['All'], value: ['$__all'] },
  };
}

/** Namespaces are all there are, jobs those of the chosen namespaces, everything else that of the chosen deployments. */
function chosenBefore(name: string, metric: string): string {
  if (name === 'namespace') return metric;
  return `${metric}{${(name === 'job' ? DEPLOYMENT.slice(0, 1) : DEPLOYMENT).join(',')}}`;
}

function runbooksVariable(): object {
  const value = 'docs/runbooks';
  return {
    type: 'textbox',
    name: RUNBOOKS,
    label: 'Runbooks at',
    description: 'Address under which the folder docs/runbooks can be read, e.g. that of your repository browser.',
    query: value,
    options: [{ selected: true, text: value, value }],
    current: { selected: true, text: value, value },
  };
}

function annotations(): object[] {
  const shown = { datasource: DATASOURCE, enable: true, hide: false };
  return [
    {
      ...shown,
      name: 'Restarts',
      iconColor: 'blue',
      // The value is the time: what appears under a new name, as pods do, is a start too.
      expr: `${of('process_start_time_seconds')} * 1000`,
      useValueForTime: true,
      titleFormat: 'Started',
      textFormat: '{{instance}}',
      tagKeys: 'instance',
      step: '60s',
    },
    {
      ...shown,
      name: 'Purges',
      iconColor: 'purple',
      expr: `sum by (scope) (increase(${of('resk_cache_purges_total')}[$__rate_interval])) > 0`,
      titleFormat: 'Purge',
      textFormat: 'by {{scope}}',
      tagKeys: 'scope',
      step: '60s',
    },
    {
      ...shown,
      name: 'Open circuits',
      iconColor: 'red',
      expr: `max by (family, provider) (${of('resk_provider_circuit_open')}) > 0`,
      titleFormat: 'Circuit open',
      textFormat: '{{provider}} ({{family}}) is not called',
      tagKeys: 'provider',
      step: '60s',
    },
  ];
}

function others(): object {
  return {
    title: 'Resk-Caching',
    type: 'dashboards',
    icon: 'external link',
    tooltip: 'The other dashboards, with the same time and the same choice',
    tags: [TAG],
    asDropdown: true,
    targetBlank: false,
    includeVars: true,
    keepTime: true,
  };
}

/** Rows below each other, panels of a row side by side as long as there is room. */
function placed(rows: readonly Row[]): object[] {
  let y = 0;
  let id = 0;
  return rows.flatMap(({ title, panels }): object[] => {
    const head = { type: 'row', title, collapsed: false, id: ++id, gridPos: { h: 1, w: COLUMNS, x: 0, y }, panels: [] };
    const body = sideBySide(panels, y + 1).map((panel) => ({ ...panel, id: ++id }));
    y = Math.max(...body.map(({ gridPos }) => gridPos.y + gridPos.h));
    return [head, ...body];
  });
}

function sideBySide(panels: readonly Panel[], top: number) {
  let x = 0;
  let y = top;
  let lineHeight = 0;
  return panels.map(({ size: { w, h }, ...panel }) => {
    if (x + w > COLUMNS) {
      y += lineHeight;
      x = lineHeight = 0;
    }
    const gridPos = { h, w, x, y };
    x += w;
    lineHeight = Math.max(lineHeight, h);
    return { ...panel, datasource: DATASOURCE, gridPos };
  });
}
