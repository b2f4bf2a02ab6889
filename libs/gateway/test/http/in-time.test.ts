// A caller waits no longer than its request may take.
import { describe, expect, it } from 'vitest';
import { Exchange } from '../../src/exchange.js';
import { inTime } from '../../src/http/in-time.js';

const anExchange = (timeoutMs: number) => new Exchange('http', 'c', '192.0.2.1', timeoutMs);

describe('inTime', () => {
  it('gives what the work gives, or how it failed', async () => {
    expect(await inTime(anExchange(1000), async () => 7)).toBe(7);
    const failing = inTime(anExchange(1000), async () => Promise.reject(new Error('tea')));
    await expect(failing).rejects.toThrow('tea');
  });

  it('ends the waiting with request.late, and lets the work hear of it', async () => {
    const exchange = anExchange(10);
    const late = inTime(exchange, () => new Promise(() => {}));
    await expect(late).rejects.toMatchObject({ code: 'request.late', facts: { limitMs: 10 } });
    expect(exchange.signal.aborted).toBe(true);
  });

  it('never ends what came in time', async () => {
    const exchange = anExchange(10);
    await inTime(exchange, async () => 7);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(exchange.signal.aborted).toBe(false);
  });
});
