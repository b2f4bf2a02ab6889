// The documents that a reader looks for are there, and the lists among them are complete.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { environmentSources } from '#config';
import { run } from '../../../apps/cli/src/run.js';
import { ROOT } from './documents.js';

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

it('the list of decisions names each with its title', () => {
  const list = textOf('docs/decisions/README.md');
  const pages = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => /^\d/.test(name));
  const missing = pages.filter((name) => {
    const title = /^# (?:\d+)(?: ·|\.) (.+)$/m.exec(textOf(`docs/decisions/${name}`))?.[1];
    return !title || !list.includes(`| [${name.slice(0, 4)}](${name}) | ${title} |`);
  });
  expect(missing).toEqual([]);
  expect(pages.length).toBeGreaterThan(20);
});

/** Providers as `resk provider list` has them where no package is listed. */
async function builtIn(): Promise<string[]> {
  let text = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  expect(await run(['provider', 'list'], { stdout, sources: environmentSources({ env: {}, envFile: false }) })).toBe(0);
  return [...text.matchAll(/^\s+\S+\s+(\S+)\s+built in$/gm)].map(([, name]) => name!);
}

it('the list of providers has every built-in one, and no other', async () => {
  const names = await builtIn();
  expect(names.length).toBeGreaterThan(15);
  const listed = [...textOf('docs/PROVIDERS.md').matchAll(/^\| \[?`([a-z-]+)`/gm)].map(([, name]) => name!);
  expect(names.filter((name) => !listed.includes(name))).toEqual([]);
  expect(listed.filter((name) => name !== 'none' && !names.includes(name))).toEqual([]);
});
