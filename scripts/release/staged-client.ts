// The TypeScript client, compiled in a folder of its own: packing runs no scripts, and the sources stay as they are.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const NOT_SOURCES = ['node_modules', 'dist'];

/** @returns the folder; whoever asked removes it */
export function stagedClient(root: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'resk-client-'));
  cpSync(join(root, 'clients/typescript'), folder, {
    recursive: true,
    filter: (path) => !NOT_SOURCES.includes(basename(path)),
  });
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const done = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.json'], { cwd: folder, encoding: 'utf8' });
  if (done.status === 0) return folder;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`The client does not compile:\n${done.stdout}`);
}
