// The folder of DATA_DIR is made, or it is said which it is, who named it, and what keeps it from being of use.
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureDataFolder, environmentSources } from '#config';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resk-data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ensure = (path: string) =>
  ensureDataFolder(path, environmentSources({ env: { DATA_DIR: path }, envFile: false }));

test('makes it with the folders above it, for its owner alone, as often as it is asked to', async () => {
  const path = join(folder, 'deeper', 'data');
  ensure(path);
  ensure(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

test.each([
  ['a file', async (path: string) => writeFile(path, ''), 'it is a file. Set it to a folder.'],
  [
    'a link that leads nowhere',
    async (path: string) => symlink(join(folder, 'x'), path),
    'it is a link that leads nowhere.',
  ],
])('names a folder that is %s, and who named it', async (_, prepare, said) => {
  const path = join(folder, 'data');
  await prepare(path);
  const message = expect.stringContaining(`  DATA_DIR (from environment) is ${path}: ${said}`);
  expect(() => ensure(path)).toThrow(expect.objectContaining({ code: 'config.invalid', message }));
});

test('names what stands above the folder', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  expect(() => ensure(join(file, 'a', 'b'))).toThrow(
    `is ${join(file, 'a', 'b')}: ${file} is a file. Set it to a folder.`,
  );
});

test('tells of a folder that may not be written to, apart from a file', async () => {
  const closed = join(folder, 'closed');
  await mkdir(closed, { mode: 0o555 });
  await chmod(folder, 0o755);
  // Nothing is closed to root: then somebody else tries.
  const superuser = process.geteuid!() === 0;
  if (superuser) process.seteuid!(65_534);
  try {
    expect(() => ensure(join(closed, 'data'))).toThrow(
      /the service may not write to .*\. Let it, or set another folder\./,
    );
  } finally {
    if (superuser) process.seteuid!(0);
  }
});

// mkdir's own `recursive` never comes back from there.
test('gives up where the system makes no folder', () => {
  expect(() => ensure('/proc/nowhere/data')).toThrow(
    'is /proc/nowhere/data: /proc/nowhere cannot be made or used (ENOENT).',
  );
});

test('says that nobody named it', async () => {
  const path = join(folder, 'data');
  await writeFile(path, '');
  expect(() => ensureDataFolder(path, environmentSources({ env: {}, envFile: false }))).toThrow(
    'DATA_DIR (from default)',
  );
});
