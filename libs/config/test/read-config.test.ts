// Sections are read from the environment, a .env file and files of secrets; all problems are told at once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Failure } from '#ports';
import { environmentSources, readConfig, section, setting } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'resk-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const door = section(
  'door',
  {
    title: 'Door',
    doc: 'A door.',
    rule: ({ width, height }, { production }) => [
      ...(width > height ? [{ setting: 'width' as const, message: 'must not be more than HEIGHT' }] : []),
      ...(production && width === 1 ? [{ setting: 'width' as const, message: 'must be set in production' }] : []),
    ],
  },
  {
    width: setting('WIDTH', { doc: 'Width.' }).integer({ max: 100 }).default('1'),
    height: setting('HEIGHT', { doc: 'Height.', developmentDefault: '50' }).integer().default('10'),
    key: setting('KEY', { doc: 'Key.' }).secret({ minLength: 4 }).optional(),
  },
);
const lamp = section(
  'lamp',
  { title: 'Lamp', doc: 'A lamp.' },
  { on: setting('ON', { doc: 'On.' }).flag().default('false') },
);

const read = (env: Record<string, string>, envFile: string | false = false) =>
  readConfig([door, lamp], environmentSources({ env, envFile }));
const failing = (env: Record<string, string>): Failure => {
  try {
    read(env);
  } catch (error) {
    return error as Failure;
  }
  throw new Error('nothing was wrong');
};

describe('readConfig', () => {
  it('gives every section its values, defaults by mode where nothing is set', () => {
    expect(read({ WIDTH: '3' })).toEqual({ door: { width: 3, height: 50, key: undefined }, lamp: { on: false } });
    expect(read({ WIDTH: '3', NODE_ENV: 'production' }).door.height).toBe(10);
    expect(read({ WIDTH: '  ' }).door.width).toBe(1);
  });

  it('reads the environment before the .env file, and the file before defaults', () => {
    const file = join(folder, 'one.env');
    writeFileSync(file, 'WIDTH=4\nON=true\n');
    expect(read({ WIDTH: '5' }, file)).toMatchObject({ door: { width: 5 }, lamp: { on: true } });
    expect(read({}, join(folder, 'absent.env')).door.width).toBe(1);
    expect(() => read({}, folder)).toThrow('EISDIR');
  });

  it('reads a secret from the file that NAME_FILE names, and nothing else so', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'of the file\n');
    expect(read({ KEY_FILE: file }).door.key?.reveal()).toBe('of the file');
    expect(read({ KEY_FILE: file, KEY: 'direct' }).door.key?.reveal()).toBe('direct');
    expect(read({ WIDTH_FILE: file }).door.width).toBe(1);
  });

  it('tells all problems at once: variable, source and fix, and no value', () => {
    const failed = failing({ WIDTH: 'wide', HEIGHT: '-1', ON: 'perhaps', KEY: 'abc', KEY_FILE: 'unused' });
    expect(failed).toMatchObject({ code: 'config.invalid' });
    expect(failed.problems?.map(({ path }) => path)).toEqual(['WIDTH', 'HEIGHT', 'KEY', 'ON']);
    expect(failed.message).toContain('WIDTH (from environment) must be a whole number from 0 to 100');
    expect(failed.message).not.toMatch(/wide|perhaps|abc/);
  });

  it('says so when a file of a secret cannot be read, without its path', () => {
    const failed = failing({ KEY_FILE: join(folder, 'absent') });
    expect(failed.message).toContain('KEY (from environment) cannot be read from its file (ENOENT)');
    expect(failed.message).not.toContain(folder);
  });

  it('checks what settings must be to each other, beside what is wrong with others', () => {
    expect(failing({ WIDTH: '60' }).message).toContain('WIDTH (from environment) must not be more than HEIGHT');
    expect(failing({ NODE_ENV: 'production' }).message).toContain('WIDTH (from default) must be set in production');
    expect(failing({ WIDTH: '60', KEY: 'a' }).problems?.map(({ path }) => path)).toEqual(['KEY', 'WIDTH']);
    expect(failing({ WIDTH: 'x', NODE_ENV: 'production' }).problems).toHaveLength(1);
  });

  it('lets a rule fail only where nothing else explains it', () => {
    const strict = section(
      'strict',
      { title: 'S', doc: 'S.', rule: ({ items }) => items.flatMap(() => []) },
      {
        items: setting('ITEMS', { doc: 'Items.' }).json().default('{}') as never as ReturnType<
          ReturnType<typeof items>['default']
        >,
      },
    );
    expect(() => readConfig([strict], environmentSources({ env: {}, envFile: false }))).toThrow(TypeError);
    expect(() => readConfig([strict], environmentSources({ env: { ITEMS: '[' }, envFile: false }))).toThrow(
      'must be a JSON object',
    );
  });
});

const items = () => setting('ITEMS', { doc: 'Items.' }).list();
