// What an operator may say about limits.
import { describe, expect, test } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { rateLimitSection, rateRules } from '../../src/rate-limit/index.js';

const read = (env: Record<string, string>) =>
  readConfig([rateLimitSection], environmentSources({ env, envFile: false })).rateLimit;

describe('rate limit settings', () => {
  test('in production a caller has 1000 requests in 15 minutes, an address ten times that', () => {
    expect(rateRules(read({ NODE_ENV: 'production' }))).toEqual({
      caller: { name: 'caller', limit: 1000, windowMs: 900_000 },
      address: { name: 'address', limit: 10_000, windowMs: 900_000, local: true },
      unauthenticated: { name: 'unauthenticated', limit: 1000, windowMs: 900_000 },
    });
  });

  test('RATE_LIMIT_MAX alone moves all three; each can be set apart', () => {
    const rules = rateRules(read({ RATE_LIMIT_MAX: '5', RATE_LIMIT_WINDOW_MS: '1000' }));
    expect(Object.values(rules).map(({ limit }) => limit)).toEqual([5, 50, 5]);
    const apart = rateRules(read({ RATE_LIMIT_ADDRESS_MAX: '7', RATE_LIMIT_UNAUTHENTICATED_MAX: '3' }));
    expect([apart.address.limit, apart.unauthenticated.limit]).toEqual([7, 3]);
  });

  test.each([
    ['RATE_LIMIT_MAX', 'NaN'],
    ['RATE_LIMIT_MAX', '0'],
    ['RATE_LIMIT_WINDOW_MS', '15m'],
    ['RATE_LIMIT_WINDOW_MS', '1e3'],
    ['TRUSTED_PROXIES', '10.0.0.0/8, everyone'],
  ])('%s=%s stops the boot and names the variable', (env, value) => {
    expect(() => read({ [env]: value })).toThrow(env);
  });
});
