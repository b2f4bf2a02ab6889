// Which questions share an entry, and which do not.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyNames } from '#crypto';
import { EntryNames } from '../src/entry-names.js';

const names = new EntryNames(new KeyNames(Buffer.alloc(32, 7)), 'standard');
const vector = fc.record(
  {
    k: fc.integer({ min: 1, max: 1000 }),
    threshold: fc.double({ min: 0, max: 1, noNaN: true }),
    collection: fc.constantFrom('default', 'a', 'b'),
    filter: fc.constantFrom(
      { op: 'eq' as const, field: 'a', value: 1 },
      { op: 'in' as const, field: 'a', values: [1, 'x'] },
    ),
  },
  { requiredKeys: [] },
);

it('options that are not given do not count, whether absent or undefined', () => {
  const written = names.written({ query: 'q' }, 't');
  expect(names.retrieved({ query: 'q' }, 't')).toEqual(written);
  expect(names.retrieved({ query: 'q', vector: {} }, 't')).toEqual(written);
  expect(names.retrieved({ query: 'q', vector: { k: undefined } }, 't')).toEqual(written);
  const one = names.retrieved({ query: 'q', vector: { k: 1, filter: undefined } }, 't');
  expect(one).toEqual(names.retrieved({ query: 'q', vector: { k: 1 } }, 't'));
  expect(one).not.toEqual(written);
});

it('two retrievals share an entry exactly when their options are the same', () => {
  fc.assert(
    fc.property(vector, vector, (one, other) => {
      const name = (wanted: typeof one) => names.retrieved({ query: 'q', vector: wanted }, 't').name;
      const sorted = (wanted: object) => JSON.stringify(Object.entries(wanted).toSorted());
      // -0 is 0 on the wire.
      const same = sorted(one).replaceAll('-0', '0') === sorted(other).replaceAll('-0', '0');
      expect(name(one) === name(other)).toBe(same);
    }),
  );
});

it('the tag of a question is the same for all that it may be asked with, and no caller can name it', () => {
  const tag = names.questionTag('Hello!', 't');
  expect(names.questionTag('  hello', 't')).toBe(tag);
  expect(names.questionTag('hello', 'u')).not.toBe(tag);
  expect(tag).toMatch(/^~[\w-]{43}$/);
});
