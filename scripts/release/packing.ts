// What may be in the packages that are published, and how large they may be.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

export interface Policy {
  /** A path that matches none of these is not published. */
  allowed: readonly RegExp[];
  required: readonly string[];
  maxUnpackedBytes: number;
  maxFiles: number;
}

export interface Packed {
  name: string;
  version: string;
  filename: string;
  unpackedSize: number;
  files: { path: string; size: number }[];
}

const MIB = 1024 ** 2;

/** Maps are published, for stacks that name the line of the source; the sources themselves are not. */
const CODE = /\.(?:js|d\.ts|js\.map)$/;

export const POLICIES = {
  product: {
    allowed: [
      new RegExp(`^dist/(?:apps|libs)/[\\w-]+/src/.*(?:${CODE.source}|\\.wasm$)`),
      /^apps\/cli\/bin\/resk\.mjs$/,
      /^apps\/cli\/templates\/.+\.template$/,
      /^examples\/[^/]+$/,
      /^(?:README|CHANGELOG)\.md$|^LICENSE$|^package\.json$/,
      // Bundled, so that npm cannot resolve it beside a Nest of another major (docs/decisions/0013).
      /^node_modules\/(?:nestjs-zod|deepmerge)\//,
    ],
    required: [
      'README.md',
      'LICENSE',
      'package.json',
      'apps/cli/bin/resk.mjs',
      'dist/libs/sdk/src/index.js',
      'dist/libs/sdk/src/index.d.ts',
      'dist/apps/server/src/main.js',
    ],
    maxUnpackedBytes: 8 * MIB,
    maxFiles: 2600,
  },
  client: {
    allowed: [new RegExp(`^dist/.*${CODE.source}`), /^README\.md$|^LICENSE$|^package\.json$/],
    required: ['README.md', 'LICENSE', 'package.json', 'dist/index.js', 'dist/index.d.ts'],
    maxUnpackedBytes: MIB,
    maxFiles: 100,
  },
} satisfies Record<string, Policy>;

const FORBIDDEN =
  /(?:^|\/)(?:test|tests|coverage|data)\/|\.test\.|(?:^|\/)\.env|\.sqlite|\.tgz$|\.tsbuildinfo$|\.pem$|\.key$/;

/** What a package breaks of its policy. */
export function packProblems({ allowed, required, maxUnpackedBytes, maxFiles }: Policy, packed: Packed): string[] {
  const paths = packed.files.map(({ path }) => path);
  const own = paths.filter((path) => !path.startsWith('node_modules/'));
  const templates = (path: string) => path.startsWith('apps/cli/templates/');
  return [
    ...paths.filter((path) => !allowed.some((form) => form.test(path))).map((path) => `${path} is not to be published`),
    ...own
      .filter((path) => !templates(path) && FORBIDDEN.test(path))
      .map((path) => `${path} is a test, data or a secret`),
    ...required.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
    ...(packed.unpackedSize > maxUnpackedBytes
      ? [`${packed.unpackedSize} bytes unpacked, more than ${maxUnpackedBytes}`]
      : []),
    ...(paths.length > maxFiles ? [`${paths.length} files, more than ${maxFiles}`] : []),
  ].map((problem) => `${packed.name}: ${problem}`);
}

/** Packs a folder as npm would publish it; `destination` undefined means that nothing is written. */
export function pack(folder: string, destination?: string): Packed {
  // npm runs in the folder that it packs: from there a relative path leads elsewhere.
  const where = destination ? ['--pack-destination', resolve(destination)] : ['--dry-run'];
  const done = spawnSync('npm', ['pack', '--json', '--ignore-scripts', ...where], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  // With --json npm says on stdout what failed.
  if (done.status !== 0) throw new Error(`npm pack failed in ${folder}: ${done.stdout}${done.stderr}`);
  // npm 10 gives a list, npm 11 an object by name.
  const [packed] = Object.values(JSON.parse(done.stdout) as Record<string, Packed>);
  return packed!;
}
