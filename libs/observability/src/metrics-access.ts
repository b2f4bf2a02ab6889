// Decides who may read the metrics.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ObservabilityConfig } from './observability.section.js';

/** Whether a reader with this `authorization` header may see the metrics, by METRICS_ACCESS and METRICS_TOKEN. */
export function mayReadMetrics(
  config: Pick<ObservabilityConfig, 'metricsAccess' | 'metricsToken'>,
  authorization: string | undefined,
): boolean {
  if (config.metricsAccess !== 'token') return config.metricsAccess === 'open';
  const sent = /^bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  return sent !== undefined && config.metricsToken !== undefined && sameText(sent, config.metricsToken.reveal());
}

// Digests have one length, so that the comparison takes the same time whatever was sent.
function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
