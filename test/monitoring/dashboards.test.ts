// The dashboards are what Grafana reads, and every expression in them finds data in a Prometheus that scrapes real servers.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, test } from 'vitest';
import { DASHBOARDS } from '../../scripts/generate/dashboards/files.js';
import { ensureBuilt, root } from '../support/child-server.js';
import { hasPrometheus } from '../support/prometheus.js';
import { describeWithShared, sharedFile } from '../support/shared-folder.js';
import { askedBy, DASHBOARD_NAMES, type Dashboard, dashboardOf, labelValuesOf, type Panel } from './expressions.js';
import { emptyOf, measured } from './measuring.js';
import { aScene } from './scene.js';
import { busyFor } from './traffic.js';

const BUSY_SECONDS = 40;
const UNITS = ['reqps', 'ops', 'wps', 's', 'bytes', 'percentunit', 'short'];
/** What need not happen in the scene, and is shown as nothing: `dashboard: panel (legend)`. */
const MAY_STAY_AT_NOTHING =
  /^(overview: Refused for asking too much \(lock-out|providers: Searches without a model|slo: (Cached answers|Answers of the vector store): burn rate)/;

const panelsOf = (name: string): Panel[] => dashboardOf(name).panels.filter(({ type }) => type !== 'row');

describe.each(DASHBOARD_NAMES)('the dashboard %s', (name) => {
  test('is the one that the code makes', () => {
    expect(dashboardOf(name)).toEqual(JSON.parse(JSON.stringify(DASHBOARDS[name])));
  });

  test('has panels that each say what they show, in a unit that Grafana knows', () => {
    expect(panelsOf(name).length).toBeGreaterThan(8);
    for (const { title, description, fieldConfig, targets } of panelsOf(name)) {
      expect(description, title).toMatch(/^.{20,}[.]$/s);
      expect(targets!.length, title).toBeGreaterThan(0);
      const { unit } = fieldConfig!.defaults;
      if (unit !== undefined) expect(UNITS, title).toContain(unit);
    }
  });

  test('has panels that do not overlap, each with a number of its own', () => {
    const { panels } = dashboardOf(name);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(overlaps(panels)).toEqual([]);
    expect(overlaps([...panels, { ...panels[1]!, title: 'twice' }])).toHaveLength(1);
  });

  test('has variables for the data source, the namespace, the deployment and the instance, and says what they are', () => {
    const variables = dashboardOf(name).templating.list;
    expect(variables.map((one) => one.name)).toEqual(
      expect.arrayContaining(['datasource', 'namespace', 'job', 'instance', 'runbooks']),
    );
    for (const { name: variable, description } of variables) expect(description, variable).toMatch(/\.$/);
  });

  test('asks for nothing but what is of the namespaces and deployments that are chosen', () => {
    const { annotations, templating } = dashboardOf(name);
    const exprs = [...askedBy(dashboardOf(name)), ...annotations.list].map(({ expr }) => expr);
    const queries = templating.list.filter(({ name: variable }) => !['namespace', 'job'].includes(variable));
    const selectors = [...exprs, ...queries.map(({ query }) => query)].flatMap(
      (expr) => expr.match(/\b(?:(?:resk|nodejs|process)_\w+|resk:[\w:]+|ALERTS)(?:\{[^}]*\})?/g) ?? [],
    );
    expect(selectors.length).toBeGreaterThan(10);
    expect(selectors.filter((one) => !one.includes('{namespace=~"$namespace",job=~"$job"'))).toEqual([]);
  });

  test('shows the traces that fell into the buckets of what it draws over time', () => {
    const drawn = panelsOf(name).filter(({ type }) => ['timeseries', 'heatmap'].includes(type));
    const targets = drawn.flatMap(({ targets = [] }) => targets);
    expect(targets.filter(({ expr, exemplar = false }) => /_bucket\{/.test(expr) !== exemplar)).toEqual([]);
  });

  test('uses no variable that it does not have', () => {
    const known = [...dashboardOf(name).templating.list.map((one) => one.name), '__rate_interval', '__range'];
    const used = [...JSON.stringify(dashboardOf(name)).matchAll(/\$\{?(\w+)/g)].map(([, variable]) => variable!);
    expect(used.filter((variable) => !known.includes(variable) && variable !== '__all')).toEqual([]);
  });

  test('points to runbooks that exist', () => {
    const pages = panelsOf(name).flatMap(({ links = [] }) => links.map(({ url }) => url));
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) {
      const [, file] = /^\$\{runbooks\}\/([\w-]+\.md)$/.exec(page) ?? [];
      expect(existsSync(join(root, 'docs/runbooks', file ?? '?')), page).toBe(true);
    }
  });
});

test('every metric that a dashboard asks for stands in docs/OBSERVABILITY.md, or is the process’s own', () => {
  const documented = readFileSync(join(root, 'docs/OBSERVABILITY.md'), 'utf8');
  const named = DASHBOARD_NAMES.flatMap((name) => askedBy(dashboardOf(name))).flatMap(
    ({ expr }) => expr.match(/\bresk_\w+/g) ?? [],
  );
  const bare = new Set(named.map((metric) => metric.replace(/(?<=_seconds)_(bucket|count|sum)$/, '')));
  expect(bare.size).toBeGreaterThan(25);
  expect([...bare].filter((metric) => !documented.includes(`\`${metric}\``))).toEqual([]);
});

function overlaps(panels: readonly Panel[]): string[] {
  return panels.flatMap((one, at) =>
    panels
      .slice(at + 1)
      .filter(({ gridPos: { x, y, w, h } }) => {
        const { gridPos: own } = one;
        return x < own.x + own.w && own.x < x + w && y < own.y + own.h && own.y < y + h;
      })
      .map((other) => `${one.title} and ${other.title}`),
  );
}

describeWithShared('specs/grafana/dashboard.jsonschema.json')('by Grafana’s own schemas', () => {
  const validators = new Map<string, ValidateFunction>();
  const problemsOf = (file: string, definition: string, value: unknown): string[] => {
    const name = `${file}#${definition}`;
    const validate = validators.get(name) ?? validatorOf(file, definition);
    validators.set(name, validate);
    validate(value);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${name}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
  const problemsOfDashboard = (dashboard: Dashboard): string[] => [
    ...problemsOf('dashboard', 'Dashboard', dashboard),
    ...dashboard.panels.filter(({ type }) => type !== 'row').flatMap((panel) => problemsOfPanel(panel)),
  ];
  const problemsOfPanel = ({ type, options, fieldConfig, targets = [] }: Panel): string[] => {
    const { custom } = fieldConfig!.defaults;
    return [
      ...problemsOf(type, 'Options', options),
      ...(custom === undefined ? [] : problemsOf(type, 'FieldConfig', custom)),
      ...targets.flatMap((target) => problemsOf('prometheus', 'Dataquery', target)),
    ];
  };

  test.each(DASHBOARD_NAMES)('the dashboard %s is valid, each panel and each query too', (name) => {
    expect(problemsOfDashboard(dashboardOf(name))).toEqual([]);
  });

  test('a dashboard with something wrong in it is seen to be wrong', () => {
    const broken = (change: (dashboard: Dashboard) => void) => {
      const dashboard = dashboardOf('overview');
      change(dashboard);
      return problemsOfDashboard(dashboard);
    };
    const first = ({ panels }: Dashboard) => panels.find(({ type }) => type === 'stat')!;
    expect(broken((dashboard) => Object.assign(dashboard, { refreshh: '5s' }))).not.toEqual([]);
    expect(broken((dashboard) => Object.assign(first(dashboard), { colour: 'red' }))).not.toEqual([]);
    expect(broken((dashboard) => Object.assign(first(dashboard).options!, { graphMode: 'lines' }))).not.toEqual([]);
    expect(broken((dashboard) => Object.assign(first(dashboard).targets![0]!, { query: 'up' }))).not.toEqual([]);
    expect(broken((dashboard) => Object.assign(first(dashboard).gridPos, { w: 25 }))).not.toEqual([]);
  });
});

interface JsonSchema {
  definitions: Record<string, { properties?: Record<string, unknown> }>;
}

function validatorOf(file: string, definition: string): ValidateFunction {
  const schema = JSON.parse(readFileSync(sharedFile(`specs/grafana/${file}.jsonschema.json`)!, 'utf8')) as JsonSchema;
  const { definitions } = schema;
  // Both hold any value (`_` in Grafana's CUE), which the schemas write as an object: a matcher's options are a name.
  for (const [holder, field] of [
    ['DynamicConfigValue', 'value'],
    ['MatcherConfig', 'options'],
  ] as const) {
    if (definitions[holder]) definitions[holder].properties![field] = {};
  }
  const ajv = addFormats.default(new Ajv({ strict: false, discriminator: false }));
  return ajv.compile({ definitions, $ref: `#/definitions/${definition}` });
}

const installed = hasPrometheus();
if (!installed) console.warn('Did not run: the expressions of the dashboards (prometheus is not installed).');

describe.runIf(installed)('in a Prometheus that scrapes two busy servers', () => {
  beforeAll(() => ensureBuilt());

  test(
    'every expression of every panel, variable and annotation finds data, with the labels that it is shown by',
    async () => {
      const scene = await aScene();
      const from = Date.now();
      await busyFor(scene, BUSY_SECONDS);
      const { prometheus } = scene;
      const whole = { prometheus, from, to: Date.now() };

      const asked = DASHBOARD_NAMES.flatMap((name) =>
        askedBy(dashboardOf(name)).map((one) => ({ dashboard: name, ...one })),
      );
      expect(asked.length).toBeGreaterThan(120);
      const found = await measured(whole, asked);
      expect(emptyOf(found)).toEqual([]);
      const flat = found.filter(({ largest }) => largest === 0).map(({ where }) => where);
      expect(flat.filter((where) => !MAY_STAY_AT_NOTHING.test(where))).toEqual([]);

      for (const name of DASHBOARD_NAMES) {
        for (const { expr, name: annotation } of dashboardOf(name).annotations.list) {
          const [one] = await measured(whole, [{ dashboard: name, panel: annotation, legend: '', expr, labels: [] }]);
          expect(one!.largest, annotation).toBeGreaterThan(0);
        }
        for (const { query, type } of dashboardOf(name).templating.list.filter(({ type: of }) => of === 'query')) {
          const { selector, label } = labelValuesOf(query)!;
          const values = await prometheus.labelValues(label, selector.replaceAll(/\$\w+/g, '.*'));
          expect(values.length, `${type} ${query}`).toBeGreaterThan(0);
        }
      }

      // What the test would say of expressions that find nothing, lack a label, or are none.
      const odd = (expr: string, labels: string[] = []) => [
        { dashboard: 'odd', panel: 'odd', legend: '', expr, labels },
      ];
      expect(emptyOf(await measured(whole, odd('resk_no_such_metric{job=~"$job"}')))).toHaveLength(1);
      expect(emptyOf(await measured(whole, odd('sum(resk_http_requests_total)', ['route'])))).toHaveLength(1);
      await expect(measured(whole, odd('sum(rate(resk_http_requests_total)'))).rejects.toThrow('parse error');
    },
    (BUSY_SECONDS + 120) * 1000,
  );
});
