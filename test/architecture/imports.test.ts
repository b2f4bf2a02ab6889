// The rules of .dependency-cruiser.mjs hold in this house, and each of them is seen to fail in a bad one.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { describe, expect, test } from 'vitest';
import { aTree, house } from './tree.js';

const SOURCES = ['apps', 'libs', 'test', 'bench', 'scripts'];

// The whole tree is read: minutes are enough on any machine.
describe('this house', { timeout: 180_000 }, () => {
  test('imports only downwards, by faces, without cycles, with Nest at the rim', async () => {
    expect(await violations(house)).toEqual([]);
  });

  test('has a floor for every room', async () => {
    const { FLOORS } = (await import(join(house, '.dependency-cruiser.mjs'))) as { FLOORS: string[][] };
    const rooms = ['libs', 'apps'].flatMap((part) => readdirSync(join(house, part)).map((name) => `${part}/${name}`));
    expect(rooms.filter((room) => !FLOORS.flat().includes(room))).toEqual([]);
  });
});

describe('a bad house is refused', () => {
  test('for a cycle', async () => {
    const bad = aTree({
      'libs/ports/src/one.ts': `import { two } from './two.js';\nexport const one = () => two;`,
      'libs/ports/src/two.ts': `import { one } from './one.js';\nexport const two = () => one;`,
    });
    expect(await violations(bad)).toContain('no cycle: libs/ports/src/one.ts → libs/ports/src/two.ts');
  });

  test('for a cycle of types alone', async () => {
    const bad = aTree({
      'libs/ports/src/one.ts': `import type { Two } from './two.js';\nexport type One = Two;`,
      'libs/ports/src/two.ts': `import type { One } from './one.js';\nexport type Two = One;`,
    });
    expect(await violations(bad)).toContain('no cycle: libs/ports/src/one.ts → libs/ports/src/two.ts');
  });

  test('for an arrow that climbs', async () => {
    const bad = aTree({
      'libs/ports/src/index.ts': `export * from '#cache';`,
      'libs/cache/src/index.ts': 'export const cache = 1;',
    });
    expect(await violations(bad)).toEqual(['floors: libs/ports: libs/ports/src/index.ts → libs/cache/src/index.ts']);
  });

  test('for a type from a room of the same floor', async () => {
    const bad = aTree({
      'libs/auth/src/index.ts': `import type { Key } from '#crypto';\nexport type Caller = Key;`,
      'libs/crypto/src/index.ts': 'export type Key = string;',
    });
    expect(await violations(bad)).toEqual(['floors: libs/auth: libs/auth/src/index.ts → libs/crypto/src/index.ts']);
  });

  test('for an app that imports another', async () => {
    const bad = aTree({
      'apps/cli/src/main.ts': `import '../../server/src/main.js';`,
      'apps/server/src/main.ts': 'export {};',
    });
    expect(await violations(bad)).toEqual(['floors: apps/cli: apps/cli/src/main.ts → apps/server/src/main.ts']);
  });

  test.each(['libs/cache/src/index.ts', 'test/e2e/hit.test.ts', 'bench/main.ts'])(
    'for a deep import from %s',
    async (from) => {
      const up = '../'.repeat(from.split('/').length - 1);
      const bad = aTree({
        [from]: `import '${up}libs/ports/src/failure.js';`,
        'libs/ports/src/failure.ts': 'export {};',
      });
      expect(await violations(bad)).toEqual([`faces only: ${from} → libs/ports/src/failure.ts`]);
    },
  );

  test('for Nest inside the engine, as a value or a type', async () => {
    const bad = aTree({
      'libs/cache/src/policy.ts': `import { Injectable } from '@nestjs/common';\nexport { Injectable };`,
      'libs/cache/src/tier.ts': `import type { Type } from '@nestjs/common';\nexport type Tier = Type;`,
    });
    expect((await violations(bad)).filter((one) => one.startsWith('Nest at the rim'))).toEqual([
      'Nest at the rim: libs/cache/src/policy.ts → @nestjs/common',
      'Nest at the rim: libs/cache/src/tier.ts → @nestjs/common',
    ]);
  });

  test('for a face that brings Nest along', async () => {
    const bad = aTree({
      'libs/cache/src/index.ts': `export * from './cache.module.js';`,
      'libs/cache/src/cache.module.ts': `import { Module } from '@nestjs/common';\nexport { Module };`,
    });
    expect(await violations(bad)).toContain('faces without Nest: libs/cache/src/index.ts → @nestjs/common');
  });

  test('for a product that imports a test', async () => {
    const bad = aTree({
      'libs/cache/src/index.ts': `import '../test/builders.js';`,
      'libs/cache/test/builders.ts': 'export {};',
    });
    expect(await violations(bad)).toEqual([
      'product apart from its tools: libs/cache/src/index.ts → libs/cache/test/builders.ts',
    ]);
  });

  test('for a package that is not installed with the product', async () => {
    const bad = aTree({
      'libs/cache/src/index.ts': `import 'fast-check';`,
      'node_modules/fast-check/package.json': '{ "name": "fast-check", "main": "index.js" }',
      'node_modules/fast-check/index.js': '',
    });
    expect(await violations(bad)).toEqual([
      'declared packages: libs/cache/src/index.ts → node_modules/fast-check/index.js',
    ]);
  });

  test('for an import that leads nowhere', async () => {
    const bad = aTree({ 'libs/cache/src/index.ts': `import './gone.js';` });
    expect(await violations(bad)).toEqual(['resolvable: libs/cache/src/index.ts → ./gone.js']);
  });
});

test('a module may be entered by its second face', async () => {
  const good = aTree({
    'libs/cache/src/cache.module.ts': `export { CryptoModule } from '#crypto/module';`,
    'libs/crypto/src/crypto.module.ts': 'export class CryptoModule {}',
  });
  expect(await violations(good)).toEqual([]);
});

let asked: Promise<{ options: ICruiseOptions; tsConfig: object }> | undefined;

/** The options of the cruise, and the compiler's: read once for all houses. */
function rules() {
  asked ??= extractDepcruiseOptions(join(house, '.dependency-cruiser.mjs')).then((options) => ({
    options,
    tsConfig: extractTSConfig(join(house, 'tsconfig.json')),
  }));
  return asked;
}

async function violations(root: string): Promise<string[]> {
  const { options, tsConfig } = await rules();
  const folders = SOURCES.filter((name) => existsSync(join(root, name)));
  const { output } = await cruise(folders, { ...options, baseDir: root }, undefined, { tsConfig });
  const { violations: found } = (output as ICruiseResult).summary;
  return found.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort();
}
