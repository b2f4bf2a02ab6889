// The commands that hand the files of a release to the registries, and what is left out because it is there already.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const TARGETS = ['npm', 'chart', 'github'] as const;
export type Target = (typeof TARGETS)[number];

export interface Release {
  folder: string;
  /** `v1.2.3`. */
  tag: string;
  /** Where charts go: `oci://host/owner/charts`. */
  charts?: string;
  dryRun: boolean;
}

export type Command = readonly [program: string, ...args: string[]];

/** A version with a suffix is no answer to who asks for the latest. */
const isPreview = (tag: string) => tag.includes('-');

/** @throws Error where the folder holds nothing of the kind */
export function commandsOf(target: Target, release: Release): Command[] {
  const { folder, tag, charts, dryRun } = release;
  const version = tag.replace(/^v/, '');
  const files = readdirSync(folder).sort();
  const chart = `resk-caching-chart-${version}.tgz`;
  const npmPackages = files.filter((name) => name.endsWith('.tgz') && name !== chart);
  if (target === 'npm') {
    const options = [
      '--access',
      'public',
      '--provenance',
      ...(isPreview(tag) ? ['--tag', 'next'] : []),
      ...(dryRun ? ['--dry-run'] : []),
    ];
    return some(npmPackages, 'package').map((name) => ['npm', 'publish', `./${join(folder, name)}`, ...options]);
  }
  if (target === 'chart') {
    if (!charts?.startsWith('oci://')) throw new Error('--charts oci://… says where the chart goes');
    return some(
      files.filter((name) => name === chart),
      'chart',
    ).map((name) => ['helm', 'push', join(folder, name), charts]);
  }
  const notes = join(folder, 'NOTES.md');
  if (!files.includes('NOTES.md'))
    throw new Error('There are no notes: npm run release:notes -- --out release/NOTES.md');
  const assets = files.filter((name) => name !== 'NOTES.md').map((name) => join(folder, name));
  const kind = isPreview(tag) ? ['--prerelease'] : [];
  return [
    [
      'gh',
      'release',
      'create',
      tag,
      '--verify-tag',
      '--title',
      tag,
      '--notes-file',
      notes,
      ...kind,
      ...some(assets, 'file'),
    ],
  ];
}

function some(names: string[], what: string): string[] {
  if (names.length === 0) throw new Error(`There is no ${what}: npm run release:build`);
  return names;
}

/**
 * Whether the registry has this very version: npm never takes one twice.
 * @throws Error where the registry does not say
 */
export async function isPublished(file: string, registry?: string): Promise<boolean> {
  const { stdout: manifest } = await run('tar', ['-xzOf', file, 'package/package.json']);
  const { name, version } = JSON.parse(manifest) as { name: string; version: string };
  const where = registry ? ['--registry', registry] : [];
  try {
    const { stdout } = await run('npm', ['view', `${name}@${version}`, 'version', '--json', ...where]);
    return stdout.includes(version);
  } catch (error) {
    if (/"code": "E404"/.test((error as { stdout: string }).stdout)) return false;
    throw new Error(`The registry does not say whether it has ${name}@${version}.`, { cause: error });
  }
}
