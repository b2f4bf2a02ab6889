// Slow work is done in turn: however much one tenant wants, another waits for no more than what is under way.
import { expect, test } from 'vitest';
import { TenantTurns } from '#resilience';

/** Work that is under way until it is finished by name; says in which order it began. */
function aWorkshop(options: Partial<ConstructorParameters<typeof TenantTurns>[0]> = {}) {
  const turns = new TenantTurns({ concurrency: 2, perTenant: 2, queue: 100, ...options });
  const began: string[] = [];
  const finishers = new Map<string, () => void>();
  const order = (tenant: string, name = tenant, signal?: AbortSignal) =>
    turns.run(
      tenant,
      () => {
        began.push(name);
        return new Promise<string>((resolve) => finishers.set(name, () => resolve(name)));
      },
      { signal },
    );
  const finish = async (name: string) => {
    finishers.get(name)!();
    await settled();
  };
  return { turns, began, order, finish };
}

/** Lets everything run that only waits for promises. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('begins at once while there is room, and gives what the work gives', async () => {
  const { turns, began, order, finish } = aWorkshop();
  const work = order('north');
  await settled();
  expect([began, turns.active, turns.waiting]).toEqual([['north'], 1, 0]);
  await finish('north');
  await expect(work).resolves.toBe('north');
  expect(turns.active).toBe(0);
});

test('serves tenants in turn, however many works one of them has waiting', async () => {
  const { began, order, finish } = aWorkshop({ concurrency: 1, perTenant: 1 });
  for (let at = 1; at <= 50; at++) void order('noisy', `noisy${at}`);
  for (let at = 1; at <= 3; at++) void order('quiet', `quiet${at}`);
  void order('third');
  await settled();
  for (let at = 0; at < 7; at++) await finish(began.at(-1)!);
  expect(began).toEqual(['noisy1', 'noisy2', 'quiet1', 'third', 'noisy3', 'quiet2', 'noisy4', 'quiet3']);
});

test('a tenant with a thousand works delays a newcomer by one of them', async () => {
  const { began, order, finish } = aWorkshop({ concurrency: 4, perTenant: 4, queue: 1000 });
  for (let at = 1; at <= 1000; at++) void order('noisy', `noisy${at}`);
  await settled();
  void order('quiet');
  await finish('noisy1');
  await finish('noisy2');
  expect(began.indexOf('quiet')).toBeLessThanOrEqual(5);
});

test('one tenant never has more under way than it may, so that others begin at once', async () => {
  const { turns, began, order, finish } = aWorkshop({ concurrency: 4, perTenant: 2 });
  for (let at = 1; at <= 5; at++) void order('noisy', `noisy${at}`);
  void order('quiet');
  await settled();
  expect(began).toEqual(['noisy1', 'noisy2', 'quiet']);
  await finish('quiet');
  expect([began.length, turns.active]).toEqual([3, 2]);
  await finish('noisy1');
  expect(began.at(-1)).toBe('noisy3');
});

test('fills all free places when several works of one tenant wait', async () => {
  const { turns, began, order, finish } = aWorkshop({ concurrency: 2, perTenant: 2 });
  void order('north', 'first');
  void order('south', 'second');
  await settled();
  for (const name of ['third', 'fourth']) void order('north', name);
  await finish('first');
  await finish('second');
  expect(began).toEqual(['first', 'second', 'third', 'fourth']);
  expect([turns.active, turns.waiting]).toEqual([2, 0]);
});

test('refuses what is more than may wait, and says when to come back; other tenants are not refused', async () => {
  const { began, order } = aWorkshop({ concurrency: 1, perTenant: 1, queue: 2 });
  for (const name of ['one', 'two', 'three']) void order('noisy', name);
  await expect(order('noisy', 'four')).rejects.toMatchObject({
    code: 'tenant.crowded',
    facts: { limit: 2 },
    retryAfterMs: 1000,
  });
  void order('quiet');
  await settled();
  expect(began).toEqual(['one']);
});

test('who gives up while waiting leaves the queue, and is never begun', async () => {
  const { turns, began, order, finish } = aWorkshop({ concurrency: 1, perTenant: 1, queue: 1 });
  const leaving = new AbortController();
  void order('north', 'first');
  const waiting = order('north', 'second', leaving.signal);
  leaving.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect(turns.waiting).toBe(0);
  const next = order('north', 'third', new AbortController().signal);
  await finish('first');
  expect(began).toEqual(['first', 'third']);
  await finish('third');
  await expect(next).resolves.toBe('third');
});

test('one of several that wait may leave without the others', async () => {
  const { began, order, finish } = aWorkshop({ concurrency: 1, perTenant: 1 });
  const leaving = new AbortController();
  void order('north', 'first');
  const waiting = order('north', 'second', leaving.signal);
  void order('north', 'third');
  leaving.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await finish('first');
  expect(began).toEqual(['first', 'third']);
});

test('begins nothing for who has gone already', async () => {
  const { began, order } = aWorkshop();
  await expect(order('north', 'never', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(began).toEqual([]);
});

test('work that fails gives its place back', async () => {
  const { turns } = aWorkshop({ concurrency: 1, perTenant: 1 });
  await expect(turns.run('north', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(turns.run('north', async () => 'well')).resolves.toBe('well');
});

test('a tenant that leaves and returns in the same moment still counts what it has under way', async () => {
  const { turns, order, finish } = aWorkshop({ concurrency: 2, perTenant: 1 });
  const leaving = new AbortController();
  void order('north', 'first');
  const waiting = order('north', 'second', leaving.signal).catch(() => 'left');
  const ended = finish('first');
  leaving.abort(new Error('gone'));
  await Promise.all([ended, waiting]);
  void order('north', 'third');
  void order('north', 'fourth');
  await settled();
  expect([turns.active, turns.waiting]).toEqual([1, 1]);
});
