// Gives the metrics of the Prometheus registry to OpenTelemetry's exporter: the same names, labels and numbers, read once more.
import { type HrTime, ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import { SCOPE } from './resource.js';

const UNITS: Readonly<Record<string, string>> = { seconds: 's', bytes: 'By', ratio: '1' };

type Family = MetricObjectWithValues<MetricValue<string>>;
type Sample = Family['values'][number] & { metricName?: string };
type Labels = Record<string, string>;
type Period = Pick<DataPoint<unknown>, 'startTime' | 'endTime'>;
type HistogramValue = Extract<MetricData, { dataPointType: DataPointType.HISTOGRAM }>['dataPoints'][number]['value'];

/** Sums and histograms are cumulative since this was made, which is when the process started. */
export class RegistryMetrics implements MetricProducer {
  private readonly startTime: HrTime;

  constructor(
    private readonly registry: Registry,
    private readonly now: () => number = Date.now,
  ) {
    this.startTime = millisToHrTime(now());
  }

  async collect(): Promise<CollectionResult> {
    const families = (await this.registry.getMetricsAsJSON()) as Family[];
    const period = { startTime: this.startTime, endTime: millisToHrTime(this.now()) };
    const metrics = families.flatMap((family) => metricOf(family, period) ?? []);
    return {
      resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: { name: SCOPE }, metrics }] },
      errors: [],
    };
  }
}

function metricOf(family: Family, period: Period): MetricData | undefined {
  const { name, help } = family;
  const descriptor = { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE };
  const shared = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE } as const;
  const kind = String(family.type);
  if (kind === 'histogram')
    return { ...shared, dataPointType: DataPointType.HISTOGRAM, dataPoints: histogramPoints(family, period) };
  const dataPoints = family.values.map(({ value, labels }) => ({ ...period, attributes: { ...labels }, value }));
  if (kind === 'counter') return { ...shared, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  // Nothing here is a summary, which OpenTelemetry's SDK has no form for.
  return kind === 'gauge' ? { ...shared, dataPointType: DataPointType.GAUGE, dataPoints } : undefined;
}

/**
 * UCUM, by the ending of the name: https://prometheus.io/docs/practices/naming/#base-units. Where there is no such ending,
 * none: whoever makes Prometheus' names of it again would put `_ratio` behind a gauge of unit 1.
 */
function unitOf(name: string): string {
  const ending = /_(seconds|bytes|ratio)(?:_total)?$/.exec(name)?.[1];
  return ending === undefined ? '' : UNITS[ending]!;
}

function histogramPoints(family: Family, period: Period): DataPoint<HistogramValue>[] {
  const series = new Map<string, { labels: Labels; value: HistogramValue; below: number }>();
  for (const sample of family.values as Sample[]) {
    const { le, ...labels } = sample.labels as Labels;
    const key = JSON.stringify(labels);
    const known = series.get(key) ?? { labels, below: 0, value: { buckets: { boundaries: [], counts: [] }, count: 0 } };
    series.set(key, known);
    if (sample.metricName?.endsWith('_sum')) known.value.sum = sample.value;
    else if (sample.metricName?.endsWith('_count')) known.value.count = sample.value;
    else {
      // Prometheus' buckets hold all below their bound; here each holds its own.
      known.value.buckets.counts.push(sample.value - known.below);
      known.below = sample.value;
      if (le !== '+Inf') known.value.buckets.boundaries.push(Number(le));
    }
  }
  return [...series.values()].map(({ labels, value }) => ({ ...period, attributes: labels, value }));
}
