// What is counted of retrievals: the time of each step.
import type { Registry } from 'prom-client';
import { type Feed, fedBy, SECONDS_PER_MS } from './announced-metrics.js';
import { HistogramTally } from './tallies.js';

export function retrievalMetrics(registry: Registry): Feed[] {
  const durations = new HistogramTally({
    name: 'resk_retrieval_step_duration_seconds',
    help: 'Time of a step of a retrieval: search, rerank, mmr.',
    labels: ['step'],
    registry,
  });
  return [fedBy('retrieval.step', ({ step, durationMs }) => durations.observe(durationMs * SECONDS_PER_MS, step))];
}
