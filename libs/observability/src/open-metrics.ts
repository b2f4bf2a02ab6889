// The metrics as OpenMetrics text, which has room for exemplars: https://prometheus.io/docs/specs/om/open_metrics_spec/
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import type { Exemplar } from './exemplars.js';

export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

type Family = MetricObjectWithValues<MetricValue<string>>;
type Sample = Family['values'][number] & { metricName?: string; exemplar?: Exemplar };

/**
 * Whether a reader that accepts this would rather have OpenMetrics than the older text: it names it, and does not prefer
 * `text/plain`. Prometheus does, unless it is told otherwise.
 */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  const wish = (type: string) =>
    Math.max(
      0,
      ...(accept ?? '').split(',').map((one) => (one.trim().toLowerCase().startsWith(type) ? weightOf(one) : 0)),
    );
  const open = wish('application/openmetrics-text');
  return open > 0 && open >= wish('text/plain');
}

/** prom-client writes this form too, but renames the counters of its registry for it, and so of the other form. */
export async function openMetricsText(registry: Registry): Promise<string> {
  const families = (await registry.getMetricsAsJSON()) as Family[];
  return `${families.map(familyText).join('')}# EOF\n`;
}

function weightOf(accepted: string): number {
  const weight = /;\s*q=([\d.]+)/i.exec(accepted)?.[1];
  return weight === undefined ? 1 : Number(weight);
}

/** Counters are named without the `_total` that their samples have. */
function familyText({ name, help, type, values }: Family): string {
  const counter = String(type) === 'counter';
  const family = counter ? name.replace(/_total$/, '') : name;
  const head = `# TYPE ${family} ${type}\n# HELP ${family} ${quotable(help)}\n`;
  return head + (values as Sample[]).map((sample) => sampleText(sample, counter ? `${family}_total` : name)).join('');
}

function sampleText({ metricName, labels, value, exemplar }: Sample, name: string): string {
  const line = `${metricName ?? name}${labelsText(labels)} ${numberText(value)}`;
  if (!exemplar) return `${line}\n`;
  return `${line} # ${labelsText(exemplar.labelSet)} ${numberText(exemplar.value)} ${exemplar.timestamp.toFixed(3)}\n`;
}

function labelsText(labels: object): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${labelText(name, value)}"`);
  return texts.length === 0 ? '' : `{${texts.join(',')}}`;
}

function labelText(name: string, value: unknown): string {
  return name === 'le' && value !== '+Inf' ? canonical(Number(value)) : quotable(String(value));
}

/** Bounds of buckets have one way to be written, as Go writes floats. */
function canonical(bound: number): string {
  if (Number.isInteger(bound)) return `${bound}.0`;
  return bound < 1e-4 ? bound.toExponential().replace(/e([+-])(\d)$/, 'e$10$2') : String(bound);
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function quotable(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}
