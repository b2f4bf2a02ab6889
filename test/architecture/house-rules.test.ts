// The rules of the house that no import graph shows hold here, and each of them is seen to fail in a bad house.
import { describe, expect, test } from 'vitest';
import { MAX_LINES, namelessFolders, overlong, purposeless, readsEnvironment } from './house-rules.js';
import { aTree, house } from './tree.js';

// The whole tree is read: minutes are enough on any machine.
describe('this house', { timeout: 180_000 }, () => {
  test('reads the environment in one file', () => expect(readsEnvironment(house)).toEqual([]));
  test('says at the top of every file what it is for', () => expect(purposeless(house)).toEqual([]));
  test(`has no file of more than ${MAX_LINES} lines`, () => expect(overlong(house)).toEqual([]));
  test('names every folder for what it holds', () => expect(namelessFolders(house)).toEqual([]));
});

describe('a bad house is refused', () => {
  test.each([
    'export const port = process.env.PORT;',
    `export const port = process.env['PORT'];`,
    `export const all = process['env'];`,
    'export const port = process?.env?.PORT;',
    'export const { env } = process;',
    'const { env: all } = process;\nexport const port = all.PORT;',
    'export const port = globalThis.process.env.PORT;',
    `import { env } from 'node:process';\nexport const port = env.PORT;`,
    `import process from 'node:process';\nexport const port = process.env.PORT;`,
    `const name = 'env';\nexport const all = process[name as 'env'];`,
  ])('for reading the environment: %j', (text) => {
    expect(readsEnvironment(aTree({ 'libs/cache/src/policy.ts': text }))).toEqual(['libs/cache/src/policy.ts']);
  });

  test('for a command that reads the environment', () => {
    expect(readsEnvironment(aTree({ 'apps/cli/bin/resk.mjs': 'console.log(process.env);' }))).toEqual([
      'apps/cli/bin/resk.mjs',
    ]);
  });

  test.each([
    ['nothing', `export const one = 1;`],
    ['a bare word', '// cache\nexport const one = 1;'],
    ['a blank line', '\n// Decides how long an answer is true.\n'],
    ['no text at all', ''],
  ])('for a file that opens with %s', (_, text) => {
    expect(purposeless(aTree({ 'libs/cache/src/policy.ts': text }))).toEqual(['libs/cache/src/policy.ts']);
  });

  test('for a file of one line too many', () => {
    const lines = (count: number) => '// line\n'.repeat(count);
    const bad = aTree({ 'bench/long.ts': lines(MAX_LINES + 1), 'bench/just.ts': lines(MAX_LINES) });
    expect(overlong(bad)).toEqual(['bench/long.ts']);
  });

  test.each(['common', 'shared', 'utils', 'helpers', 'types', 'interfaces'])('for a folder named %s', (name) => {
    expect(namelessFolders(aTree({ [`libs/cache/src/${name}/policy.ts`]: '' }))).toEqual([`libs/cache/src/${name}`]);
  });
});

test('mentioning the environment in a comment or a text is not reading it', () => {
  const text = `// Nothing here reads process.env.\nexport const advice = 'set process.env.PORT';\nexport const { argv } = process;`;
  expect(readsEnvironment(aTree({ 'libs/cache/src/policy.ts': text }))).toEqual([]);
});

test('the one file that may read the environment may', () => {
  expect(readsEnvironment(aTree({ 'libs/config/src/sources.ts': 'export const all = process.env;' }))).toEqual([]);
});

test('a command may begin with its interpreter, before its purpose', () => {
  const text = '#!/usr/bin/env node\n// Starts the command line of the product.\n';
  expect(purposeless(aTree({ 'apps/cli/bin/resk.mjs': text }))).toEqual([]);
});
