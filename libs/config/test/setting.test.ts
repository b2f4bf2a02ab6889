// Every form of setting: what it reads, and what it says of the rest.
import { describe, expect, it } from 'vitest';
import { type Setting, setting } from '../src/index.js';

const one = () => setting('NAME', { doc: 'A setting.' });

describe.each([
  ['text', one().text().default('x'), [['any text', 'any text']], []],
  [
    'text with a rule',
    one()
      .text({ pattern: /^[a-z]+$/, says: 'lower-case letters' })
      .default('x'),
    [['abc', 'abc']],
    [['A1', 'must be lower-case letters']],
  ],
  [
    'one of',
    one().oneOf(['a', 'b']).default('a'),
    [
      ['b', 'b'],
      [' a ', 'a'],
    ],
    [['c', 'must be one of a, b']],
  ],
  [
    'whole number',
    one().integer({ min: 1, max: 10 }).default('1'),
    [
      ['10', 10],
      [' 7 ', 7],
    ],
    [
      ['0', 'must be a whole number from 1 to 10'],
      ['1.5', 'whole number'],
      ['x', 'whole number'],
      ['NaN', 'whole number'],
      ['1e1', 'whole number'],
    ],
  ],
  [
    'whole number without bounds',
    one().integer().default('1'),
    [['9007199254740991', Number.MAX_SAFE_INTEGER]],
    [['-1', 'must be a whole number of at least 0']],
  ],
  [
    'number',
    one().decimal({ min: 0, max: 1 }).default('0'),
    [
      ['0.25', 0.25],
      ['1', 1],
    ],
    [
      ['1.1', 'must be a number from 0 to 1'],
      ['Infinity', 'a number'],
    ],
  ],
  [
    'flag',
    one().flag().default('true'),
    [
      ['true', true],
      ['FALSE', false],
    ],
    [['yes', 'must be true or false']],
  ],
  [
    'duration',
    one().duration({ min: 100, max: 86_400_000 }).default('1s'),
    [
      ['250ms', 250],
      ['30s', 30_000],
      ['1.5m', 90_000],
      ['12h', 43_200_000],
      ['1d', 86_400_000],
    ],
    [
      ['5', 'must be a duration with its unit'],
      ['1ms', 'must be between 100 ms and 86400000 ms; it is 1 ms'],
      ['2d', 'must be between'],
      ['-1s', 'duration'],
    ],
  ],
  [
    'size',
    one()
      .byteSize({ max: 1024 ** 3 })
      .default('1B'),
    [
      ['512B', 512],
      ['1KiB', 1024],
      ['1.5MiB', 1_572_864],
      ['1GiB', 1024 ** 3],
    ],
    [
      ['64MB', 'must be a size with its unit'],
      ['2GiB', 'must be between 0 B and 1073741824 B'],
      ['64', 'size'],
    ],
  ],
  [
    'list',
    one().list().default(''),
    [
      ['a, b,,c ', ['a', 'b', 'c']],
      ['', []],
    ],
    [],
  ],
  [
    'URL',
    one().url(['http:', 'https:']).default('http://x'),
    [['https://a.example/b', 'https://a.example/b']],
    [
      ['ftp://a', 'must be a URL that begins with http:// or https://'],
      ['a b', 'URL'],
    ],
  ],
  [
    'JSON object',
    one().json().default('{}'),
    [['{"a":1}', { a: 1 }]],
    [
      ['[1]', 'must be a JSON object'],
      ['{', 'must be a JSON object'],
      ['null', 'JSON object'],
    ],
  ],
  [
    'JSON array',
    one().jsonList().default('[]'),
    [['[{"a":1}]', [{ a: 1 }]]],
    [
      ['{}', 'must be a JSON array'],
      ['[', 'must be a JSON array'],
    ],
  ],
] as Array<[string, Setting<unknown>, Array<[string, unknown]>, Array<[string, string]>]>)(
  'a %s',
  (_, declared, good, bad) => {
    it.each(good)('reads %j', (text, value) => expect(declared.read(text)).toEqual(value));
    if (bad.length > 0)
      it.each(bad)('refuses %j, saying what it must be', (text, says) =>
        expect(() => declared.read(text)).toThrow(says),
      );

    it('describes itself', () => {
      expect(declared).toMatchObject({ env: 'NAME', doc: 'A setting.', secret: false, optional: false });
      expect(declared.form).not.toBe('');
      expect(declared.jsonSchema).not.toEqual({});
    });
  },
);

describe('a secret', () => {
  it('never shows, neither itself nor in what is said of it', () => {
    const declared = one().secret({ minLength: 8 }).optional();
    expect(declared).toMatchObject({ secret: true, optional: true, default: undefined });
    expect(declared.read('long enough')?.reveal()).toBe('long enough');
    expect(() => declared.read('short')).toThrow('must have at least 8 characters; it has 5');
  });

  it('may be one of several', () => {
    expect(
      one()
        .secrets()
        .default('')
        .read('a, b')
        .map((part) => part.reveal()),
    ).toEqual(['a', 'b']);
  });
});
