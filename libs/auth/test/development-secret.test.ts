// The development secret is made once, for its owner's eyes only, whoever starts first.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { developmentSecret } from '#auth';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'resk-auth-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('is made once, in a file that only its owner reads, in a folder made for it', () => {
  const dataDir = join(folder, 'deep', 'data');
  const secret = developmentSecret(dataDir);
  expect(secret.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(developmentSecret(dataDir).reveal()).toBe(secret.reveal());
  expect(statSync(join(dataDir, 'development-secret')).mode & 0o777).toBe(0o600);
  expect(readdirSync(dataDir)).toEqual(['development-secret']);
});

test('differs from folder to folder', () => {
  expect(developmentSecret(join(folder, 'a')).reveal()).not.toBe(developmentSecret(join(folder, 'b')).reveal());
});

test('is one and the same for processes that start together', async () => {
  const rounds = 60;
  const program = `
    import { developmentSecret } from ${JSON.stringify(new URL('../src/development-secret.ts', import.meta.url).href)};
    const [, start, folder] = process.argv;
    for (let round = 0; round < ${rounds}; round++) {
      while (Date.now() < Number(start) + round * 10) {}
      console.log(developmentSecret(folder + '/' + round).reveal());
    }`;
  const start = String(Date.now() + 1500);
  const runs = await Promise.all(Array.from({ length: 3 }, () => runTypeScript(program, start, folder)));
  const [first, ...others] = runs.map(({ stdout }) => stdout);
  expect(first?.trim().split('\n')).toHaveLength(rounds);
  for (const other of others) expect(other).toBe(first);
  for (const made of readdirSync(folder)) expect(readdirSync(join(folder, made))).toEqual(['development-secret']);
});

test('is refused when the file holds something else, without showing it', () => {
  writeFileSync(join(folder, 'development-secret'), 'changeme');
  expect(() => developmentSecret(folder)).toThrow(expect.objectContaining({ code: 'auth.development_secret' }));
  expect(() => developmentSecret(folder)).not.toThrow('changeme');
});

test('that cannot be kept is a failure that names no path', () => {
  writeFileSync(join(folder, 'file'), '');
  const impossible = join(folder, 'file', 'data');
  expect(() => developmentSecret(impossible)).toThrow(
    expect.objectContaining({ code: 'auth.development_secret', facts: { reason: 'ENOTDIR' } }),
  );
  expect(() => developmentSecret(impossible)).not.toThrow(folder);
});

/** Sources import each other as `.js` and by room name: Node runs them with this hook and the condition `source`. */
const SOURCES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve: (wanted, context, next) => next(context.parentURL?.endsWith('.ts') ? wanted.replace(/\\.js$/, '.ts') : wanted, context),
  });`)}`;

function runTypeScript(program: string, ...args: string[]) {
  const flags = ['--no-warnings', '--experimental-transform-types', '--conditions=source', '--import', SOURCES];
  return promisify(execFile)(process.execPath, [...flags, '--input-type=module', '--eval', program, ...args]);
}
