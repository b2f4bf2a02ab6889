// What is counted of requests that the limiter refused.
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
  return [fedBy('rate.limited', ({ door, tracker }) => refused.add(1, door, tracker))];
}
