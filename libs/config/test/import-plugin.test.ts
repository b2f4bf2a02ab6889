// Listed packages are found beside this one or in the working directory, and what is missing is told from what is broken.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importPlugin } from '../src/import-plugin.js';

let folder: string;

/** Imports in a process that was started in the folder: the test runner has an `import` of its own. */
async function imported(name: string): Promise<unknown> {
  const source = JSON.stringify(fileURLToPath(new URL('../src/import-plugin.ts', import.meta.url)));
  const program = `const { importPlugin } = await import(${source}); console.log((await importPlugin('${name}')).default)`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
  });
  return stdout.trim();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resk-plugins-'));
  const files = {
    'package.json': '{ "name": "the-folder-itself", "type": "module", "exports": "./own.mjs" }',
    'own.mjs': 'export default "own";',
    'node_modules/@acme/there/package.json': '{ "exports": { ".": { "import": "./index.mjs" } } }',
    'node_modules/@acme/there/index.mjs': 'export default "there";',
    'node_modules/lame/index.mjs': 'import "a-package-of-nobody"; export default "lame";',
    'node_modules/lame/package.json': '{ "exports": "./index.mjs" }',
    'node_modules/broken/index.mjs': 'throw new TypeError("broken");',
    'node_modules/broken/package.json': '{ "exports": "./index.mjs" }',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('importPlugin', () => {
  it('finds a package beside this one', async () => {
    expect(await importPlugin('zod')).toHaveProperty('z');
  });

  it('finds a package of the working directory, and the one that the directory is', async () => {
    expect(await imported('@acme/there')).toBe('there');
    expect(await imported('the-folder-itself')).toBe('own');
  });

  it('takes a path as it is', async () => {
    expect(await importPlugin(join(folder, 'own.mjs'))).toMatchObject({ default: 'own' });
  });

  it('says what is missing, be it the package or something of it', async () => {
    await expect(importPlugin('a-package-of-nobody')).rejects.toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' });
    await expect(imported('@nobody/package')).rejects.toThrow("Cannot find package '@nobody/package'");
    await expect(imported('lame')).rejects.toThrow("Cannot find package 'a-package-of-nobody'");
    await expect(imported('broken')).rejects.toThrow('TypeError: broken');
  });
});
