// A collector of traces on the loopback: takes OTLP over HTTP, as JSON or protobuf, and gives the spans as plain objects.
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** The published protos, which a user's clone does not have: then JSON is read as it is, and protobuf is refused. */
export const OTLP_PROTOS = fileURLToPath(new URL('../../../shared/specs/otlp/', import.meta.url));
export const hasOtlpProtos = existsSync(OTLP_PROTOS);

const REQUEST = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest';

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
  attributes: Record<string, string | number | boolean>;
  service: string;
}

type Json = Record<string, unknown>;

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Headers of every delivery. */
  readonly deliveries: Array<IncomingMessage['headers']> = [];
  /** Answered instead of 200, once set. */
  refusal: number | undefined;
  private readonly server = createServer((request, response) => void this.take(request, response));

  private constructor() {}

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((listening) => receiver.server.listen(0, '127.0.0.1', listening));
    return receiver;
  }

  /** What OTEL_EXPORTER_OTLP_ENDPOINT is set to. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  span(name: string): ReceivedSpan {
    const found = this.spans.find((one) => one.name === name);
    if (!found) throw new Error(`no span ${name} among ${this.spans.map((one) => one.name).join(', ') || 'none'}`);
    return found;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.deliveries.push(request.headers);
    response.setHeader('content-type', 'application/json');
    if (this.refusal || request.url !== '/v1/traces') return void response.writeHead(this.refusal ?? 404).end('{}');
    try {
      this.spans.push(...spansOf(decoded(Buffer.concat(chunks), request.headers['content-type'] ?? '')));
      response.end('{}');
    } catch (error) {
      response.writeHead(400).end(JSON.stringify({ message: String(error) }));
    }
  }
}

function decoded(body: Buffer, type: string): Json {
  if (type.startsWith('application/json'))
    return hasOtlpProtos ? checked(JSON.parse(body.toString())) : JSON.parse(body.toString());
  if (!hasOtlpProtos) throw new Error(`cannot read ${type}: the OTLP protos are not here`);
  return plainMessage(requestType().decode(body));
}

/** The JSON by way of the published message type: a field that it does not know, or of another type, is refused. */
function checked(json: Json): Json {
  const type = requestType();
  const message = inProtobufTypes(json) as Json;
  const problem = type.verify(message);
  if (problem) throw new Error(problem);
  const read = plainMessage(type.decode(type.encode(type.fromObject(message)).finish()));
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

function requestType(): protobuf.Type {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => OTLP_PROTOS + target;
  root.loadSync('opentelemetry/proto/collector/trace/v1/trace_service.proto');
  return root.lookupType(REQUEST);
}

function plainMessage(message: protobuf.Message): Json {
  return withHexIds(requestType().toObject(message, { longs: String, defaults: true })) as Json;
}

// In OTLP's JSON the ids are hexadecimal, where protobuf's JSON mapping would have base64; 64-bit integers are texts.
const IDS = new Set(['traceId', 'spanId', 'parentSpanId']);
const LONGS = /UnixNano$|^intValue$/;

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

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: string | number; doubleValue?: number; boolValue?: boolean };
}

interface WireSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status?: { code?: number };
  attributes?: Attribute[];
}

interface WireRequest {
  resourceSpans: Array<{ resource: { attributes: Attribute[] }; scopeSpans: Array<{ spans: WireSpan[] }> }>;
}

function spansOf(request: Json): ReceivedSpan[] {
  return (request as unknown as WireRequest).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) => spans.map((one) => received(one, service)));
  });
}

function received(one: WireSpan, service: string): ReceivedSpan {
  const { name, traceId, spanId, parentSpanId = '', kind, status, attributes = [] } = one;
  const [startMs, endMs] = [Number(one.startTimeUnixNano) / 1e6, Number(one.endTimeUnixNano) / 1e6];
  const shared = { name, traceId, spanId, parentSpanId, kind, startMs, endMs, service };
  return { ...shared, status: status?.code ?? 0, attributes: attributesOf(attributes) };
}

function attributesOf(list: Attribute[]): ReceivedSpan['attributes'] {
  return Object.fromEntries(
    list.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue || (intValue !== undefined && Number(intValue)) || doubleValue || boolValue || '',
    ]),
  );
}
