// The bytes of an entry: what is written is read, and nothing else is taken for an entry.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEntry, encodeEntry } from '../src/entry-format.js';

const { version1, version2 } = JSON.parse(readFileSync(new URL('entry-format.vectors.json', import.meta.url), 'utf8'));

test('entries of version 2 are written and read as they always were', () => {
  for (const { entry, bytes } of version2) {
    expect(Buffer.from(encodeEntry(entry)).toString('base64')).toBe(bytes);
    expect(decodeEntry(Buffer.from(bytes, 'base64'))).toEqual(entry);
  }
});

test('entries of version 1 are read still', () => {
  for (const { entry, bytes } of version1) expect(decodeEntry(Buffer.from(bytes, 'base64'))).toEqual(entry);
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
    subjects: fc.array(counted),
    lineage: fc.option(fc.record({ model: fc.string(), sources: fc.array(fc.string()) }), { nil: undefined }),
    cost: fc.option(fc.record({ provider: fc.string(), model: fc.string(), tokens: fc.nat() }), { nil: undefined }),
  });
  fc.assert(
    fc.property(entry, (one) => {
      expect(decodeEntry(encodeEntry(one))).toEqual(one);
    }),
  );
});

test('an entry cut short anywhere in its header is none', () => {
  for (const { bytes } of [version1[1], version2[1]]) {
    const whole = Buffer.from(bytes, 'base64');
    for (let length = 0; length <= whole.indexOf(0x0a); length++)
      expect(decodeEntry(whole.subarray(0, length))).toBeUndefined();
  }
});

test.each([
  [1, '[1,2,3,"written",false,0,0,[],null]', '[1,2,3,"written",false,0,0,[],null,null]'],
  [2, '[1,2,3,"written",false,0,0,[],[],null,null]', '[1,2,3,"written",false,0,0,[],null]'],
])('an entry of version %d with a header of another form is none', (version, sound, foreign) => {
  const read = (header: string) => decodeEntry(Buffer.from(`${String.fromCharCode(version)}${header}\n1`));
  expect(read(sound)).toMatchObject({ json: '1', subjects: [] });
  for (const header of [foreign, '{', '{}', '[]', 'null']) expect(read(header)).toBeUndefined();
  const broken: [string, string][] = [
    ['3', '"3"'],
    ['"written"', '"stolen"'],
    ['false', '0'],
    ['[]', '{}'],
    ['[]', '[["a"]]'],
    ['[]', '[["a",1.5]]'],
    ['null', '1'],
    ['null', '["a",1.5]'],
  ];
  for (const [from, to] of broken.slice(0, version === 2 ? 7 : 8))
    expect(read(sound.replace(from, to))).toBeUndefined();
});

test('bytes of another version are none', () => {
  const bytes = Buffer.from(version2[0].bytes, 'base64');
  for (const version of [0, 3, 255]) {
    bytes[0] = version;
    expect(decodeEntry(bytes)).toBeUndefined();
  }
});
