// What is counted of questions, and of the cache: look-ups, writes, purges, and entries lost before their end.
import type { Registry } from 'prom-client';
import type { FailureCode } from '#ports';
import { DISTRUST, type Feed, fedBy, oncePer, SECONDS_PER_MS } from './announced-metrics.js';
import { CounterTally, HistogramTally } from './tallies.js';

export function queryMetrics(registry: Registry): Feed[] {
  const answers = new CounterTally({
    name: 'resk_query_answers_total',
    help: 'Questions answered, by status, by source, and by the tier of a cached answer.',
    labels: ['status', 'source', 'tier'],
    registry,
  });
  const layers = new HistogramTally({
    name: 'resk_query_layer_duration_seconds',
    help: 'Time that answering a question took, in all (total) and in each layer that it passed, by status.',
    labels: ['layer', 'status'],
    registry,
  });
  return [
    fedBy('query.answered', ({ status, source, tier, latencies }) => {
      answers.add(1, status, source, tier ?? 'none');
      layers.observe(latencies.total * SECONDS_PER_MS, 'total', status);
      layers.observe(latencies.cache * SECONDS_PER_MS, 'cache', status);
      if (latencies.embeddings !== undefined)
        layers.observe(latencies.embeddings * SECONDS_PER_MS, 'embeddings', status);
      if (latencies.vectordb === undefined) return;
      layers.observe(latencies.vectordb * SECONDS_PER_MS, 'vectordb', status);
      layers.observe(latencies.total * SECONDS_PER_MS, 'retrieved', status);
    }),
  ];
}

export function cacheMetrics(registry: Registry): Feed[] {
  return [...lookUps(registry), ...changes(registry), ...losses(registry), ...storeCalls(registry)];
}

function lookUps(registry: Registry): Feed[] {
  const lookups = new CounterTally({
    name: 'resk_cache_lookups_total',
    help: 'Look-ups after all tiers, by outcome and by the tier that answered (none for a miss).',
    labels: ['tier', 'outcome'],
    registry,
  });
  return [fedBy('cache.lookup', ({ tier, outcome }) => lookups.add(1, tier ?? 'none', outcome))];
}

function changes(registry: Registry): Feed[] {
  const writes = new CounterTally({
    name: 'resk_cache_writes_total',
    help: 'Entries kept, by where their answer came from.',
    labels: ['origin'],
    registry,
  });
  const written = new CounterTally({
    name: 'resk_cache_written_bytes_total',
    help: 'Bytes of the entries kept, by where their answer came from.',
    labels: ['origin'],
    registry,
  });
  const purges = new CounterTally({
    name: 'resk_cache_purges_total',
    help: 'Purges, by what was purged.',
    labels: ['scope'],
    registry,
  });
  // The first purge of a sort is an increase only where its series was there before.
  for (const scope of ['tenant', 'tag', 'query', 'subject', 'entry']) purges.add(0, scope);
  return [
    fedBy('cache.write', ({ origin, bytes }) => {
      writes.add(1, origin);
      written.add(bytes, origin);
    }),
    fedBy('cache.purge', ({ scope }) => purges.add(1, scope)),
  ];
}

function losses(registry: Registry): Feed[] {
  const evictions = new CounterTally({
    name: 'resk_cache_evictions_total',
    help: 'Entries that left a tier for want of room (size) or past their end (expired).',
    labels: ['tier', 'reason'],
    registry,
  });
  const evicted = new CounterTally({
    name: 'resk_cache_evicted_bytes_total',
    help: 'Bytes of the entries that left a tier, by reason.',
    labels: ['tier', 'reason'],
    registry,
  });
  const rejected = new CounterTally({
    name: 'resk_cache_rejected_entries_total',
    help: 'Stored entries that could not be trusted, and were deleted and answered as a miss.',
    labels: ['tier', 'reason'],
    registry,
  });
  const begin = oncePer((tier) => {
    for (const reason of DISTRUST) rejected.add(0, tier, reason);
  });
  // The first rejected entry is an increase only where its series was there before.
  for (const tier of ['sqlite', 'redis']) begin(tier);
  return [
    fedBy('cache.store_call', ({ tier }) => begin(tier)),
    fedBy('cache.evicted', ({ tier, reason, bytes }) => {
      evictions.add(1, tier, reason);
      evicted.add(bytes, tier, reason);
    }),
    fedBy('cache.rejected', ({ tier, reason }) => rejected.add(1, tier, reason)),
  ];
}

function storeCalls(registry: Registry): Feed[] {
  const durations = new HistogramTally({
    name: 'resk_cache_store_call_duration_seconds',
    help: 'Time of a call to a store behind the memory tier.',
    labels: ['tier', 'operation'],
    registry,
  });
  const failures = new CounterTally({
    name: 'resk_cache_store_failures_total',
    help: 'Calls to a store that failed and were answered from the next layer, by failure code.',
    labels: ['tier', 'operation', 'code'],
    registry,
  });
  return [
    fedBy('cache.store_call', ({ tier, operation, durationMs }) => {
      durations.observe(durationMs * SECONDS_PER_MS, tier, operation);
      failures.add(0, tier, operation, outageOf(operation));
    }),
    fedBy('cache.store_failed', ({ tier, operation, code }) => failures.add(1, tier, operation, code)),
  ];
}

/** How a call fails when its store is down: begins at nothing with the first call, so that the first failure is an increase. */
function outageOf(operation: string): FailureCode {
  return operation.startsWith('embedding ') ? 'records.unavailable' : 'cache.store_unavailable';
}
