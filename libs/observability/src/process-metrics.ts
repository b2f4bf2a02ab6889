// Keeps the metrics of the process, which prom-client collects, to Prometheus' rules for names, and adds its limits.
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { Gauge, type Registry } from 'prom-client';

// Gauges that are named like counters, which `promtool check metrics` refuses. The same numbers, by type, stand in the
// metrics of the same name without _total.
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export function dropMisnamedMetrics(registry: Registry): void {
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}

/** How much memory the process may have: beside what it has, that says how near the end is. */
export function limitMetrics(registry: Registry, memoryLimit: number | undefined = process.constrainedMemory()): void {
  new Gauge({
    name: 'resk_process_heap_limit_bytes',
    help: 'Size that the heap of JavaScript may grow to, in bytes.',
    registers: [registry],
  }).set(getHeapStatistics().heap_size_limit);
  const memory = new Gauge({
    name: 'resk_process_memory_limit_bytes',
    help: "Memory that the process may have, by its container's limit, in bytes; absent where there is none.",
    registers: [registry],
  });
  // Where a container has no limit, systems name none, 0, or a number beyond any machine.
  if (memoryLimit && memoryLimit <= totalmem()) memory.set(memoryLimit);
  else memory.remove();
}
