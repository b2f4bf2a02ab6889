// What is counted of the audit log: lines that it should have and does not.
import type { Registry } from 'prom-client';
import { type Feed, fedBy } from './announced-metrics.js';
import { CounterTally } from './tallies.js';

export function auditMetrics(registry: Registry): Feed[] {
  const unwritten = new CounterTally({
    name: 'resk_audit_lines_unwritten_total',
    help: 'Lines of the audit log that were not written, by reason.',
    labels: ['reason'],
    registry,
  });
  // The first lost line is an increase only where its series was there before.
  for (const reason of ['crowded', 'failed']) unwritten.add(0, reason);
  return [fedBy('audit.unwritten', ({ reason }) => unwritten.add(1, reason))];
}
