// The commands that hand the files of a release to the registries, and what is left out because it is there already.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
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
  const at = (name: string) => resolve(folder, name);
  if (target === 'npm') {
    const options = [
      '--access',
      'public',
      '--provenance',
      ...(isPreview(tag) ? ['--tag', 'next'] : []),
      ...(dryRun ? ['--dry-run'] : []),
    ];
    // By their whole names: the folder may hold the chart, and what another version left.
    const packages = [`resk-caching-${version}.tgz`, `resk-caching-client-${version}.tgz`];
    return packages.map((name) => ['npm', 'publish', at(the(name, files)), ...options]);
  }
  if (target === 'chart') {
    if (!charts?.startsWith('oci://')) throw new Error('--charts oci://… says where the chart goes');
    return [['helm', 'push', at(the(`resk-caching-chart-${version}.tgz`, files)), charts]];
  }
  if (!files.includes('NOTES.md'))
    throw new Error('There are no notes: npm run release:notes -- --out release/NOTES.md');
  the(`resk-caching-${version}.tgz`, files);
  const assets = files.filter((name) => name !== 'NOTES.md').map(at);
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
      at('NOTES.md'),
      ...kind,
      ...assets,
    ],
  ];
}

function the(name: string, files: readonly string[]): string {
  if (!files.includes(name)) throw new Error(`There is no ${name}: npm run release:build`);
  return name;
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
