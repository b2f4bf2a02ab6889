// Counts the answers of a replay and keeps their latencies, layer by layer.
import type { Answer } from './answer.js';
import { Counter } from './counter.js';
import { percentile } from './numbers.js';

/** Milliseconds; percentiles by nearest rank. */
export interface LatencySummary {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** `client`: from sending to the last byte, as seen here; `clientHits` those of hits alone. The others as the server reports them. */
export type Layer = 'client' | 'clientHits' | 'server' | 'cache' | 'embeddings' | 'vectordb';

export interface ReplayReport {
  requests: number;
  answered: number;
  seconds: number;
  hits: number;
  /** Hits among the answered, 0..1; `null` where none was answered. */
  hitRate: number | null;
  passes: Array<{ requests: number; answered: number; hits: number }>;
  byStatus: Record<string, number>;
  bySource: Record<string, number>;
  /** Hits by the tier that held them. */
  byTier: Record<string, number>;
  latenciesMs: Partial<Record<Layer, LatencySummary>>;
  /** Failed requests by code. */
  errors: Record<string, number>;
}

export class Tally {
  private readonly passes: ReplayReport['passes'] = [];
  private readonly byStatus = new Counter();
  private readonly bySource = new Counter();
  private readonly byTier = new Counter();
  private readonly errors = new Counter();
  private readonly latencies: Record<Layer, number[]> = {
    client: [],
    clientHits: [],
    server: [],
    cache: [],
    embeddings: [],
    vectordb: [],
  };

  /** `pass` counts from 0. */
  answered(pass: number, answer: Answer, clientMs: number): void {
    const counts = this.pass(pass);
    counts.requests++;
    counts.answered++;
    if (answer.hit) counts.hits++;
    this.byStatus.add(answer.status);
    this.bySource.add(answer.source);
    if (answer.tier !== null) this.byTier.add(answer.tier);
    const { total, ...layers } = answer.latencies;
    const measured = { client: clientMs, ...(answer.hit && { clientHits: clientMs }), server: total, ...layers };
    for (const [layer, ms] of Object.entries(measured)) this.latencies[layer as Layer]?.push(ms);
  }

  failed(pass: number, code: string): void {
    this.pass(pass).requests++;
    this.errors.add(code);
  }

  report(elapsedMs: number): ReplayReport {
    const sum = (name: 'requests' | 'answered' | 'hits') => this.passes.reduce((total, pass) => total + pass[name], 0);
    return {
      requests: sum('requests'),
      answered: sum('answered'),
      seconds: elapsedMs / 1000,
      hits: sum('hits'),
      hitRate: sum('answered') === 0 ? null : sum('hits') / sum('answered'),
      passes: this.passes,
      byStatus: this.byStatus.counts,
      bySource: this.bySource.counts,
      byTier: this.byTier.counts,
      latenciesMs: summaries(this.latencies),
      errors: this.errors.counts,
    };
  }

  private pass(at: number): ReplayReport['passes'][number] {
    this.passes[at] ??= { requests: 0, answered: 0, hits: 0 };
    return this.passes[at];
  }
}

function summaries(latencies: Record<Layer, number[]>): ReplayReport['latenciesMs'] {
  const found: ReplayReport['latenciesMs'] = {};
  for (const [layer, sample] of Object.entries(latencies)) {
    if (sample.length > 0) found[layer as Layer] = summary(sample);
  }
  return found;
}

function summary(sample: readonly number[]): LatencySummary {
  const sorted = [...sample].sort((a, b) => a - b);
  const at = (percent: number) => percentile(sorted, percent) as number;
  return { count: sorted.length, p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}
