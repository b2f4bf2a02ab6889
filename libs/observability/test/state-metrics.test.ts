// What is true now is read at each scrape, and left out where nobody knows it.
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { Health, type KeyAge, type QuotaShare, StateMetrics } from '#observability';
import { limitMetrics } from '../src/process-metrics.js';
import { aShare, healthOf, READY, TLS } from './watched-state.js';

let registry: Registry;
beforeEach(() => {
  registry = new Registry();
});

const series = async (name: string) =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));

describe('readiness', () => {
  test('is told as a whole and by part', async () => {
    new StateMetrics(registry).watchReadiness(healthOf(READY));
    expect(await series('resk_ready')).toEqual(['resk_ready 1']);
    expect(await series('resk_health_check_ok')).toEqual([
      'resk_health_check_ok{check="cache"} 1',
      'resk_health_check_ok{check="vectordb"} 0',
    ]);
  });

  test('is read again only once it is old, and ends at once when the process stops', async () => {
    let now = 0;
    let probed = 0;
    const health = new Health(1000, () => now);
    health.register('cache', async () => void probed++, { critical: true });
    new StateMetrics(registry).watchReadiness(health);
    await registry.metrics();
    now = 5000;
    await registry.metrics();
    expect(probed).toBe(1);
    now = 5001;
    await registry.metrics();
    expect(probed).toBe(2);
    health.stop();
    expect(await series('resk_ready')).toEqual(['resk_ready 0']);
  });

  test('is 0 while a critical part fails', async () => {
    const health = new Health(1000, () => 0);
    health.register('cache', () => Promise.reject(new Error('down')), { critical: true });
    new StateMetrics(registry).watchReadiness(health);
    expect(await series('resk_ready')).toEqual(['resk_ready 0']);
    expect(await series('resk_health_check_ok')).toEqual(['resk_health_check_ok{check="cache"} 0']);
  });
});

describe('quotas', () => {
  const SHARES: QuotaShare[] = [
    aShare({ tenant: 'north', ratio: 0.5 }),
    aShare({ tenant: 'south', ratio: 0.95 }),
    aShare({ tenant: 'third', ratio: 0.7 }),
    aShare({ tenant: 'north', quota: 'storedBytes', ratio: 0 }),
  ];

  test('are told of the tenant that is nearest to the end, without its name', async () => {
    new StateMetrics(registry).watchQuotas(() => SHARES);
    expect(await series('resk_quota_used_ratio')).toEqual([
      'resk_quota_used_ratio{quota="tokensPerDay"} 0.95',
      'resk_quota_used_ratio{quota="storedBytes"} 0',
    ]);
    expect(await registry.metrics()).not.toMatch(/north|south|third/);
  });

  test('are told by tenant where that is asked for, further ones as one', async () => {
    new StateMetrics(registry, { tenants: 1 }).watchQuotas(() => SHARES);
    expect(await series('resk_tenant_quota_used_ratio')).toEqual([
      'resk_tenant_quota_used_ratio{tenant="north",quota="tokensPerDay"} 0.5',
      'resk_tenant_quota_used_ratio{tenant="other",quota="tokensPerDay"} 0.95',
      'resk_tenant_quota_used_ratio{tenant="north",quota="storedBytes"} 0',
    ]);
  });

  test('that are over are told no more', async () => {
    let shares: readonly QuotaShare[] = SHARES;
    new StateMetrics(registry).watchQuotas(() => shares);
    await registry.metrics();
    shares = [];
    expect(await series('resk_quota_used_ratio')).toEqual([]);
  });
});

describe('keys', () => {
  test('grow older between looks, and are absent where nothing is sealed', async () => {
    let now = 60_000;
    let age: KeyAge | undefined;
    new StateMetrics(registry, { now: () => now }).watchKeys(() => age);
    expect(await series('resk_keys_oldest_age_seconds')).toEqual([]);
    expect(await series('resk_keys_rotation_overdue')).toEqual([]);
    age = { oldestAt: 0, overdue: 3 };
    expect(await series('resk_keys_oldest_age_seconds')).toEqual(['resk_keys_oldest_age_seconds 60']);
    now = 90_000;
    expect(await series('resk_keys_oldest_age_seconds')).toEqual(['resk_keys_oldest_age_seconds 90']);
    expect(await series('resk_keys_rotation_overdue')).toEqual(['resk_keys_rotation_overdue 3']);
    age = { oldestAt: undefined, overdue: 0 };
    expect(await series('resk_keys_oldest_age_seconds')).toEqual([]);
    expect(await series('resk_keys_rotation_overdue')).toEqual(['resk_keys_rotation_overdue 0']);
  });

  test('are of this moment at least, by the clock of the machine', async () => {
    new StateMetrics(registry).watchKeys(() => ({ oldestAt: Date.now() + 60_000, overdue: 0 }));
    expect(await series('resk_keys_oldest_age_seconds')).toEqual(['resk_keys_oldest_age_seconds 0']);
  });
});

test('certificates and refused files are told', async () => {
  new StateMetrics(registry).watchTls(() => ({ ...TLS, refused: true }));
  expect(await series('resk_tls_certificate_expiry_timestamp_seconds')).toEqual([
    'resk_tls_certificate_expiry_timestamp_seconds{file="certificate"} 1800000000',
  ]);
  expect(await series('resk_tls_files_refused')).toEqual(['resk_tls_files_refused 1']);
});

test('the limits of memory are told, that of the container only where it has one', async () => {
  limitMetrics(registry, 2 ** 64);
  expect((await series('resk_process_heap_limit_bytes'))[0]).toMatch(/ [1-9]\d{7,}$/);
  expect(await series('resk_process_memory_limit_bytes')).toEqual([]);
  registry.clear();
  limitMetrics(registry, 2 ** 20);
  expect(await series('resk_process_memory_limit_bytes')).toEqual(['resk_process_memory_limit_bytes 1048576']);
});
