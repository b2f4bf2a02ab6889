// What a panel of a dashboard says, in few words, and the same in Grafana's: one function for each sort of panel.

/** One PromQL expression of a panel. */
export interface Query {
  expr: string;
  /** Name of each series, by its labels: `{{provider}}`. */
  legend?: string;
}

/** From a value on (or from the beginning, without one), a colour. */
export interface Step {
  from?: number;
  colour: string;
}

export interface PanelPlan {
  title: string;
  /** Shown at the panel's “i”: what is measured, and what is good. */
  about: string;
  queries: readonly Query[];
  /** https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts */
  unit?: string;
  decimals?: number;
  min?: number;
  max?: number;
  steps?: readonly Step[];
  /** Of the 24 columns. */
  width?: number;
  height?: number;
  /** Name of a page in docs/runbooks, without its ending. */
  runbook?: string;
  /** Series with a colour of their own, by name. */
  colours?: Readonly<Record<string, string>>;
  /** What stands there where there is nothing yet, e.g. because nothing went wrong. */
  whenEmpty?: string;
}

/** A panel as Grafana reads it, but for its place. */
export interface Panel {
  type: string;
  title: string;
  description: string;
  size: { w: number; h: number };
  targets: Target[];
  fieldConfig: FieldConfig;
  options: object;
  links?: object[];
  transformations?: object[];
}

export interface Target {
  refId: string;
  expr: string;
  legendFormat?: string;
  range?: boolean;
  instant?: boolean;
  format?: 'table' | 'heatmap' | 'time_series';
  exemplar?: boolean;
}

export interface FieldConfig {
  defaults: { unit?: string; decimals?: number; min?: number; max?: number; noValue?: string } & Record<
    string,
    unknown
  >;
  overrides: object[];
}

export const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
/** Where the runbooks can be read; a variable of every dashboard. */
export const RUNBOOKS = 'runbooks';

const NO_STEPS: readonly Step[] = [{ colour: 'green' }];
const LAST = { calcs: ['lastNotNull'], fields: '', values: false };

