// Every package has a licence that it may have; one that has not, or that says something else than it did, is seen.
import parse from 'spdx-expression-parse';
import { describe, expect, test } from 'vitest';
import { isAllowed, licenceReport } from '../../../scripts/supply-chain/licence-check.js';
import { EXCEPTIONS, REVIEWED, SHIPPED, TOOLS } from '../../../scripts/supply-chain/licence-policy.js';
import { type LockedPackage, lockedPackages } from '../../../scripts/supply-chain/lockfile.js';
import { ROOT, scratch } from './scratch.js';

const aPackage = (o: Partial<LockedPackage> = {}): LockedPackage => ({
  path: 'node_modules/a',
  name: 'a',
  version: '1.0.0',
  licence: 'MIT',
  shipped: true,
  withProduct: true,
  ...o,
});
const problems = (one: Partial<LockedPackage>, files: Record<string, string> = {}, reviewed = {}) =>
  licenceReport(scratch(files), [aPackage(one)], { reviewed, exceptions: [] }).problems;

describe('this repository', () => {
  const packages = lockedPackages(ROOT);

  test('has no package whose licence it may not have', () => {
    expect(licenceReport(ROOT, packages).problems).toEqual([]);
  });

  test('knows what is shipped from what is a tool', () => {
    const shipped = (name: string) => packages.find((one) => one.path === `node_modules/${name}`)!.shipped;
    expect(['fastify', '@nestjs/core', '@keyv/sqlite'].map(shipped)).toEqual([true, true, true]);
    expect(['vitest', '@biomejs/biome', 'onnxruntime-web'].map(shipped)).toEqual([false, false, false]);
    expect(packages.filter((one) => one.shipped).length).toBeGreaterThan(150);
  });

  test('counts as shipped what an image adds for a provider, on the platforms of the images', () => {
    const of = (name: string) => packages.find((one) => one.path === `node_modules/${name}`);
    const added = ['@huggingface/transformers', 'onnxruntime-node', 'sharp', '@img/sharp-libvips-linux-arm64'];
    for (const name of added) expect(of(name)).toMatchObject({ shipped: true, withProduct: false });
    for (const name of ['@img/sharp-win32-x64', '@img/sharp-wasm32', '@img/sharp-libvips-linuxmusl-x64'])
      expect(of(name)).toMatchObject({ shipped: false });
    expect(of('@aws-sdk/client-kms')).toMatchObject({ shipped: true, withProduct: true });
  });

  test('has its reason for every exception', () => {
    for (const { why } of EXCEPTIONS) expect(why.length).toBeGreaterThan(40);
  });

  test('reads a linked package as what it links to', () => {
    expect(packages.find(({ name }) => name === 'sqlite3')).toMatchObject({ licence: 'Apache-2.0', version: '5.1.7' });
  });
});

describe('refused is', () => {
  test.each<[string, Partial<LockedPackage>, RegExp]>([
    ['the GPL in what is shipped', { licence: 'GPL-3.0-only' }, /may not be shipped/],
    ['the AGPL among the tools', { licence: 'AGPL-3.0-only', shipped: false }, /may not be among the tools/],
    ['the LGPL in what is shipped', { licence: 'LGPL-3.0-or-later' }, /may not be shipped/],
    ['a sum of which one part is not allowed', { licence: 'MIT AND GPL-2.0-only' }, /may not be shipped/],
    ['a licence with an exception', { licence: 'GPL-2.0-only WITH Classpath-exception-2.0' }, /may not be shipped/],
    ['no licence at all', { licence: undefined }, /says no licence/],
    ['words that are no licence', { licence: 'SEE LICENSE IN LICENSE' }, /says SEE LICENSE IN LICENSE/],
    ['UNLICENSED', { licence: 'UNLICENSED' }, /says UNLICENSED/],
  ])('%s', (_, one, said) => expect(problems(one).join('\n')).toMatch(said));

  test('a package that says something else than the lockfile', () => {
    const files = { 'node_modules/a/package.json': '{"license":"GPL-3.0-only"}' };
    expect(problems({}, files)).toEqual(['a@1.0.0 says GPL-3.0-only, but the lockfile says MIT']);
  });

  test('what was reviewed, once its text is another', () => {
    const reviewed = { a: { licence: 'MIT', file: 'LICENSE', words: 'MIT License' } };
    const files = (text: string) => ({ 'node_modules/a/LICENSE': text });
    expect(problems({ licence: undefined }, files('MIT License, of course'), reviewed)).toEqual([]);
    expect(problems({ licence: undefined }, files('All rights reserved'), reviewed).join()).toMatch(/read it again/);
    expect(problems({ licence: undefined }, { 'node_modules/a/x': '' }, reviewed).join()).toMatch(/read it again/);
  });

  test('an exception that nothing needs, and all that it does not name', () => {
    const exceptions = [{ name: /^a-/, licence: 'LGPL-3.0-or-later', why: 'it is' }];
    const said = (...packages: Partial<LockedPackage>[]) =>
      licenceReport(scratch(), packages.map(aPackage), { reviewed: {}, exceptions }).problems;
    const excepted = { name: 'a-library', licence: 'LGPL-3.0-or-later' };
    expect(said(excepted)).toEqual([]);
    expect(said(excepted, { name: 'b', licence: 'LGPL-3.0-or-later' }).join()).toContain(
      'b@1.0.0 is LGPL-3.0-or-later',
    );
    expect(said({ ...excepted, licence: 'GPL-3.0-only' }).join()).toMatch(/may not be shipped.*nothing needs/);
    expect(said({ ...excepted, shipped: false }).join()).toContain('nothing needs');
  });

  test('what was reviewed and needs it no more', () => {
    const reviewed = { a: { licence: 'MIT', file: 'LICENSE', words: 'MIT' } };
    expect(problems({ licence: 'MIT' }, {}, reviewed).join()).toMatch(/needs it no more/);
  });
});

describe('allowed is', () => {
  test.each(['MIT', 'MIT OR GPL-3.0-only', '(MIT AND Apache-2.0)', 'GPL-3.0-only OR (MIT AND ISC)'])(
    '%s',
    (licence) => {
      expect(isAllowed(parse(licence), SHIPPED)).toBe(true);
    },
  );

  test('more for a tool than for what is shipped, but never the GPL', () => {
    expect(isAllowed(parse('MPL-2.0'), SHIPPED)).toBe(false);
    expect(isAllowed(parse('MPL-2.0'), TOOLS)).toBe(true);
    for (const licence of ['GPL-2.0-only', 'GPL-3.0-or-later', 'AGPL-3.0-only', 'SSPL-1.0', 'BUSL-1.1'])
      expect(isAllowed(parse(licence), TOOLS)).toBe(false);
  });

  test('what a person read, if it is a licence that may be', () => {
    for (const { licence } of Object.values(REVIEWED)) expect(isAllowed(parse(licence), TOOLS)).toBe(true);
  });
});
