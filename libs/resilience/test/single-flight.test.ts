// The same work is done once, and nothing of it is remembered.
import { expect, test } from 'vitest';
import { SingleFlight } from '#resilience';

test('does the work once for all who ask while it runs', async () => {
  const flights = new SingleFlight<number>();
  let started = 0;
  const work = async () => ++started;
  const results = await Promise.all([flights.run('a', work), flights.run('a', work), flights.run('a', work)]);
  expect(results).toEqual([1, 1, 1]);
  expect(flights.size).toBe(0);
});

test('keeps flights of different keys apart', async () => {
  const flights = new SingleFlight<string>();
  const both = [flights.run('a', async () => 'A'), flights.run('b', async () => 'B')];
  expect(flights.size).toBe(2);
  await expect(Promise.all(both)).resolves.toEqual(['A', 'B']);
});

test('fails for all who joined, and starts anew after', async () => {
  const flights = new SingleFlight<string>();
  const broken = () => Promise.reject(new Error('broken'));
  const outcomes = await Promise.allSettled([flights.run('a', broken), flights.run('a', broken)]);
  expect(outcomes.map((one) => one.status)).toEqual(['rejected', 'rejected']);
  await expect(flights.run('a', async () => 'well')).resolves.toBe('well');
});

test('rejects where the work throws before it is under way', async () => {
  const flights = new SingleFlight<string>();
  const thrown = flights.run('a', () => {
    throw new Error('at once');
  });
  await expect(thrown).rejects.toThrow('at once');
  expect(flights.size).toBe(0);
});