/** Lines (or bars) over time. */
export function graph(
  plan: PanelPlan & { stacked?: boolean; bars?: boolean; logarithmic?: boolean; lineAtSteps?: boolean; dots?: boolean },
): Panel {
  const { stacked = false, bars = false, logarithmic = false, lineAtSteps = false, queries } = plan;
  const custom = {
    drawStyle: bars ? 'bars' : 'line',
    lineWidth: 1,
    lineInterpolation: 'linear',
    fillOpacity: bars ? 80 : stacked ? 40 : logarithmic ? 0 : 8,
    showPoints: 'never',
    spanNulls: false,
    axisSoftMin: 0,
    stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
    scaleDistribution: logarithmic ? { type: 'log', log: 10 } : { type: 'linear' },
    thresholdsStyle: { mode: lineAtSteps ? 'dashed' : 'off' },
  };
  const options = {
    legend: {
      displayMode: 'table',
      placement: 'bottom',
      showLegend: true,
      calcs: ['mean', 'lastNotNull'],
      sortBy: 'Mean',
      sortDesc: true,
    },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
  const targets = queries.map((query, at) => withExemplars(ranged(query, at)));
  return panel('timeseries', plan, { targets, options, custom, colour: 'palette-classic-by-name', h: 8, w: 12 });
}

/** One number, large, with its line behind it. */
export function figure(plan: PanelPlan & { words?: Readonly<Record<string, string>> }): Panel {
  const options = {
    graphMode: 'area',
    colorMode: 'value',
    justifyMode: 'auto',
    textMode: 'auto',
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: 'standard',
    orientation: 'auto',
    reduceOptions: LAST,
  };
  const targets = plan.queries.map((query, at) => ranged(query, at));
  return panel('stat', plan, { targets, options, colour: 'thresholds', h: 4, w: 4 });
}

/** One number for the whole time that is shown. */
export function total(plan: PanelPlan): Panel {
  const made = figure(plan);
  return {
    ...made,
    targets: plan.queries.map((query, at) => instant(query, at)),
    options: { ...made.options, graphMode: 'none' },
  };
}

/** A share of what there is at most, on a dial. */
export function dial(plan: PanelPlan): Panel {
  const options = {
    showThresholdLabels: false,
    showThresholdMarkers: true,
    sizing: 'auto',
    minVizWidth: 75,
    minVizHeight: 75,
    orientation: 'auto',
    reduceOptions: LAST,
  };
  const targets = plan.queries.map((query, at) => ranged(query, at));
  return panel('gauge', plan, { targets, options, colour: 'thresholds', h: 6, w: 4 });
}

/** A bar for each series, as long as its value now. */
export function bars(plan: PanelPlan): Panel {
  const options = {
    displayMode: 'basic',
    valueMode: 'color',
    namePlacement: 'left',
    showUnfilled: true,
    sizing: 'auto',
    minVizWidth: 8,
    minVizHeight: 16,
    maxVizHeight: 28,
    orientation: 'horizontal',
    legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
    reduceOptions: LAST,
  };
  const targets = plan.queries.map((query, at) => instant(query, at));
  return panel('bargauge', plan, { targets, options, colour: 'thresholds', h: 8, w: 8 });
}

/** How many values fell between which bounds, over time: the buckets of a histogram. */
export function heatmap(plan: PanelPlan): Panel {
  const options = {
    calculate: false,
    cellGap: 1,
    color: { mode: 'scheme', scheme: 'Blues', fill: 'dark-blue', exponent: 0.5, steps: 64, reverse: false },
    exemplars: { color: 'rgba(255,0,255,0.7)' },
    filterValues: { le: 1e-9 },
    legend: { show: true },
    rowsFrame: { layout: 'auto' },
    showValue: 'never',
    tooltip: { mode: 'single', yHistogram: false, showColorScale: false },
    yAxis: { axisPlacement: 'left', reverse: false, ...(plan.unit && { unit: plan.unit }) },
  };
  const targets = plan.queries.map((query, at) => ({
    ...withExemplars(ranged(query, at)),
    format: 'heatmap' as const,
  }));
  const custom = { hideFrom: { legend: false, tooltip: false, viz: false }, scaleDistribution: { type: 'linear' } };
  return panel('heatmap', plan, { targets, options, custom, colour: undefined, h: 8, w: 12 });
}

/** One column of a table: the label or the query (by its place: `A`, `B` …) that fills it. */
export interface Column {
  title: string;
  from: string;
  unit?: string;
  decimals?: number;
  steps?: readonly Step[];
}

/** A row for each combination of labels; each query gives a column. */
export function table(plan: PanelPlan & { columns: readonly Column[] }): Panel {
  const fieldOf = (from: string) => (from.length === 1 ? `Value #${from}` : from);
  const renameByName = Object.fromEntries(plan.columns.map(({ from, title }) => [fieldOf(from), title]));
  const indexByName = Object.fromEntries(plan.columns.map(({ from }, at) => [fieldOf(from), at]));
  const targets = plan.queries.map((query, at) => ({ ...instant(query, at), format: 'table' as const }));
  const options = {
    frameIndex: 0,
    showHeader: true,
    cellHeight: 'sm',
    footer: { show: false, reducer: ['sum'], countRows: false, fields: [] },
  };
  const custom = { align: 'auto', inspect: false };
  const made = panel('table', plan, { targets, options, custom, colour: 'thresholds', h: 8, w: 24 });
  return {
    ...made,
    fieldConfig: { ...made.fieldConfig, overrides: plan.columns.flatMap(columnOverride) },
    transformations: [
      { id: 'merge', options: {} },
      { id: 'organize', options: { excludeByName: { Time: true }, indexByName, renameByName } },
    ],
  };
}

function columnOverride({ title, unit, decimals, steps }: Column): object[] {
  const properties = [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(steps
      ? [
          { id: 'thresholds', value: thresholds(steps) },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]
      : []),
  ];
  return properties.length > 0 ? [{ matcher: { id: 'byName', options: title }, properties }] : [];
}

interface Rest {
  targets: Target[];
  options: object;
  custom?: object;
  colour: string | undefined;
  h: number;
  w: number;
}

function panel(type: string, plan: PanelPlan, { targets, options, custom, colour, h, w }: Rest): Panel {
  const { title, about, runbook, width = w, height = h, steps = NO_STEPS, colours = {} } = plan;
  const read = runbook === undefined ? '' : ` Runbook: docs/runbooks/${runbook}.md.`;
  return {
    type,
    title,
    description: `${about}${read}`,
    size: { w: width, h: height },
    targets,
    fieldConfig: {
      defaults: {
        ...defined({ unit: plan.unit, decimals: plan.decimals, min: plan.min, max: plan.max, noValue: plan.whenEmpty }),
        ...(colour !== undefined && { color: { mode: colour } }),
        thresholds: thresholds(steps),
        ...(custom && { custom }),
      },
      overrides: Object.entries(colours).map(([series, fixedColor]) => ({
        matcher: { id: 'byName', options: series },
        properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
      })),
    },
    options,
    ...(runbook !== undefined && { links: [runbookLink(runbook)] }),
  };
}

function runbookLink(name: string): object {
  return {
    title: 'Runbook',
    type: 'link',
    icon: 'doc',
    tooltip: `docs/runbooks/${name}.md`,
    url: `\${${RUNBOOKS}}/${name}.md`,
    tags: [],
    asDropdown: false,
    targetBlank: true,
    includeVars: false,
    keepTime: false,
  };
}

function thresholds(steps: readonly Step[]): object {
  return { mode: 'absolute', steps: steps.map(({ from, colour }) => ({ value: from ?? null, color: colour })) };
}

function ranged({ expr, legend }: Query, at: number): Target {
  return {
    refId: refIdOf(at),
    expr,
    range: true,
    instant: false,
    ...(legend !== undefined && { legendFormat: legend }),
  };
}

/** Buckets of histograms name traces that fell into them; lines and heatmaps can show these. */
function withExemplars(target: Target): Target {
  return target.expr.includes('_bucket{') ? { ...target, exemplar: true } : target;
}

function instant({ expr, legend }: Query, at: number): Target {
  return {
    refId: refIdOf(at),
    expr,
    range: false,
    instant: true,
    ...(legend !== undefined && { legendFormat: legend }),
  };
}

function refIdOf(at: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + at);
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
