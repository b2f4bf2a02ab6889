// The bytes of an entry: what is written is read, and nothing else is taken for an entry.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEntry, encodeEntry } from '../src/entry-format.js';

const { vectors } = JSON.parse(readFileSync(new URL('entry-format.vectors.json', import.meta.url), 'utf8'));

test('entries of version 1 are written and read as they always were', () => {
  for (const { entry, bytes } of vectors) {
    expect(Buffer.from(encodeEntry(entry)).toString('base64')).toBe(bytes);
    expect(decodeEntry(Buffer.from(bytes, 'base64'))).toEqual(entry);
  }
});

test('every entry is read as it was written', () => {
  const counted = fc.tuple(fc.string({ unit: 'binary' }), fc.nat());
  const entry = fc.record({
    json: fc.json(),
    createdAt: fc.nat(),
    expiresAt: fc.nat(),
    staleUntil: fc.nat(),
    origin: fc.constantFrom('written' as const, 'vectordb' as const),
    negative: fc.boolean(),
    generation: fc.nat(),
    groups: fc.nat(),
    tags: fc.array(counted),
    subject: fc.option(counted, { nil: undefined }),
  });
  fc.assert(
    fc.property(entry, (one) => {
      expect(decodeEntry(encodeEntry(one))).toEqual(one);
    }),
  );
});

test('an entry cut short anywhere in its header, or with a header of another form, is none', () => {
  const whole = Buffer.from(vectors[1].bytes, 'base64');
  for (let length = 0; length <= whole.indexOf(0x0a); length++)
    expect(decodeEntry(whole.subarray(0, length))).toBeUndefined();
  const header = ['[1,2,3,"written",false,0,0,[],null]', '{', '{}', '[]', 'null'];
  const broken = [
    '[1,2,"3","written",false,0,0,[],null]',
    '[1,2,3,"stolen",false,0,0,[],null]',
    '[1,2,3,"written",0,0,0,[],null]',
  ];
  const counted = [
    '[1,2,3,"written",false,0,0,{},null]',
    '[1,2,3,"written",false,0,0,[["a"]],null]',
    '[1,2,3,"written",false,0,0,[],["a",1.5]]',
  ];
  const [sound, ...rest] = [...header, ...broken, ...counted].map((text) =>
    decodeEntry(Buffer.from(`\u0001${text}\n1`)),
  );
  expect(sound).toMatchObject({ json: '1' });
  for (const one of rest) expect(one).toBeUndefined();
});

test('bytes of another version are none', () => {
  const bytes = Buffer.from(vectors[0].bytes, 'base64');
  for (const version of [0, 2, 255]) {
    bytes[0] = version;
    expect(decodeEntry(bytes)).toBeUndefined();
  }
});
