// What is counted of models that are not what they were, or not what the documents were embedded by.
import type { Registry } from 'prom-client';
import { type Feed, fedBy } from './announced-metrics.js';
import { CounterTally } from './tallies.js';

export function modelMetrics(registry: Registry): Feed[] {
  const unmatched = new CounterTally({
    name: 'resk_vector_model_unmatched_total',
    help: 'Searches of a collection that holds nothing of the model of now, so that nothing was found: to be reindexed.',
    labels: [],
    registry,
  });
  const checks = new CounterTally({
    name: 'resk_embedding_drift_checks_total',
    help: 'Collections whose sample was embedded again, by outcome: steady or drifted.',
    labels: ['outcome'],
    registry,
  });
  // The first one is an increase only where its series was there before.
  unmatched.add(0);
  for (const outcome of ['steady', 'drifted']) checks.add(0, outcome);
  // What may happen for the first time begins at nothing.
  unmatched.add(0);
  for (const outcome of ['steady', 'drifted']) checks.add(0, outcome);
  return [
    fedBy('vector.model_unmatched', () => unmatched.add(1)),
    fedBy('embedding.drift', ({ drifted }) => checks.add(1, drifted ? 'drifted' : 'steady')),
  ];
}
