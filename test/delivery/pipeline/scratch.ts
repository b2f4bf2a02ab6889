// A folder with files of a test's choosing, gone when the test file ends; on request it is a git repository.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function scratch(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'resk-pipeline-'));
  folders.push(folder);
  put(folder, files);
  return folder;
}

export function put(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Runs git without anything of who runs the tests. */
export function git(folder: string, ...args: string[]): string {
  const alone = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', PATH: process.env.PATH };
  const someone = ['-c', 'user.name=Someone', '-c', 'user.email=someone@example.org', '-c', 'commit.gpgsign=false'];
  const done = spawnSync('git', [...someone, ...args], { cwd: folder, encoding: 'utf8', env: alone });
  if (done.status !== 0) throw new Error(`git ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

/** Runs a built script as `npm run` does. */
export function script(name: string, args: string[] = [], cwd = ROOT) {
  const done = spawnSync(process.execPath, [join(ROOT, 'dist/scripts', `${name}.js`), ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { code: done.status, output: `${done.stdout}${done.stderr}` };
}
