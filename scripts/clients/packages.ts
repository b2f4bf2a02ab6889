// Puts clients together: what is written from the document, and for a document of a user's own a whole package around it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiDocument } from './document.js';
import type { ClientFile, ClientOptions } from './generated-file.js';
import { packageName, pascalCase, snakeCase } from './names.js';
import { pythonFiles } from './python.js';
import { typeScriptFiles } from './typescript.js';

export const LANGUAGES = ['typescript', 'python'] as const;
export type Language = (typeof LANGUAGES)[number];

const OWN: ClientOptions = {
  className: 'ReskClient',
  packageName: 'resk-caching-client',
  // One handler under two paths; Nest numbers them.
  names: { 'operations_live[0]': 'operations_health', 'operations_live[1]': 'operations_live' },
};

const HOME = 'clients';
const TYPESCRIPT_HOME = join(HOME, 'typescript');
const PYTHON_HOME = join(HOME, 'python', 'resk_caching_client');

/** The generated files of the clients of this repository, by their paths under `clients/`. */
export async function clientFiles(
  document: ApiDocument,
  languages: readonly Language[] = LANGUAGES,
): Promise<ClientFile[]> {
  return [
    ...(languages.includes('typescript') ? within('typescript', await typeScriptFiles(document, OWN)) : []),
    ...(languages.includes('python') ? within('python/resk_caching_client', pythonFiles(document, OWN)) : []),
  ];
}

/** Whole packages for a document of any making, by their paths under the folder that is asked for. */
export async function newPackages(
  document: ApiDocument,
  languages: readonly Language[],
  name?: string,
): Promise<ClientFile[]> {
  const { title } = document.info;
  const options =
    name === undefined
      ? { className: `${pascalCase(title)}Client`, packageName: `${packageName(title)}-client` }
      : { className: pascalCase(name), packageName: packageName(name) };
  return [
    ...(languages.includes('typescript') ? await typeScriptPackage(document, options) : []),
    ...(languages.includes('python') ? pythonPackage(document, options) : []),
  ];
}

async function typeScriptPackage(document: ApiDocument, options: ClientOptions): Promise<ClientFile[]> {
  const manifest = JSON.parse(readFileSync(join(TYPESCRIPT_HOME, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { repository: _, license: __, ...kept } = manifest;
  const own = { ...kept, name: options.packageName, version: '0.1.0', description: about(document), files: ['dist'] };
  return within('typescript', [
    { path: 'package.json', text: `${JSON.stringify(own, undefined, 2)}\n`, once: true },
    { path: 'tsconfig.json', text: readFileSync(join(TYPESCRIPT_HOME, 'tsconfig.json'), 'utf8'), once: true },
    ...within(
      'src',
      filesOf(join(TYPESCRIPT_HOME, 'src'), (file) => /(?<!\.gen)\.ts$/.test(file)),
    ),
    ...(await typeScriptFiles(document, options)),
  ]);
}

function pythonPackage(document: ApiDocument, options: ClientOptions): ClientFile[] {
  const folder = snakeCase(options.packageName);
  const manifest = readFileSync(join(HOME, 'python', 'pyproject.toml'), 'utf8')
    .replaceAll('resk_caching_client', folder)
    .replace(/^name = .*$/m, `name = ${JSON.stringify(options.packageName)}`)
    .replace(/^version = .*$/m, 'version = "0.1.0"')
    .replace(/^description = .*$/m, `description = ${JSON.stringify(about(document))}`)
    .replace(/^(readme|license) = .*\n/gm, '');
  const generated = pythonFiles(document, options);
  const isOurs = (file: string) => /\.(py|typed)$/.test(file) && !generated.some(({ path }) => path === file);
  return within('python', [
    { path: 'pyproject.toml', text: manifest, once: true },
    ...within(folder, [...filesOf(PYTHON_HOME, isOurs), ...generated]),
  ]);
}

function about({ info: { title, version } }: ApiDocument): string {
  return `Typed client of ${title} ${version}.`;
}

function filesOf(folder: string, wanted: (file: string) => boolean): ClientFile[] {
  return readdirSync(folder)
    .filter(wanted)
    .map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
}

function within(folder: string, files: ClientFile[]): ClientFile[] {
  return files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
}
