// Reads the rule files and their tests, and asks promtool about them as they are, or broken on purpose.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { root } from '../support/child-server.js';

export const RULES_FOLDER = join(root, 'helm/resk-caching/monitoring');
export const RULE_FILES = ['slo.rules.yaml', 'alerts.rules.yaml'] as const;
export const TESTS_FOLDER = join(root, 'test/monitoring/rules');

export interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface RuleFile {
  groups: Array<{ name: string; rules: Rule[] }>;
}

/** One group of a file for `promtool test rules`. */
export interface RuleTest {
  name: string;
  alert_rule_test?: Array<{ eval_time: string; alertname: string; exp_alerts: unknown[] }>;
  promql_expr_test?: Array<{ expr: string; exp_samples: unknown[] }>;
}

export interface Verdict {
  code: number;
  output: string;
}

export async function ruleFile(name: string): Promise<RuleFile> {
  return parse(await readFile(join(RULES_FOLDER, name), 'utf8')) as RuleFile;
}

/** The rules of all files. */
export async function allRules(): Promise<Rule[]> {
  const files = await Promise.all(RULE_FILES.map(ruleFile));
  return files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}

export async function testsOf(file: string): Promise<RuleTest[]> {
  return (parse(await readFile(join(TESTS_FOLDER, file), 'utf8')) as { tests: RuleTest[] }).tests;
}

/** What promtool says; it never fails itself. */
export function promtool(...args: string[]): Promise<Verdict> {
  return new Promise((resolve) => {
    execFile('promtool', args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) || 1 : 0, output: `${stdout}${stderr}` });
    });
  });
}

/** What promtool says of a file of tests once every rule is what `broken` makes of it; what becomes of nothing is left out. */
export async function testedWith(file: string, broken: (rule: Rule) => Rule | undefined): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-rules-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'rules'));
  for (const name of RULE_FILES) {
    const { groups } = await ruleFile(name);
    const left = groups.map((group) => ({ ...group, rules: group.rules.flatMap((rule) => broken(rule) ?? []) }));
    await writeFile(join(folder, 'rules', name), stringify({ groups: left }));
  }
  const tests = parse(await readFile(join(TESTS_FOLDER, file), 'utf8')) as { rule_files: string[] };
  const rule_files = tests.rule_files.map((path) => join('rules', basename(path)));
  await writeFile(join(folder, file), stringify({ ...tests, rule_files }));
  return promtool('test', 'rules', join(folder, file));
}

/** Names of alerts that promtool complains about. */
export function alertsIn(output: string): Set<string> {
  return new Set([...output.matchAll(/alertname: ?(\w+), time:/g)].map(([, name]) => name!));
}

/** Series that an expression names, with the labels that it selects them by. */
export function selectorsIn(expr: string): Array<{ name: string; labels: string[] }> {
  return [...expr.matchAll(/\b((?:resk|nodejs|process)_[a-z0-9_]+|resk:[a-z0-9_:]+)(?:\{([^}]*)\})?/g)].map(
    ([, name, labels = '']) => ({
      name: name!,
      labels: [...labels.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, one]) => one!),
    }),
  );
}
