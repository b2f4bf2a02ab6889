// Bodies are read as JSON, and what no schema could refuse is refused.
import { describe, expect, it } from 'vitest';
import { isFailure } from '#ports';
import { MAX_DEPTH, readJson } from '../../src/http/json-body.js';

const read = (text: string | Buffer) => readJson(Buffer.from(text));

function refusal(text: string | Buffer) {
  try {
    read(text);
  } catch (error) {
    if (isFailure(error)) return { code: error.code, path: error.problems?.[0]?.path };
    throw error;
  }
  return undefined;
}

describe('readJson', () => {
  it.each([
    '{"a":1}',
    'null',
    '[1,"two",{"three":[]}]',
    '{"text":"caf\\u00e9"}',
    '{"text":"\\ud83d\\ude00"}',
    `"${'x'.repeat(200)}"`,
  ])('reads %s', (text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it('refuses an empty body, a body that is no JSON, and bytes that are no UTF-8', () => {
    expect(refusal('')).toMatchObject({ code: 'request.empty' });
    expect(refusal('{"a":')).toMatchObject({ code: 'request.malformed' });
    expect(refusal(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).toMatchObject({ code: 'request.malformed' });
  });

  it('reads what is nested as deeply as allowed, and refuses one level more', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(refusal(nested(MAX_DEPTH))).toBeUndefined();
    expect(refusal(nested(MAX_DEPTH + 1))).toMatchObject({ code: 'request.too_deep' });
    expect(refusal(`{"a":${nested(20_000)}}`)).toMatchObject({
      code: 'request.too_deep',
      path: expect.stringMatching(/^a\.0\.0/),
    });
  });

  it('refuses names that reach prototypes, at any depth and however they are spelled', () => {
    expect(refusal('{"__proto__":{"admin":true}}')).toEqual({ code: 'request.forbidden_name', path: '__proto__' });
    expect(refusal('{"a":[{"\\u005f_proto__":1}]}')).toEqual({ code: 'request.forbidden_name', path: 'a.0.__proto__' });
    expect(refusal('{"constructor":{"prototype":{}}}')).toEqual({
      code: 'request.forbidden_name',
      path: 'constructor',
    });
    expect(refusal('{"constructor":"of bridges","prototype":1}')).toBeUndefined();
  });

  it('refuses half of a surrogate pair, in values and in names', () => {
    expect(refusal('{"query":"\\ud800"}')).toEqual({ code: 'request.invalid', path: 'query' });
    expect(refusal('{"a":{"\\udfff":1}}')).toEqual({ code: 'request.invalid', path: 'a' });
    expect(refusal('["ok","\\ud800x"]')).toEqual({ code: 'request.invalid', path: '1' });
  });

  it('refuses numbers that no number can hold, and reads the largest that one can', () => {
    for (const huge of ['1e999', '-1E+400', `1${'0'.repeat(309)}`, `${'1'.repeat(250)}e99`]) {
      expect(refusal(`{"a":[${huge}]}`)).toEqual({ code: 'request.invalid', path: 'a.0' });
      expect(refusal(`{"a":{"b":${huge}}}`)).toEqual({ code: 'request.invalid', path: 'a.b' });
    }
    expect(read('{"a":[1.7976931348623157e308,1e-400,-0]}')).toEqual({ a: [Number.MAX_VALUE, 0, -0] });
  });
});
