// Finds the folder of specifications and evaluation data beside the repository, which a user's clone does not have.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, type SuiteAPI } from 'vitest';

/** The path of a file under `../shared`; `undefined` where it is not there. */
export function sharedFile(path: string): string | undefined {
  const full = fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
  return existsSync(full) ? full : undefined;
}

/** `describe` where the file is there; else a suite that does not run, and says so. */
export function describeWithShared(path: string): SuiteAPI | SuiteAPI['skip'] {
  if (sharedFile(path)) return describe;
  console.warn(`NOT RUN: tests that need ../shared/${path}, which is not beside this repository.`);
  return describe.skip;
}
