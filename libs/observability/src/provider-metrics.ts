// What is counted of providers: calls, errors, open circuits, and what embeddings cost.
import { Gauge, type Registry } from 'prom-client';
import type { Announcements, FailureCode } from '#ports';
import { DISTRUST, type Feed, fedBy, SECONDS_PER_MS } from './announced-metrics.js';
import { isProvidersFault } from './faults.js';
import { CounterTally, HistogramTally } from './tallies.js';

export type ProviderFamily = Announcements['provider.call']['family'];

/** How any provider fails when it is down, and how each family does beside. */
const OUTAGES: readonly FailureCode[] = ['call.timeout', 'call.failed', 'call.open_circuit'];
const OUTAGES_OF: Readonly<Record<ProviderFamily, readonly FailureCode[]>> = {
  'embedding-model': [
    'embedding.provider_failed',
    'embedding.provider_unauthorised',
    'embedding.quota_exhausted',
    'call.crowded',
  ],
  reranker: ['rerank.provider_failed', 'rerank.provider_unauthorised', 'rerank.quota_exhausted', 'call.crowded'],
  'vector-store': [
    'vector.store_unavailable',
    'vector.store_unauthorised',
    'vector.quota_exhausted',
    'vector.reply_invalid',
    'call.crowded',
  ],
  'byte-store': ['call.crowded'],
  'key-service': ['crypto.key_service_unavailable', 'crypto.key_service_unauthorised'],
  'token-issuer': ['call.refused', 'call.reply_invalid'],
};

/** Counts the calls to providers and their errors. */
export class ProviderMetrics {
  readonly feeds: readonly Feed[];
  private readonly errors: CounterTally;
  private readonly rejected: CounterTally;
  private readonly begun = new Set<string>();

  constructor(registry: Registry) {
    const durations = new HistogramTally({
      name: 'resk_provider_call_duration_seconds',
      help: 'Time of a call to a provider with its retries, whatever its outcome.',
      labels: ['family', 'provider', 'operation'],
      registry,
    });
    this.errors = new CounterTally({
      name: 'resk_provider_errors_total',
      help: 'Calls to a provider that failed after all retries by a fault of its own, by failure code.',
      labels: ['family', 'provider', 'code'],
      registry,
    });
    this.rejected = new CounterTally({
      name: 'resk_vector_rejected_documents_total',
      help: 'Stored documents that could not be trusted, and were not given as matches.',
      labels: ['provider', 'reason'],
      registry,
    });
    this.feeds = [
      ...circuits(registry),
      fedBy('vector.rejected', ({ provider, reason }) => this.rejected.add(1, provider, reason)),
      fedBy('provider.call', ({ family, provider, operation, outcome, durationMs }) => {
        durations.observe(durationMs * SECONDS_PER_MS, family, provider, operation);
        this.begin(family, provider);
        if (isProvidersFault(outcome)) this.errors.add(1, family, provider, outcome);
      }),
    ];
  }

  /** Begins at nothing what may be counted of a provider, since only then the first of it is an increase. */
  begin(family: ProviderFamily, provider: string): void {
    const name = `${family} ${provider}`;
    if (this.begun.has(name)) return;
    this.begun.add(name);
    for (const code of [...OUTAGES, ...OUTAGES_OF[family]]) this.errors.add(0, family, provider, code);
    if (family === 'vector-store') for (const reason of DISTRUST) this.rejected.add(0, provider, reason);
  }
}

function circuits(registry: Registry): Feed[] {
  const open = new Gauge({
    name: 'resk_provider_circuit_open',
    help: 'Whether the circuit of a provider is open (1: it is not called for a while) or closed again (0).',
    labelNames: ['family', 'provider'],
    registers: [registry],
  });
  const opened = new CounterTally({
    name: 'resk_provider_circuit_openings_total',
    help: 'How often the circuit of a provider opened.',
    labels: ['family', 'provider'],
    registry,
  });
  return [
    fedBy('provider.call', ({ family, provider }) => opened.add(0, family, provider)),
    fedBy('provider.degraded', ({ family, provider }) => {
      open.set({ family, provider }, 1);
      opened.add(1, family, provider);
    }),
    fedBy('provider.recovered', ({ family, provider }) => open.set({ family, provider }, 0)),
  ];
}

export function embeddingMetrics(registry: Registry): Feed[] {
  const calls = new CounterTally({
    name: 'resk_embedding_calls_total',
    help: 'Calls to the embedding model, by provider and outcome (ok, or a failure code).',
    labels: ['provider', 'outcome'],
    registry,
  });
  const texts = new CounterTally({
    name: 'resk_embedding_texts_total',
    help: 'Texts sent to the embedding model.',
    labels: ['provider'],
    registry,
  });
  const tokens = new CounterTally({
    name: 'resk_embedding_tokens_total',
    help: 'Tokens that the embedding provider counted; 0 for providers that count none.',
    labels: ['provider'],
    registry,
  });
  const remembered = new CounterTally({
    name: 'resk_embedding_remembered_total',
    help: 'Texts to be embedded, by whether their vector was remembered (hit) or had to be made (miss).',
    labels: ['provider', 'outcome'],
    registry,
  });
  return [
    fedBy('embedding.remembered', ({ provider, hits, misses }) => {
      remembered.add(hits, provider, 'hit');
      remembered.add(misses, provider, 'miss');
    }),
    fedBy('provider.call', ({ family, provider, outcome, items = 0, tokens: used = 0 }) => {
      if (family !== 'embedding-model') return;
      calls.add(1, provider, outcome);
      texts.add(items, provider);
      tokens.add(used, provider);
    }),
  ];
}
