// How an exchange begins: its correlation id, its address, its deadline.
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { Arrivals, correlationIdOf } from '../../src/http/request.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('correlationIdOf', () => {
  it.each(['a', 'A.b_C-9', 'x'.repeat(128)])('echoes %s', (id) => {
    expect(correlationIdOf({ 'x-correlation-id': id })).toBe(id);
  });

  it.each([undefined, '', 'x'.repeat(129), 'a b', 'a\nb', 'é', '<i>', ['a', 'b']])('replaces %j by a UUID', (id) => {
    expect(correlationIdOf({ 'x-correlation-id': id as string })).toMatch(UUID);
  });
});

describe('Arrivals', () => {
  const from = (socket: Partial<Socket>, headers: Record<string, string> = {}) =>
    ({ headers, raw: { socket, headers } }) as unknown as FastifyRequest;

  it('works out the address of a peer once a connection, whatever its headers say', () => {
    const arrivals = new Arrivals([], 1000);
    const socket = { remoteAddress: '192.0.2.1' };
    expect(arrivals.begin(from(socket)).address).toBe('192.0.2.1');
    socket.remoteAddress = '192.0.2.2';
    expect(arrivals.begin(from(socket, { 'x-forwarded-for': '192.0.2.3' })).address).toBe('192.0.2.1');
  });

  it('works it out for each request behind a trusted proxy', () => {
    const arrivals = new Arrivals(['10.0.0.0/8'], 1000);
    const socket = { remoteAddress: '10.0.0.1' };
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      expect(arrivals.begin(from(socket, { 'x-forwarded-for': address })).address).toBe(address);
    }
  });

  it('begins an exchange that ends in time, under the id of the request', async () => {
    const exchange = new Arrivals([], 20).begin(from({ remoteAddress: '192.0.2.1' }, { 'x-correlation-id': 'c-1' }));
    expect(exchange).toMatchObject({ door: 'http', correlationId: 'c-1', timeoutMs: 20 });
    await new Promise((resolve) => exchange.signal.addEventListener('abort', resolve));
    expect(exchange.signal.reason).toMatchObject({ code: 'request.late', facts: { limitMs: 20 } });
  });

  it('ends none that is closed before', async () => {
    const exchange = new Arrivals([], 5).begin(from({ remoteAddress: '192.0.2.1' }));
    const { signal } = exchange;
    exchange.close();
    exchange.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(signal.aborted).toBe(false);
  });
});
