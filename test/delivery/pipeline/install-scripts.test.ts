// No script of a package is run when it is installed: not by our commands, and not by an npm that is run by hand.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './scratch.js';

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test('every install of ours leaves them out', () => {
  const installs = ['scripts/bootstrap.mjs', 'scripts/system-tools.mjs', 'Dockerfile'].map(
    (path) => /(?:npm ci|'ci',|'install',\s+'--no-save',)[^\n]*\s[^\n]*/.exec(textOf(path))![0],
  );
  for (const install of installs) expect(install).toContain('--ignore-scripts');
});

test('package.json denies every one that there is, and no other', () => {
  const { packages } = JSON.parse(textOf('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const scripted = Object.entries(packages).flatMap(([path, { hasInstallScript }]) =>
    hasInstallScript ? [path.split('node_modules/').at(-1)!] : [],
  );
  expect(scripted.length).toBeGreaterThan(0);
  const denied = Object.fromEntries(scripted.map((name) => [name, false]));
  expect(JSON.parse(textOf('package.json')).allowScripts).toEqual(denied);
});
