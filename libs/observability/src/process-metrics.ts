// Keeps the metrics of the process, which prom-client collects, to Prometheus' rules for names.
import type { Registry } from 'prom-client';

// Gauges that are named like counters, which `promtool check metrics` refuses. The same numbers, by type, stand in the
// metrics of the same name without _total.
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export function dropMisnamedMetrics(registry: Registry): void {
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
