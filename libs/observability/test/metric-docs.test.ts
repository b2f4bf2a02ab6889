// The document lists every metric that there is.
import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { EngineMetrics, RequestMetrics, StateMetrics } from '#observability';
import { limitMetrics } from '../src/process-metrics.js';
import { watchEverything } from './watched-state.js';

test('docs/OBSERVABILITY.md lists every metric with its type, labels and meaning, and no other', async () => {
  const registry = new Registry();
  new RequestMetrics(registry);
  new EngineMetrics(registry, { tenants: 1 }).watchTiers(() => []);
  watchEverything(new StateMetrics(registry, { tenants: 1 }));
  limitMetrics(registry);
  const rows = (await registry.getMetricsAsJSON()).map(({ name, type, help }) => {
    const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: string[] };
    return `| \`${name}\` | ${type} | ${labelNames.map((label) => `\`${label}\``).join(' ')} | ${help} |`;
  });
  const page = readFileSync(new URL('../../../docs/OBSERVABILITY.md', import.meta.url), 'utf8');
  const documented = page.split('\n').filter((line) => line.startsWith('| `resk_'));
  expect(documented).toEqual(rows);
});
