// A small source tree in a temporary folder, so that a rule can be shown to fail.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** The repository. */
export const house = fileURLToPath(new URL('../..', import.meta.url));

const planted: string[] = [];
afterAll(() => {
  for (const root of planted) rmSync(root, { recursive: true, force: true });
});

/** Writes files, by path, beside the repository's own package.json and tsconfig.json; removed when the test file ends. */
export function aTree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'house-'));
  planted.push(root);
  for (const name of ['package.json', 'tsconfig.json']) cpSync(join(house, name), join(root, name));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
