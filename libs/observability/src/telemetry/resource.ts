// What is said of this process with everything that is sent: its service, version and instance, and what the operator adds.
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ObservabilityConfig } from '../observability.section.js';
import { pairsOf } from './pairs.js';

/** Name of the instrumentation. */
export const SCOPE = 'resk-caching';

/** The detectors of the SDK are not asked: they would tell paths and users of the machine. OTEL_SERVICE_NAME goes before a `service.name` among the attributes. */
export function resourceOf({ serviceName, resourceAttributes }: ObservabilityConfig) {
  return defaultResource().merge(
    resourceFromAttributes({
      'service.version': version(),
      'service.instance.id': randomUUID(),
      ...pairsOf(resourceAttributes),
      'service.name': serviceName,
    }),
  );
}

function version(): string {
  return (createRequire(import.meta.url)('resk-caching/package.json') as { version: string }).version;
}
