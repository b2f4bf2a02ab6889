// Decides which requests are traced, as OTEL_TRACES_SAMPLER says it.
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { ObservabilityConfig } from '../observability.section.js';

export function samplerOf({
  tracesSampler,
  tracesRatio,
}: Pick<ObservabilityConfig, 'tracesSampler' | 'tracesRatio'>): Sampler {
  const [, parent, decision] = /^(parentbased_)?(.+)$/.exec(tracesSampler)!;
  const root = rootOf(decision!, tracesRatio);
  return parent === undefined ? root : new ParentBasedSampler({ root });
}

function rootOf(decision: string, ratio: number): Sampler {
  if (decision === 'always_on') return new AlwaysOnSampler();
  return decision === 'always_off' ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
}
