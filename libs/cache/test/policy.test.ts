// How long answers live, and which settings are accepted.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Policy } from '../src/policy.js';
import { settings } from './support/a-cache.js';

const OPTIONS = { ttlMs: 60_000, maxTtlMs: 100_000, ttlJitter: 0, staleMs: 5000, negativeTtlMs: 0 };

test('gives the default life, the wanted one, or the longest', () => {
  const policy = new Policy(OPTIONS);
  const ends = (ttlMs?: number) => policy.lifeOf({ ttlMs }, 1000)!;
  expect(ends()).toEqual({ createdAt: 1000, expiresAt: 61_000, staleUntil: 66_000 });
  expect(ends(7).expiresAt).toBe(1007);
  expect(ends(1e12).expiresAt).toBe(101_000);
  expect(policy.lifeOf({ ttlMs: 0 }, 1000)).toBeUndefined();
  expect(policy.lifeOf({ staleMs: 0 }, 1000)!.staleUntil).toBe(61_000);
  expect(policy.lifeOf({ staleMs: 1e12 }, 1000)!.staleUntil).toBe(161_000);
  expect(policy.lifeOf({ negative: true }, 1000)).toBeUndefined();
});

test('jitter only shortens, by no more than its share, and never to nothing', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(share, share, fc.integer({ min: 1, max: 200_000 }), (ttlJitter, random, ttlMs) => {
      const life = new Policy({ ...OPTIONS, ttlJitter }, () => random).lifeOf({ ttlMs }, 0)!;
      const longest = Math.min(ttlMs, OPTIONS.maxTtlMs);
      expect(life.expiresAt).toBeLessThanOrEqual(longest);
      expect(life.expiresAt).toBeGreaterThanOrEqual(Math.max(1, Math.floor(longest * (1 - ttlJitter))));
      expect(life.expiresAt).toBeGreaterThan(0);
    }),
  );
});

describe('settings', () => {
  test.each([
    [{ CACHE_BACKEND: 'redis' }, 'REDIS_URL'],
    [{ REDIS_URL: 'http://:hunter2@localhost' }, 'REDIS_URL'],
    [{ REDIS_URL: 'hunter2' }, 'REDIS_URL'],
    [{ REDIS_PREFIX: 'a*' }, 'REDIS_PREFIX'],
    [{ CACHE_TTL: '31d' }, 'CACHE_TTL'],
    [{ CACHE_TTL_JITTER: '1.5' }, 'CACHE_TTL_JITTER'],
    [{ CACHE_KEY_PROFILE: 'vague' }, 'CACHE_KEY_PROFILE'],
  ])('%j are refused, naming %s', (env, variable) => {
    const error = (() => {
      try {
        return settings(env);
      } catch (error) {
        return error as Error;
      }
    })();
    expect(error).toMatchObject({ code: 'config.invalid', message: expect.stringContaining(`  ${variable} `) });
    expect((error as Error).message).not.toContain('hunter2');
  });

  test('both forms of a Redis address are accepted', () => {
    expect(settings({ CACHE_BACKEND: 'redis', REDIS_URL: 'rediss://u:p@host:1/2' }).redisUrl?.reveal()).toContain(
      'host',
    );
  });
});
