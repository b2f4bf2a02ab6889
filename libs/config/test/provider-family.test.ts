// Providers are chosen by name, from built-in ones and listed packages alone, and refused with the reason.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineProvider, PORTS_VERSION, type ProviderDefinition } from '#ports';
import { givenOptions, ProviderFamily } from '../src/index.js';

const opened: unknown[] = [];
const aProvider = (name: string) =>
  defineProvider({
    family: 'byte-store',
    name,
    options: z.object({ size: z.int(), deep: z.object({ at: z.string() }).optional() }),
    open: async (options) => {
      opened.push(options);
      return { tier: name } as never;
    },
  });
const packages: Record<string, unknown> = {
  '@acme/one': { default: aProvider('one') },
  '@acme/many': { default: [aProvider('two'), { ...aProvider('other'), family: 'vector-store' }] },
  '@acme/old': { default: { ...aProvider('old'), portsVersion: 0 } },
  '@acme/none': { default: { hello: 'world' } },
  '@acme/empty': {},
};
const imported: string[] = [];
const family = (...plugins: string[]) =>
  new ProviderFamily({
    family: 'byte-store',
    variable: 'STORE',
    builtIns: { built: async () => aProvider('built') as ProviderDefinition<'byte-store'> },
    plugins,
    importPackage: async (name) => {
      imported.push(name);
      if (!(name in packages)) throw new Error(`Cannot find ${name}`);
      return packages[name];
    },
  });

describe('ProviderFamily', () => {
  it('opens a built-in one with checked options, and imports no package for it', async () => {
    imported.length = 0;
    expect(await family('@acme/one').open('built', { size: 3 })).toEqual({ tier: 'built' });
    expect(opened.at(-1)).toEqual({ size: 3 });
    expect(imported).toEqual([]);
  });

  it('opens one of a listed package, alone or among several', async () => {
    expect(await family('@acme/one').open('one', { size: 1 })).toEqual({ tier: 'one' });
    expect(await family('@acme/one', '@acme/many').open('two', { size: 1 })).toEqual({ tier: 'two' });
  });

  it.each([
    ['a name that nobody has', ['@acme/one'], 'three', { size: 1 }, 'provider.unknown', 'Known: built, one'],
    ['a package that is not listed', [], 'one', { size: 1 }, 'provider.unknown', 'must be listed in PLUGINS'],
    ['the name of an inherited property', [], 'constructor', { size: 1 }, 'provider.unknown', 'STORE=constructor'],
    ['one of another family', ['@acme/many'], 'other', { size: 1 }, 'provider.unknown', 'byte-store'],
    [
      'one of another version',
      ['@acme/old'],
      'old',
      { size: 1 },
      'provider.version',
      `this server speaks ${PORTS_VERSION}`,
    ],
    ['a package that is none', ['@acme/none'], 'x', {}, 'provider.not_a_provider', '@acme/none'],
    ['a package without a default', ['@acme/empty'], 'x', {}, 'provider.not_a_provider', '@acme/empty'],
    ['a package that cannot be imported', ['@acme/absent'], 'x', {}, 'provider.load_failed', '@acme/absent'],
    ['options of another form', [], 'built', { size: 'big', deep: { at: 1 } }, 'provider.options', 'deep.at:'],
    ['options that are none', [], 'built', 7, 'provider.options', 'expected object'],
  ])('refuses %s', async (_, plugins, name, options, code, says) => {
    await expect(family(...plugins).open(name, options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });

  it('names the variable that an option came from, and what to do with one that is for another', async () => {
    const strict = defineProvider({
      family: 'byte-store',
      name: 'strict',
      options: z.strictObject({ size: z.int().optional() }),
      open: async () => ({}) as never,
    });
    const one = new ProviderFamily({ family: 'byte-store', variable: 'S', builtIns: { strict: async () => strict } });
    const { settings, origins } = givenOptions(
      { size: 1 },
      { size: ['S_SIZE', 'big'], url: ['S_URL', 'http://x'], key: ['S_KEY', undefined] },
    );
    expect(settings).toEqual({ size: 'big', url: 'http://x' });
    const message = await one.check('strict', settings, origins).catch((error: Error) => error.message);
    expect(message).toContain('S_SIZE: Invalid input');
    expect(message).toContain('S_URL is not for S=strict: unset it, or set S to a provider that takes it');
    // Of the JSON: nobody set a variable.
    await expect(one.check('strict', { url: 'http://x' }, {})).rejects.toThrow('Unrecognized key: "url"');
  });

  it('lists all that can be chosen, and which package brings it', async () => {
    expect(await family('@acme/one', '@acme/many').known()).toEqual([
      { family: 'byte-store', name: 'built', package: undefined },
      { family: 'byte-store', name: 'one', package: '@acme/one' },
      { family: 'byte-store', name: 'two', package: '@acme/many' },
    ]);
  });

  it('takes a path step as an object, as Standard Schema allows', async () => {
    const odd = defineProvider({
      family: 'byte-store',
      name: 'odd',
      options: {
        '~standard': {
          version: 1,
          vendor: 'x',
          validate: () => ({ issues: [{ message: 'no', path: [{ key: 'a' }] }] }),
        },
      },
      open: async () => ({}) as never,
    });
    const one = new ProviderFamily({ family: 'byte-store', variable: 'S', builtIns: { odd: async () => odd } });
    await expect(one.open('odd', {})).rejects.toMatchObject({ message: expect.stringContaining('a: no') });
  });
});
