// Where answers are kept, and how long they are true.
import { type ConfigOf, section, setting } from '#config';
import { KEY_PROFILES } from './normalise.js';

export const cacheSection = section(
  'cache',
  {
    title: 'Cache',
    doc: 'Where answers are kept, and how long they are true. The memory tier of each process stands before the store.',
    rule: ({ backend, redisUrl, ttlMs, maxTtlMs }) => [
      ...(backend === 'redis' && !redisUrl
        ? [
            {
              setting: 'redisUrl' as const,
              message: 'must be set, since CACHE_BACKEND is redis; e.g. redis://localhost:6379',
            },
          ]
        : []),
      ...(redisUrl && !isRedisUrl(redisUrl.reveal())
        ? [{ setting: 'redisUrl' as const, message: 'must be a URL that begins with redis:// or rediss://' }]
        : []),
      ...(ttlMs > maxTtlMs ? [{ setting: 'ttlMs' as const, message: 'must not be longer than CACHE_TTL_MAX' }] : []),
    ],
  },
  {
    backend: setting('CACHE_BACKEND', {
      doc: 'The store behind the memory tier: none (memory), a file in DATA_DIR for one machine (sqlite), or shared by all instances (redis).',
    })
      .oneOf(['memory', 'sqlite', 'redis'])
      .default('sqlite'),
    redisUrl: setting('REDIS_URL', {
      doc: 'Redis 6 or newer, for CACHE_BACKEND=redis. Use a maxmemory-policy of volatile-* or noeviction: the counters by which purges are known must not be evicted.',
      example: 'redis://:password@localhost:6379/0',
    })
      .secret()
      .optional(),
    redisPrefix: setting('REDIS_PREFIX', {
      doc: 'Begins every key of this service in a store. Two services on one Redis need two prefixes; instances of one service share it.',
    })
      .text({ pattern: /^[A-Za-z0-9._-]{1,32}$/, says: '1 to 32 of A-Z a-z 0-9 . _ -' })
      .default('resk'),
    memoryMaxBytes: setting('CACHE_MEMORY_MAX', {
      doc: 'Size of the memory tier of each process, with what surrounds the entries. 0B turns it off.',
    })
      .byteSize()
      .default('64MiB'),
    entryMaxBytes: setting('CACHE_ENTRY_MAX', { doc: 'Largest answer that is kept.' })
      .byteSize({ min: 1024, max: 64 * 1024 ** 2 })
      .default('1MiB'),
    ttlMs: setting('CACHE_TTL', {
      doc: 'How long an answer is true where the writer does not say. Reading never prolongs it.',
    })
      .duration({ min: 1000 })
      .default('1h'),
    maxTtlMs: setting('CACHE_TTL_MAX', { doc: 'The longest life a writer may give.' })
      .duration({ min: 1000 })
      .default('30d'),
    ttlJitter: setting('CACHE_TTL_JITTER', {
      doc: 'Share of a life by which it is shortened at random, so that answers written together do not end together. Never lengthens.',
    })
      .decimal({ max: 1 })
      .default('0.1'),
    staleMs: setting('CACHE_STALE', {
      doc: 'How long after its end an answer may still be served while a new one is made.',
    })
      .duration()
      .default('0s'),
    negativeTtlMs: setting('CACHE_NEGATIVE_TTL', {
      doc: 'How long it is remembered that there is no answer; 0s does not remember.',
    })
      .duration()
      .default('0s'),
    storeTimeoutMs: setting('CACHE_STORE_TIMEOUT', {
      doc: 'How long the store may take before the request goes on without it.',
    })
      .duration({ min: 1, max: 60_000 })
      .default('250ms'),
    keyProfile: setting('CACHE_KEY_PROFILE', {
      doc: 'Which spellings of a question are one question; see docs/KEYS.md. Changing it begins with an empty cache.',
    })
      .oneOf(KEY_PROFILES)
      .default('standard'),
  },
);

export type CacheConfig = ConfigOf<typeof cacheSection>;

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol);
}
