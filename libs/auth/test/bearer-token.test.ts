// How a token is read from an Authorization header, and which headers hold none.
import { expect, test } from 'vitest';
import { bearerToken } from '#auth';

test.each(['Bearer abc', 'bearer abc', 'BEARER abc', 'Bearer   abc', 'Bearer abc '])(
  'takes the token out of %j',
  (header) => {
    expect(bearerToken(header)).toBe('abc');
  },
);

test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic YTpi', 'abc', 'Bearerabc', ' Bearer abc'])(
  'finds none in %j',
  (header) => {
    expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: 'auth.missing' }));
  },
);

test.each(['Bearer a b', 'Bearer a, Bearer b', 'Bearer a\tb'])('refuses %j, which is not one token', (header) => {
  expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: 'auth.malformed' }));
});

test('refuses a token of more than 8 KiB', () => {
  expect(bearerToken(`Bearer ${'a'.repeat(8192)}`)).toHaveLength(8192);
  expect(() => bearerToken(`Bearer ${'a'.repeat(8193)}`)).toThrow(expect.objectContaining({ code: 'auth.malformed' }));
});
