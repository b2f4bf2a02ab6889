// What package-lock.json names: every package, its version and licence, and whether users of the product get it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export interface LockedPackage {
  /** Where it lies: `node_modules/a/node_modules/b`. */
  path: string;
  name: string;
  version: string;
  licence?: string;
  /** Handed on, with the product or in the image of a provider that may be chosen; else a tool of its developers. */
  shipped: boolean;
  /** Whether `npm install` of the product brings it: an image may hold more. */
  withProduct: boolean;
}

interface LockEntry {
  name?: string;
  version?: string;
  license?: string;
  dev?: boolean;
  link?: boolean;
  resolved?: string;
  os?: string | string[];
  cpu?: string | string[];
  libc?: string | string[];
}

type Lock = { packages: Record<string, LockEntry> };

/** What the images add for the providers that may be chosen, by the paths of the lockfile. */
interface ImagePackages {
  PROVIDERS: Record<string, string>;
  closureOf(lock: Lock, names: readonly string[]): string[];
}

/** The platforms of the images that are released. */
const IMAGES = { os: ['linux'], cpu: ['x64', 'arm64'], libc: ['glibc'] };

/** The packages of a root's lockfile in the order of their paths; a link is what it links to. */
export function lockedPackages(root: string): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const inImages = providersPackages(root, packages);
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
        shipped: entry.dev !== true || inImages.has(path),
        withProduct: entry.dev !== true,
      };
    });
}

/** Some of them are tools to npm, for the product's package does without them. */
function providersPackages(root: string, packages: Lock['packages']): Set<string> {
  const runs = ([, entry]: [string, LockEntry]) =>
    Object.entries(IMAGES).every(([of, ours]) => {
      const asked = [entry[of as keyof typeof IMAGES] ?? ours].flat();
      return asked.some((one) => ours.includes(one));
    });
  const { closureOf, PROVIDERS }: ImagePackages = createRequire(join(root, 'package.json'))(
    './deploy/image/packages.mjs',
  );
  const there = Object.fromEntries(Object.entries(packages).filter(runs));
  return new Set(closureOf({ packages: there }, Object.values(PROVIDERS)));
}

/** What an installed package says of itself; undefined where it is not installed here, as one of another platform. */
export function installedManifest(root: string, path: string): Record<string, unknown> | undefined {
  const file = join(root, path, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
