// What the service says of itself, to whom, and what it costs while nobody listens.
import { afterEach, describe, expect, test } from 'vitest';
import { announce, announced, type JsonObject } from '#ports';
import { ServiceEvents } from '../../src/events/service-events.js';

const CHANNELS = [
  'query.answered',
  'cache.write',
  'cache.purge',
  'quota.exceeded',
  'provider.degraded',
  'provider.recovered',
] as const;
const told: Array<[string, JsonObject]> = [];
let now = 1_800_000_000_000;
const service = new ServiceEvents(
  {
    listensIn: (tenant) => tenant === 'north',
    tell: (tenant, event) => void told.push([tenant, event]),
    tellAll: (event) => void told.push(['everyone', event]),
  },
  () => now,
);

const answered = (status: 'hit' | 'stale' | 'semantic' | 'miss', tenant = 'north') =>
  announce('query.answered', {
    tenant,
    key: 'k1',
    status,
    source: 'cache',
    tier: 'memory',
    latencies: { total: 1, cache: 1 },
  });

afterEach(() => {
  service.listenWhile(false);
  told.length = 0;
});

describe('service events', () => {
  test('no channel of the engine has a subscriber until somebody wants to hear, nor afterwards', () => {
    const listenedTo = () => CHANNELS.filter((name) => announced(name).hasSubscribers);
    expect(listenedTo()).toEqual([]);
    service.listenWhile(true);
    service.listenWhile(true);
    expect(listenedTo()).toEqual([...CHANNELS]);
    service.listenWhile(false);
    service.listenWhile(false);
    expect(listenedTo()).toEqual([]);
  });

  test('answers are hits unless they are misses', () => {
    service.listenWhile(true);
    for (const status of ['hit', 'stale', 'semantic', 'miss'] as const) answered(status);
    expect(told.map(([, { type, status }]) => [type, status])).toEqual([
      ['cache.hit', 'hit'],
      ['cache.hit', 'stale'],
      ['cache.hit', 'semantic'],
      ['cache.miss', 'miss'],
    ]);
  });

  test('writes, purges and providers are told with what was announced, without the tenant', () => {
    service.listenWhile(true);
    announce('cache.write', { tenant: 'north', key: 'k2', origin: 'written', bytes: 12 });
    announce('cache.purge', { tenant: 'north', scope: 'tag', purged: null });
    announce('provider.degraded', { family: 'embedding-model', provider: 'openai' });
    announce('provider.recovered', { family: 'embedding-model', provider: 'openai' });
    expect(told).toEqual([
      ['north', { type: 'cache.write', key: 'k2', origin: 'written', bytes: 12 }],
      ['north', { type: 'cache.purge', scope: 'tag', purged: null }],
      ['everyone', { type: 'provider.degraded', family: 'embedding-model', provider: 'openai' }],
      ['everyone', { type: 'provider.recovered', family: 'embedding-model', provider: 'openai' }],
    ]);
  });

  test('a quota that was reached is told to its tenant', () => {
    service.listenWhile(true);
    for (const tenant of ['north', 'south']) announce('quota.exceeded', { tenant, quota: 'requestsPerDay', limit: 5 });
    expect(told).toEqual([['north', { type: 'quota.exceeded', quota: 'requestsPerDay', limit: 5 }]]);
  });

  test('a tenant that nobody listens in is passed over', () => {
    service.listenWhile(true);
    answered('hit', 'south');
    expect(told).toEqual([]);
  });

  test('a flood is cut to 500 events a second, and begins anew the next second', () => {
    service.listenWhile(true);
    now += 1000;
    for (let i = 0; i < 600; i++) answered('hit');
    expect(told).toHaveLength(500);
    now += 1000;
    answered('hit');
    expect(told).toHaveLength(501);
  });
});
