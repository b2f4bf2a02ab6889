// What counts as a frame, whoever sent it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failure, type JsonValue } from '#ports';
import { checkUnreserved, errorFrame, readFrame } from '../../src/events/frames.js';

const LIMIT = 1024;
const code = (run: () => unknown): string => {
  try {
    run();
    return 'none';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('frames', () => {
  test('every JSON value can be published, as text and as an object, and comes out as it went in', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const data = JSON.parse(JSON.stringify(value)) as JsonValue;
        const frame = { type: 'publish', channel: 'room-1', data };
        const text = JSON.stringify(frame);
        fc.pre(Buffer.byteLength(text) <= LIMIT && !text.includes('__proto__'));
        expect(readFrame(text, LIMIT)).toEqual(frame);
        expect(readFrame(frame, LIMIT)).toEqual(frame);
      }),
    );
  });

  test.each([
    ['text that is not JSON', '{"type":'],
    ['nothing', undefined],
    ['null', 'null'],
    ['a list', '[{"type":"ping"}]'],
    ['a bare string', '"ping"'],
    ['an unknown type', '{"type":"shutdown"}'],
    ['no type', '{"channel":"a"}'],
    ['no channel', '{"type":"subscribe"}'],
    ['an unknown field', '{"type":"ping","tenant":"other"}'],
    ['a channel with a blank', '{"type":"subscribe","channel":"a b"}'],
    ['an empty channel', '{"type":"subscribe","channel":""}'],
    ['a channel that is too long', `{"type":"subscribe","channel":"${'a'.repeat(65)}"}`],
    ['a channel that is a list', '{"type":"subscribe","channel":["events"]}'],
    ['publishing nothing', '{"type":"publish","channel":"a"}'],
    ['a key named __proto__', '{"type":"publish","channel":"a","data":{"__proto__":{"x":1}}}'],
    ['JSON nested too deeply', `{"type":"publish","channel":"a","data":${'['.repeat(400)}${']'.repeat(400)}}`],
    ['bytes that Socket.IO carried', { type: 'publish', channel: 'a', data: { file: Buffer.from('x') } }],
    ['a number that is none', { type: 'publish', channel: 'a', data: Number.NaN }],
  ])('refuses %s', (_, received) => {
    expect(code(() => readFrame(received, LIMIT))).toBe('event.frame_invalid');
  });

  test('counts bytes, not characters, in texts and in objects', () => {
    const frame = { type: 'publish', channel: 'a', data: 'é'.repeat(600) };
    expect(code(() => readFrame(JSON.stringify(frame), LIMIT))).toBe('event.too_large');
    expect(code(() => readFrame(frame, LIMIT))).toBe('event.too_large');
    expect(code(() => readFrame({ ...frame, data: 'e'.repeat(600) }, LIMIT))).toBe('none');
  });

  test.each([
    'cache.hit',
    'cache.miss',
    'cache.write',
    'cache.purge',
    'cache.anything',
    'provider.degraded',
    'quota.exceeded',
  ])('data of type %s is the service’s alone', (type) => {
    expect(code(() => checkUnreserved({ type, key: 'k' }))).toBe('event.reserved');
    expect(code(() => checkUnreserved({ type: `my-${type}` }))).toBe('none');
  });

  test('data without a type, or of another form, is anybody’s', () => {
    for (const data of [null, 1, 'cache.hit', ['cache.hit'], {}, { type: 3 }]) {
      expect(code(() => checkUnreserved(data as JsonValue))).toBe('none');
    }
  });

  test('a fault of the server tells the client nothing of its inside', () => {
    const { error } = errorFrame(failure('crypto.key_unknown', { keyId: 'abc' }));
    expect(error.detail).not.toContain('abc');
  });
});
