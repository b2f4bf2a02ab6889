// Announcements reach those who listen, and cost nothing while nobody does.
import { expect, it } from 'vitest';
import { announce, announced, listen } from '../src/index.js';

it('reach every listener until it stops, and nobody of another channel', () => {
  const heard: unknown[] = [];
  const other: unknown[] = [];
  const stops = [
    listen('provider.degraded', (message) => heard.push(message)),
    listen('provider.recovered', (message) => other.push(message)),
  ];
  const message = { family: 'vector-store', provider: 'embedded' };
  announce('provider.degraded', message);
  stops[0]!();
  announce('provider.degraded', message);
  expect(heard).toEqual([message]);
  expect(other).toEqual([]);
  stops[1]!();
  expect(announced('provider.degraded').hasSubscribers).toBe(false);
  expect(announced('provider.degraded').name).toBe('resk-caching:provider.degraded');
});
