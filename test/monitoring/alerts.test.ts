// Every alert fires and clears when it should, none is without a test or a runbook, and all that rules and runbooks name exists.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../support/child-server.js';
import {
  alertsIn,
  allRules,
  promtool,
  RULE_FILES,
  RULES_FOLDER,
  type Rule,
  selectorsIn,
  TESTS_FOLDER,
  testedWith,
  testsOf,
} from './rules.js';

const FILES = readdirSync(TESTS_FOLDER);
const RUNBOOKS = join(root, 'docs/runbooks');
/** Windows of days, minute by minute, on a machine that has other things to do. */
const PATIENCE_MS = 300_000;

let rules: Rule[];
let alerts: Array<Rule & { alert: string }>;
let records: string[];

beforeAll(async () => {
  rules = await allRules();
  alerts = rules.filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined);
  records = [...new Set(rules.flatMap(({ record }) => record ?? []))];
});

describe('the rules', () => {
  it('are valid for Prometheus', async () => {
    const { code, output } = await promtool('check', 'rules', ...RULE_FILES.map((name) => join(RULES_FOLDER, name)));
    expect(output).not.toMatch(/FAILED|error/i);
    expect(code).toBe(0);
  });

  it.concurrent.each(FILES)(
    'do what their tests say: %s',
    async (file) => {
      const { code, output } = await promtool('test', 'rules', join(TESTS_FOLDER, file));
      expect(output).toContain('SUCCESS');
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );

  it('ask for no longer windows than the Prometheus of docker-compose.yml keeps', async () => {
    const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'));
    const [, kept] = /--storage\.tsdb\.retention\.time=(\d+)d/.exec(services.prometheus.command.join(' '))!;
    const windows = rules.flatMap(({ expr }) => [...expr.matchAll(/\[(\d+)d[\]:]/g)].map(([, days]) => Number(days)));
    expect(Math.max(...windows)).toBe(30);
    expect(Number(kept)).toBeGreaterThan(30);
  });

  it('are all tested: each alert is silent, fires, and clears within one test', async () => {
    const groups = (await Promise.all(FILES.map(testsOf))).flat();
    const lives = (name: string) =>
      groups.map(({ alert_rule_test = [] }) =>
        alert_rule_test.flatMap((one) =>
          one.alertname === name ? [one.exp_alerts.length > 0 ? 'fires' : 'silent'] : [],
        ),
      );
    const untested = alerts.filter(
      ({ alert }) => !lives(alert).some((life) => /silent.*fires.*silent/.test(life.join(' '))),
    );
    expect(untested.map(({ alert }) => alert)).toEqual([]);
    expect(alerts.length).toBeGreaterThan(30);
  });

  it('are all tested: each recording rule gives a known number', async () => {
    const groups = (await Promise.all(FILES.map(testsOf))).flat();
    const tests = groups.flatMap(({ promql_expr_test = [] }) => promql_expr_test);
    const shown = tests.filter(({ exp_samples }) => exp_samples.length > 0).flatMap(({ expr }) => selectorsIn(expr));
    expect(records.filter((record) => !shown.some(({ name }) => name === record))).toEqual([]);
    expect(records.length).toBeGreaterThan(20);
  });
});

describe('the tests of the rules', () => {
  /** Alerts that a file expects to fire, or not to, at some time. */
  const expected = async (file: string, fires: boolean) =>
    new Set(
      (await testsOf(file))
        .flatMap(({ alert_rule_test = [] }) => alert_rule_test)
        .filter(({ exp_alerts }) => exp_alerts.length > 0 === fires)
        .map(({ alertname }) => alertname),
    );
  /** Alerts alone, with this in place of what they ask. */
  const alertsAsking = (expr: string) => (rule: Rule) =>
    rule.alert === undefined ? undefined : { alert: rule.alert, expr };

  it.each(FILES)(
    'fail for each alert that never fires, and for each that always does: %s',
    async (file) => {
      const never = await testedWith(file, alertsAsking('vector(1) > 2'));
      const always = await testedWith(file, alertsAsking('vector(1)'));
      expect(alertsIn(never.output)).toEqual(await expected(file, true));
      expect(alertsIn(always.output)).toEqual(
        new Set([...(await expected(file, true)), ...(await expected(file, false))]),
      );
    },
    PATIENCE_MS,
  );

  it('fail for each recording rule that gives another number', async () => {
    const files = await Promise.all(
      FILES.map(async (file) => ({
        file,
        exprs: (await testsOf(file)).flatMap(({ promql_expr_test = [] }) => promql_expr_test),
      })),
    );
    const outputs = await Promise.all(
      files
        .filter(({ exprs }) => exprs.length > 0)
        .map(({ file }) =>
          testedWith(
            file,
            ({ record, labels }) => (record && { record, expr: 'vector(-77)', ...(labels && { labels }) }) || undefined,
          ),
        ),
    );
    const complained = outputs.flatMap(({ output }) =>
      [...output.matchAll(/expr: "(.*)", time:/g)].flatMap(([, expr]) => selectorsIn(expr!)),
    );
    expect(records.filter((record) => !complained.some(({ name }) => name === record))).toEqual([]);
  });
});

describe('an alert', () => {
  const page = (name: string) => readFileSync(join(RUNBOOKS, name), 'utf8');
  const SECTIONS = ['What it means', 'Impact', 'First look', 'Mitigation', 'End'];

  it('says how urgent it is, what it is about, and where its runbook lies', () => {
    for (const { alert, labels, annotations = {} } of alerts) {
      expect(alert).toMatch(/^Resk[A-Z]/);
      expect(['page', 'ticket'], alert).toContain(labels?.severity);
      expect(Object.keys(annotations), alert).toEqual(['summary', 'description', 'runbook']);
      expect(existsSync(join(root, annotations.runbook!)), annotations.runbook).toBe(true);
    }
  });

  it('has a runbook of its own, with everything that a runbook holds, filled', () => {
    for (const { alert, labels, annotations } of alerts) {
      const text = page(annotations!.runbook!.split('/').at(-1)!);
      expect(text.split('\n')[0]).toBe(`# ${alert}`);
      expect(text).toContain(`Severity: ${labels!.severity} `);
      const parts = text.split(/^## /m).slice(1);
      expect(
        parts.map((part) => part.split('\n')[0]),
        alert,
      ).toEqual(SECTIONS);
      for (const part of parts) expect(part.split('\n').slice(1).join('').length, alert).toBeGreaterThan(20);
      expect(parts[2], alert).toMatch(/^```(promql|sh )/m);
    }
  });

  it('stands in the index of runbooks, and no runbook is without an alert', () => {
    const index = page('README.md');
    const pages = readdirSync(RUNBOOKS).filter((name) => name !== 'README.md');
    for (const { alert, labels, annotations } of alerts) {
      expect(index).toContain(`| [${alert}](${annotations!.runbook!.split('/').at(-1)}) | ${labels!.severity} |`);
    }
    expect(pages.toSorted()).toEqual(
      alerts.map(({ annotations }) => annotations!.runbook!.split('/').at(-1)!).toSorted(),
    );
  });
});

describe('what rules and runbooks ask of', () => {
  /** Metrics of the server with their labels, as the document lists them. */
  const documented = new Map(
    readFileSync(join(root, 'docs/OBSERVABILITY.md'), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, name, type, labels] = /^\| `(resk_\w+)` \| (\w+) \| (.*?) \| .* \|$/.exec(line) ?? [];
        if (name === undefined) return [];
        const own = [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!);
        const names = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name];
        return names.map((one): [string, string[]] => [one, type === 'histogram' ? [...own, 'le'] : own]);
      }),
  );
  /** Every name or label that does not exist. */
  const unknownIn = (expr: string) =>
    selectorsIn(expr).flatMap(({ name, labels }) => {
      if (name.startsWith('resk:')) return records.includes(name) ? [] : [name];
      if (!name.startsWith('resk_')) return [];
      const own = documented.get(name);
      if (!own) return [name];
      return labels
        .filter((label) => !['namespace', 'job', 'instance', ...own].includes(label))
        .map((label) => `${name}{${label}}`);
    });
  const fences = (text: string) => [...text.matchAll(/^```promql\n(.*?)\n```$/gms)].map(([, expr]) => expr!);

  it('exists, with the labels that it is selected by', () => {
    expect(rules.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
    const asked = readdirSync(RUNBOOKS).flatMap((name) => fences(readFileSync(join(RUNBOOKS, name), 'utf8')));
    expect(asked.flatMap(unknownIn)).toEqual([]);
    expect(asked.length).toBeGreaterThan(alerts.length);
  });

  it('is missed where it does not', () => {
    expect(unknownIn('rate(resk_lockout_total[5m])')).toEqual(['resk_lockout_total']);
    expect(unknownIn('resk_lockouts_total{door="http"}')).toEqual(['resk_lockouts_total{door}']);
    expect(unknownIn('resk:slo_burn_rate:7h')).toEqual(['resk:slo_burn_rate:7h']);
  });
});
