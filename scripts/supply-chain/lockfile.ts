// What package-lock.json names: every package, its version and licence, and whether users of the product get it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LockedPackage {
  /** Where it lies: `node_modules/a/node_modules/b`. */
  path: string;
  name: string;
  version: string;
  licence?: string;
  /** Installed with the product, or what the product needs; else a tool of its developers. */
  shipped: boolean;
}

interface LockEntry {
  name?: string;
  version?: string;
  license?: string;
  dev?: boolean;
  link?: boolean;
  resolved?: string;
}

/** The packages of a root's lockfile in the order of their paths; a link is what it links to. */
export function lockedPackages(root: string): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  return Object.entries(packages)
    .filter(([path]) => path.startsWith('node_modules/'))
    .map(([path, entry]) => {
      const target = entry.link ? { ...packages[entry.resolved!], ...entry } : entry;
      return {
        path,
        name: target.name ?? path.split('node_modules/').at(-1)!,
        version: target.version ?? 'linked',
        licence: target.license,
        // A package that both need is marked `devOptional`, and shipped.
        shipped: entry.dev !== true,
      };
    });
}

/** What an installed package says of itself; undefined where it is not installed here, as one of another platform. */
export function installedManifest(root: string, path: string): Record<string, unknown> | undefined {
  const file = join(root, path, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
