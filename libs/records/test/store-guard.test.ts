// A store that fails is left alone for a while and tried again by one call; nothing waits long, and nothing is repeated.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '#ports';
import { StoreGuard, type StoreGuardOptions } from '../src/store-guard.js';

function aGuard(o: Partial<StoreGuardOptions> = {}): StoreGuard {
  const most = { timeoutMs: 60_000, failures: 2, cooldownMs: 20, concurrency: 2 };
  const guard = new StoreGuard({ target: 'Store', provider: 'test', ...most, ...o });
  onTestFinished(() => guard.close());
  return guard;
}

const fails = () => Promise.reject(new Error('broken'));
const works = async () => 'done';

test('says once that a store is left alone, and once that it is back, however often it fails between', async () => {
  const told: string[] = [];
  onTestFinished(listen('provider.degraded', ({ provider }) => told.push(`degraded ${provider}`)));
  onTestFinished(listen('provider.recovered', ({ provider }) => told.push(`recovered ${provider}`)));
  const guard = aGuard();
  for (const _ of [1, 2]) await expect(guard.run('get', fails)).rejects.toThrow('broken');
  await expect(guard.run('get', works)).rejects.toMatchObject({ code: 'call.open_circuit' });
  await pause(40);
  await expect(guard.run('get', fails)).rejects.toThrow('broken');
  await pause(40);
  expect(await guard.run('get', works)).toBe('done');
  expect(told).toEqual(['degraded test', 'recovered test']);
});

test('lets one call try whether the store is back, and the others go on at once', async () => {
  const guard = aGuard();
  for (const _ of [1, 2]) await expect(guard.run('get', fails)).rejects.toThrow('broken');
  await pause(40);
  const { promise, resolve } = Promise.withResolvers<string>();
  const trying = guard.run('get', () => promise);
  await expect(guard.run('get', works)).rejects.toMatchObject({ code: 'call.open_circuit' });
  resolve('back');
  expect(await trying).toBe('back');
});

test('takes so many calls at a time, none once it is closed, and none for longer than it may take', async () => {
  const outcomes: string[] = [];
  onTestFinished(listen('provider.call', ({ outcome }) => outcomes.push(outcome)));
  const guard = aGuard({ concurrency: 1 });
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = guard.run('get', () => promise);
  await expect(guard.run('get', works)).rejects.toMatchObject({ code: 'call.crowded' });
  resolve('done');
  await first;
  await expect(guard.run('get', () => new Promise(() => {}), { timeoutMs: 5 })).rejects.toMatchObject({
    code: 'call.timeout',
  });
  const signal = AbortSignal.abort(new Error('left'));
  await expect(guard.run('get', () => new Promise(() => {}), { signal })).rejects.toThrow('left');
  guard.close();
  await expect(guard.run('get', works)).rejects.toMatchObject({ code: 'call.failed' });
  expect(outcomes).toEqual(['call.crowded', 'ok', 'call.timeout', 'cancelled', 'call.failed']);
});
