// Reads what is sent to a collector, by the published OTLP messages: protobuf, or JSON that must hold nothing they do not know.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** The published protos, which a user's clone does not have: then JSON is read as it is, and protobuf is refused. */
export const OTLP_PROTOS = fileURLToPath(new URL('../../../shared/specs/otlp/', import.meta.url));
export const hasOtlpProtos = existsSync(OTLP_PROTOS);

export type Json = Record<string, unknown>;
export type SignalName = 'traces' | 'metrics' | 'logs';

const COLLECTOR = 'opentelemetry.proto.collector';
const REQUESTS: Readonly<Record<SignalName, { file: string; type: string }>> = {
  traces: { file: 'trace/v1/trace_service', type: 'trace.v1.ExportTraceServiceRequest' },
  metrics: { file: 'metrics/v1/metrics_service', type: 'metrics.v1.ExportMetricsServiceRequest' },
  logs: { file: 'logs/v1/logs_service', type: 'logs.v1.ExportLogsServiceRequest' },
};

/** The request as plain objects: ids are hexadecimal, 64-bit numbers texts. @throws Error for what the protos do not know */
export function readOtlp(signal: SignalName, body: Buffer, type: string): Json {
  if (type.startsWith('application/json'))
    return hasOtlpProtos ? checked(signal, JSON.parse(body.toString())) : JSON.parse(body.toString());
  if (!hasOtlpProtos) throw new Error(`cannot read ${type}: the OTLP protos are not here`);
  return plainMessage(signal, requestType(signal).decode(body));
}

/** The JSON by way of the published message type: a field that it does not know, or of another type, is refused. */
function checked(signal: SignalName, json: Json): Json {
  const type = requestType(signal);
  const message = inProtobufTypes(json) as Json;
  const problem = type.verify(message);
  if (problem) throw new Error(problem);
  const read = plainMessage(signal, type.decode(type.encode(type.fromObject(message)).finish()));
  refuseUnknown(json, read);
  return read;
}

function refuseUnknown(sent: unknown, read: unknown): void {
  if (typeof sent !== 'object' || sent === null) return;
  for (const [name, value] of Object.entries(sent)) {
    if (!Object.hasOwn(read as Json, name)) throw new Error(`the protos know no field ${name}`);
    refuseUnknown(value, (read as Json)[name]);
  }
}

function requestType(signal: SignalName): protobuf.Type {
  const { file, type } = REQUESTS[signal];
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => OTLP_PROTOS + target;
  root.loadSync(`opentelemetry/proto/collector/${file}.proto`);
  return root.lookupType(`${COLLECTOR}.${type}`);
}

function plainMessage(signal: SignalName, message: protobuf.Message): Json {
  return withHexIds(requestType(signal).toObject(message, { longs: String, defaults: true })) as Json;
}

// In OTLP's JSON the ids are hexadecimal, where protobuf's JSON mapping would have base64; 64-bit integers are texts.
const IDS = new Set(['traceId', 'spanId', 'parentSpanId']);
const LONGS = /UnixNano$|^(intValue|asInt|count)$/;

function inProtobufTypes(value: unknown, name = ''): unknown {
  if (typeof value === 'string' && IDS.has(name)) return Buffer.from(value, 'hex');
  if (typeof value === 'string' && LONGS.test(name)) return Number(value);
  return mapped(value, inProtobufTypes);
}

function withHexIds(value: unknown, name = ''): unknown {
  if (value instanceof Uint8Array) return IDS.has(name) ? Buffer.from(value).toString('hex') : value;
  return mapped(value, withHexIds);
}

function mapped(value: unknown, change: (value: unknown, name: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => change(item, ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, change(one, name)]));
}
