// Makes the folder of DATA_DIR before anything needs it, and says of one that cannot be used which it is, and why.
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Failure, failure } from '#ports';
import { runtimeSection } from './runtime.section.js';
import type { Sources } from './sources.js';

const { R_OK, W_OK, X_OK } = constants;
const { env, secret } = runtimeSection.settings.dataDir;

/** Codes of the operating system: what is the matter with `at`, and what to do. */
const REASONS: Record<string, readonly [what: (at: string) => string, fix: string]> = {
  ENOTDIR: [(at) => `${at} is a file`, 'Set it to a folder.'],
  EEXIST: [(at) => `${at} is a link that leads nowhere`, 'Set it to a folder.'],
  EACCES: [(at) => `the service may not write to ${at}`, 'Let it, or set another folder.'],
  EPERM: [(at) => `the service may not write to ${at}`, 'Let it, or set another folder.'],
  EROFS: [(at) => `${at} lies on a file system that is read-only`, 'Set another folder.'],
  ENOSPC: [(at) => `there is no room left to make ${at}`, 'Make room, or set another folder.'],
};

/** @throws Failure `config.invalid`: for the operator alone, as it names the folder */
export function ensureDataFolder(dataDir: string, sources: Sources): void {
  const folder = resolve(dataDir);
  try {
    make(folder);
    accessSync(folder, R_OK | W_OK | X_OK);
  } catch (error) {
    throw unusable(folder, error as NodeJS.ErrnoException, sources.lookUp(env, secret)?.source ?? 'default');
  }
}

/** One folder after the other: `recursive` of mkdir tries for ever where the system makes none, as below /proc (Node 24). */
function make(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found) throw Object.assign(new Error('It is a file.'), { code: 'ENOTDIR', path: folder });
  make(dirname(folder));
  try {
    mkdirSync(folder, 0o700);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function unusable(folder: string, cause: NodeJS.ErrnoException, source: string): Failure {
  const { code = 'unknown error', path: at = folder } = cause;
  const [what, fix] = REASONS[code] ?? [() => `${at} cannot be made or used (${code})`, 'Set another folder.'];
  const said = at === folder ? what('it') : what(at);
  return failure('config.invalid', { problems: `  ${env} (from ${source}) is ${folder}: ${said}. ${fix}` }, { cause });
}
