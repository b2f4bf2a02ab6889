// What comes over a socket is traced message by message, each linked to the handshake of its connection.
import { setTimeout as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { activeTrace, type Handshaken, handshakeSpan, type MessageFacts, messageSpan } from '#observability';
import { failure } from '#ports';
import { receiving } from './receiving.js';

const TRACE = 'a'.repeat(32);
const PARENT = 'b'.repeat(16);
const traceparent = `00-${TRACE}-${PARENT}-01`;
const SERVER = 2;

const said = (message: MessageFacts, began?: Handshaken) =>
  messageSpan('websocket', began, { read: () => message, run: ({ type }) => `${type} done` });

test('while tracing is off, messages are read and obeyed, and nothing began', async () => {
  expect(await handshakeSpan('websocket', {}, async (began) => began)).toBeUndefined();
  expect(said({ type: 'ping' })).toBe('ping done');
});

describe('while tracing is on', () => {
  const now = receiving();

  const shakeHands = (headers: Record<string, string> = {}) =>
    handshakeSpan('socket.io', headers, async (began) => {
      await turn(1);
      return began!;
    });

  test('a handshake is a span, in the trace of the caller', async () => {
    const began = await shakeHands({ traceparent });
    await now.telemetry.shutdown();
    const handshake = now.receiver.span('handshake socket.io');
    expect(handshake).toMatchObject({ kind: SERVER, traceId: TRACE, parentSpanId: PARENT, status: 0 });
    expect(handshake.attributes).toEqual({ 'network.protocol.name': 'websocket', 'resk.door': 'socket.io' });
    expect(began.spanId).toBe(handshake.spanId);
  });

  test('a handshake that is refused says why, and is no failure of ours', async () => {
    const refused = handshakeSpan('websocket', {}, () => Promise.reject(failure('auth.missing', {})));
    await expect(refused).rejects.toThrow();
    await now.telemetry.shutdown();
    expect(now.receiver.span('handshake websocket')).toMatchObject({
      status: 0,
      attributes: { 'error.type': 'auth.missing' },
    });
  });

  test('a message is a trace of its own, linked to the handshake', async () => {
    const began = await shakeHands();
    expect(said({ type: 'subscribe' }, began)).toBe('subscribe done');
    await now.telemetry.shutdown();
    const message = now.receiver.span('subscribe websocket');
    expect(message).toMatchObject({ kind: SERVER, parentSpanId: '' });
    expect(message.traceId).not.toBe(began.traceId);
    expect(message.links).toEqual([{ traceId: began.traceId, spanId: began.spanId }]);
    expect(message.attributes).toEqual({
      'network.protocol.name': 'websocket',
      'resk.door': 'websocket',
      'resk.message.type': 'subscribe',
    });
  });

  test('a message that says its trace goes on with it, as the work of a server also where it publishes', async () => {
    let inside = activeTrace();
    messageSpan('websocket', undefined, {
      read: () => ({ type: 'publish', traceparent }),
      run: () => {
        inside = activeTrace();
      },
    });
    said({ type: 'ping', traceparent: 'garbage' });
    await now.telemetry.shutdown();
    const published = now.receiver.span('publish websocket');
    expect(published).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, links: [] });
    expect(inside).toMatchObject({ trace_id: TRACE, span_id: published.spanId });
    expect(published.kind).toBe(SERVER);
    // In the conventions of messaging, who sends is a producer.
    expect(Object.keys(published.attributes).filter((name) => name.startsWith('messaging.'))).toEqual([]);
    expect(now.receiver.span('ping websocket')).toMatchObject({ parentSpanId: '' });
  });

  test('what cannot be read, and what is refused, says why; what is a fault of ours is a failed span', async () => {
    const began = await shakeHands();
    const unreadable = {
      read: (): MessageFacts => {
        throw failure('event.frame_invalid', { reason: 'it is not JSON' });
      },
      run: () => 1,
    };
    expect(() => messageSpan('websocket', began, unreadable)).toThrow('not JSON');
    const refuse = () => {
      throw failure('auth.scope', { scope: 'events:publish' });
    };
    expect(() => messageSpan('websocket', began, { read: () => ({ type: 'publish' }), run: refuse })).toThrow();
    const bug = () => {
      throw new TypeError('bug');
    };
    expect(() => messageSpan('websocket', began, { read: () => ({ type: 'ping' }), run: bug })).toThrow('bug');
    await now.telemetry.shutdown();
    expect(now.receiver.span('ping websocket')).toMatchObject({ status: 2, attributes: { 'error.type': 'TypeError' } });
    expect(now.receiver.span('unreadable websocket')).toMatchObject({
      status: 0,
      attributes: { 'error.type': 'event.frame_invalid' },
    });
    expect(now.receiver.span('publish websocket')).toMatchObject({
      status: 0,
      attributes: { 'error.type': 'auth.scope' },
    });
  });
});
