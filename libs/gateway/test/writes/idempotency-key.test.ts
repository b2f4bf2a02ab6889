// A key is what clients send as one, in quotes or without; anything that could hide a second key is none.
import { describe, expect, it } from 'vitest';
import { idempotencyKey } from '../../src/writes/idempotency-key.js';

describe('idempotencyKey', () => {
  it.each([
    ['k', 'k'],
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"8e03978e"', '8e03978e'],
    ['""', '""'],
    ['"a"b"', '"a"b"'],
    ['!~', '!~'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('reads %s', (header, key) => expect(idempotencyKey(header)).toBe(key));

  it.each([[''], ['x'.repeat(256)], ['a b'], ['a, b'], ['é'], ['a\u007f'], ['a\tb'], [['a', 'b']]])(
    'refuses %j',
    (header) =>
      expect(() => idempotencyKey(header as string)).toThrow(
        expect.objectContaining({ code: 'idempotency.key_invalid' }),
      ),
  );
});
