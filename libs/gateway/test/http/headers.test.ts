// The headers that every reply carries, and those that a failure adds.
import { describe, expect, it } from 'vitest';
import { Exchange } from '../../src/exchange.js';
import { exchangeHeaders, failureHeaders, securityHeaders } from '../../src/http/headers.js';

describe('securityHeaders', () => {
  it('speak of TLS only where there is TLS', () => {
    expect(securityHeaders(false)).not.toHaveProperty('strict-transport-security');
    expect(securityHeaders(true)['strict-transport-security']).toContain('max-age=31536000');
  });
});

describe('exchangeHeaders', () => {
  const exchange = new Exchange('http', 'c-1', '192.0.2.1', 1000);

  it('name the exchange, and the limit once it was counted', () => {
    expect(exchangeHeaders(exchange)).toEqual(['x-correlation-id', 'c-1']);
    const hit = { allowed: true, limit: 10, remaining: 9, resetMs: 1500, retryAfterMs: 0 };
    exchange.limit = { ...hit, rule: 'address' };
    expect(exchangeHeaders(exchange)).toEqual(['x-correlation-id', 'c-1']);
    exchange.limit = { ...hit, rule: 'caller' };
    expect(exchangeHeaders(exchange)).toEqual([
      ...['x-correlation-id', 'c-1'],
      ...['ratelimit-limit', '10', 'ratelimit-remaining', '9', 'ratelimit-reset', '2'],
    ]);
  });
});

describe('failureHeaders', () => {
  it.each([
    [401, undefined, ['www-authenticate', 'Bearer realm="resk-caching", error="invalid_token"']],
    [429, 1200, ['retry-after', '2']],
    [429, 0, ['retry-after', '1']],
    [503, undefined, ['retry-after', '1']],
    [409, 1000, ['retry-after', '1']],
    [409, undefined, []],
    [400, 5000, []],
    [500, undefined, []],
  ])('of %i', (status, retryAfterMs, headers) => {
    expect(failureHeaders({ status, retryAfterMs })).toEqual(headers);
  });
});
