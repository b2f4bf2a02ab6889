// Writes an npm package with a provider that works out of the box, from the templates of this package.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { failure } from '#ports';
import type { Io } from './io.js';
import { packageFile } from './package-folder.js';

/** Families for which there is a template. */
export const TEMPLATES = ['vector-store', 'embedding-model', 'reranker'] as const;
export type Template = (typeof TEMPLATES)[number];

/** What a provider may be called: it is chosen by this name, and is a label of metrics. */
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** How an operator chooses a provider of the family. */
const VARIABLES: Record<Template, string> = {
  'vector-store': 'VECTORDB_TYPE',
  'embedding-model': 'EMBEDDING_PROVIDER',
  reranker: 'RERANK_PROVIDER',
};
/** Templates end in this: no tool takes them for sources of ours. */
const ENDING = '.template';

/** @throws Failure `cli.usage` for a name that cannot be one, or a folder that has something in it */
export async function createPackage(o: { name: string; family: Template; dir: string }, io: Io): Promise<void> {
  const { name, family, dir } = o;
  if (!NAME.test(name)) {
    throw failure('cli.usage', {
      reason: `${name} is no name of a provider: small letters, digits and hyphens, at most 32.`,
    });
  }
  if ((await contentOf(dir)).length > 0) throw failure('cli.usage', { reason: `The folder ${dir} is not empty.` });
  const version = await ownVersion();
  const facts = { name, family, variable: VARIABLES[family], class: classOf(name), version, from: from(dir, version) };
  for (const [path, text] of await filled(family, facts)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
    io.stdout.write(`${join(dir, path)}\n`);
  }
  io.stderr.write(`\nNext: cd ${dir} && npm install && npm test. Then read README.md.\n`);
}

/** Every file of the template, with the facts in place of `{{name}}`. */
async function filled(family: Template, facts: Record<string, string>): Promise<Array<[path: string, text: string]>> {
  const files: Array<[string, string]> = [];
  for (const folder of ['every-family', family]) {
    const root = packageFile(join('apps/cli/templates', folder));
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const text = (await readFile(file, 'utf8')).replace(/\{\{(\w+)\}\}/g, (_, fact: string) => facts[fact]!);
      files.push([relative(root, file).slice(0, -ENDING.length).split(sep).join('/'), text]);
    }
  }
  return files.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Where npm gets the ports for the tests: from the clone, where this is one, since its version may not be published yet. */
function from(dir: string, version: string): string {
  // A published package has no scripts.
  if (!existsSync(packageFile('scripts/bootstrap.mjs'))) return `^${version}`;
  return `file:${relative(resolve(dir), packageFile('.')).split(sep).join('/')}`;
}

/** `acme-store` → `AcmeStore`. */
function classOf(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase());
}

async function ownVersion(): Promise<string> {
  return (JSON.parse(await readFile(packageFile('package.json'), 'utf8')) as { version: string }).version;
}

async function contentOf(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw failure('cli.file_unreadable', { file: folder, reason: error.code ?? 'unknown error' }, { cause: error });
  });
}
