// What was sent to a collector, as plain objects: spans, metrics and log records.
import type { Json } from './otlp-messages.js';

export type Attributes = Record<string, unknown>;

export interface ReceivedSpan {
  name: string;
  traceId: string;
  spanId: string;
  /** Empty for the root of a trace, or for a caller elsewhere. */
  parentSpanId: string;
  kind: number;
  /** Milliseconds of the epoch. */
  startMs: number;
  endMs: number;
  /** 2 where the span failed. */
  status: number;
  attributes: Attributes;
  links: Array<{ traceId: string; spanId: string }>;
  service: string;
  resource: Attributes;
}

export interface ReceivedPoint {
  attributes: Attributes;
  /** Of a sum or a gauge. */
  value?: number;
  /** Of a histogram. */
  count?: number;
  sum?: number;
  bounds?: number[];
  buckets?: number[];
}

export interface ReceivedMetric {
  name: string;
  unit: string;
  description: string;
  form: 'sum' | 'gauge' | 'histogram';
  /** Of sums and histograms: 1 delta, 2 cumulative. */
  temporality: number;
  monotonic: boolean;
  points: ReceivedPoint[];
  resource: Attributes;
}

export interface ReceivedLog {
  body: unknown;
  severity: string;
  severityNumber: number;
  atMs: number;
  traceId: string;
  spanId: string;
  flags: number;
  attributes: Attributes;
  resource: Attributes;
}

interface Keyed {
  key: string;
  value: AnyValue;
}

interface AnyValue {
  stringValue?: string;
  intValue?: string | number;
  doubleValue?: number;
  boolValue?: boolean;
  arrayValue?: { values?: AnyValue[] };
  kvlistValue?: { values?: Keyed[] };
}

// biome-ignore lint/suspicious/noExplicitAny: what comes over a wire was checked against the protos before
type Wire = any;

export function spansOf(request: Json): ReceivedSpan[] {
  return of(request, 'resourceSpans', 'scopeSpans', 'spans').map(([one, resource]) => ({
    name: one.name,
    traceId: one.traceId,
    spanId: one.spanId,
    parentSpanId: one.parentSpanId ?? '',
    kind: one.kind,
    startMs: Number(one.startTimeUnixNano) / 1e6,
    endMs: Number(one.endTimeUnixNano) / 1e6,
    status: one.status?.code ?? 0,
    attributes: attributesOf(one.attributes),
    links: (one.links ?? []).map(({ traceId, spanId }: Wire) => ({ traceId, spanId })),
    service: String(resource['service.name']),
    resource,
  }));
}

export function metricsOf(request: Json): ReceivedMetric[] {
  return of(request, 'resourceMetrics', 'scopeMetrics', 'metrics').map(([one, resource]) => {
    const form = (['sum', 'gauge', 'histogram'] as const).find((name) => one[name]);
    if (!form) throw new Error(`metric ${one.name} has no form that is known here`);
    const { aggregationTemporality: temporality = 0, isMonotonic: monotonic = false, dataPoints = [] } = one[form];
    const { name, unit, description } = one;
    return { name, unit, description, form, temporality, monotonic, points: dataPoints.map(pointOf), resource };
  });
}

export function logsOf(request: Json): ReceivedLog[] {
  return of(request, 'resourceLogs', 'scopeLogs', 'logRecords').map(([one, resource]) => ({
    body: plainValue(one.body ?? {}),
    severity: one.severityText,
    severityNumber: one.severityNumber,
    atMs: Number(one.timeUnixNano) / 1e6,
    traceId: one.traceId ?? '',
    spanId: one.spanId ?? '',
    flags: one.flags ?? 0,
    attributes: attributesOf(one.attributes),
    resource,
  }));
}

function of(request: Json, resources: string, scopes: string, items: string): Array<[Wire, Attributes]> {
  return (request[resources] as Wire[]).flatMap(({ resource, [scopes]: scoped }) =>
    scoped.flatMap((scope: Wire) => scope[items].map((item: Wire) => [item, attributesOf(resource?.attributes)])),
  );
}

function pointOf({ attributes, asDouble, asInt, count, sum, explicitBounds, bucketCounts }: Wire): ReceivedPoint {
  const about = { attributes: attributesOf(attributes) };
  if (bucketCounts === undefined) return { ...about, value: Number(asDouble || asInt || 0) };
  return { ...about, count: Number(count), sum, bounds: explicitBounds, buckets: bucketCounts.map(Number) };
}

function attributesOf(list: Keyed[] = []): Attributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, plainValue(value)]));
}

/** Of a message that was read with defaults, the field that is set is the one that is not its default. */
function plainValue({ stringValue, intValue, doubleValue, boolValue, arrayValue, kvlistValue }: AnyValue): unknown {
  if (arrayValue) return (arrayValue.values ?? []).map(plainValue);
  if (kvlistValue) return attributesOf(kvlistValue.values);
  return stringValue || (intValue !== undefined && Number(intValue)) || doubleValue || boolValue || '';
}
