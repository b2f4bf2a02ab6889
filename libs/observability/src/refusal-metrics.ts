// What is counted of requests that the limiter refused, and of who is locked out.
import type { Registry } from 'prom-client';
import { type Feed, fedBy } from './announced-metrics.js';
import { CounterTally } from './tallies.js';

export function refusalMetrics(registry: Registry): Feed[] {
  const refused = new CounterTally({
    name: 'resk_rate_limited_requests_total',
    help: 'Requests refused by the rate limiter, by door and by what was limited.',
    labels: ['door', 'tracker'],
    registry,
  });
  const lockedOut = new CounterTally({
    name: 'resk_lockouts_total',
    help: 'How often an address or a subject was locked out.',
    labels: ['who'],
    registry,
  });
  // The first refusal is an increase only where its series was there before.
  for (const door of ['http', 'socket'])
    for (const tracker of ['caller', 'address', 'tenant']) refused.add(0, door, tracker);
  for (const who of ['address', 'subject']) lockedOut.add(0, who);
  return [
    fedBy('rate.limited', ({ door, tracker }) => refused.add(1, door, tracker)),
    fedBy('auth.locked_out', ({ who }) => lockedOut.add(1, who)),
  ];
}
