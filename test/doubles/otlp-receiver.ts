// A collector on the loopback: takes traces, metrics and logs as OTLP over HTTP, and gives them as plain objects.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { hasOtlpProtos, readOtlp, type SignalName } from './otlp-messages.js';
import {
  logsOf,
  metricsOf,
  type ReceivedLog,
  type ReceivedMetric,
  type ReceivedSpan,
  spansOf,
} from './otlp-signals.js';

export { hasOtlpProtos, OTLP_PROTOS } from './otlp-messages.js';
export type { ReceivedLog, ReceivedMetric, ReceivedPoint, ReceivedSpan } from './otlp-signals.js';

/** A form that can be read with or without the protos. */
const PROTOCOL = hasOtlpProtos ? 'http/protobuf' : 'http/json';

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Of the last delivery of metrics, all that there were. */
  metrics: ReceivedMetric[] = [];
  readonly logs: ReceivedLog[] = [];
  /** Headers of every delivery. */
  readonly deliveries: Array<IncomingMessage['headers']> = [];
  /** Every delivery as its bytes, to be looked through for what must not be there. */
  readonly bodies: Buffer[] = [];
  /** What could not be read. */
  readonly problems: string[] = [];
  /** Answered instead of 200, once set. */
  refusal: number | undefined;
  /** While true, takes deliveries and answers none of them. */
  silent = false;
  private readonly server;

  private constructor(private readonly tls: ServerOptions | undefined) {
    const take = (request: IncomingMessage, response: ServerResponse) => void this.take(request, response);
    this.server = tls ? createTlsServer(tls, take) : createServer(take);
  }

  /** `tls`: the options of a server of TLS; without them it speaks plain HTTP. */
  static async start({ tls }: { tls?: ServerOptions } = {}): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(tls);
    await new Promise<void>((listening) => receiver.server.listen(0, '127.0.0.1', listening));
    return receiver;
  }

  /** What OTEL_EXPORTER_OTLP_ENDPOINT is set to. */
  get endpoint(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Variables that send traces here, at once. */
  get env(): Record<string, string> {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: this.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: PROTOCOL,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_BLRP_SCHEDULE_DELAY: '20',
    };
  }

  span(name: string): ReceivedSpan {
    return found(this.spans, name, (one) => one.name);
  }

  metric(name: string): ReceivedMetric {
    return found(this.metrics, name, (one) => one.name);
  }

  log(body: string): ReceivedLog {
    return found(this.logs, body, (one) => String(one.body));
  }

  /** All that has come, as text. */
  get everything(): string {
    return Buffer.concat(this.bodies).toString('latin1');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.deliveries.push(request.headers);
    if (this.silent) return;
    response.setHeader('content-type', 'application/json');
    const signal = /^\/v1\/(traces|metrics|logs)$/.exec(request.url ?? '')?.[1] as SignalName | undefined;
    if (this.refusal || !signal) return void response.writeHead(this.refusal ?? 404).end('{}');
    try {
      this.keep(signal, Buffer.concat(chunks), request.headers);
      response.end('{}');
    } catch (error) {
      this.problems.push(String(error));
      response.writeHead(400).end(JSON.stringify({ message: String(error) }));
    }
  }

  private keep(signal: SignalName, sent: Buffer, headers: IncomingMessage['headers']): void {
    const body = headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    this.bodies.push(body);
    const request = readOtlp(signal, body, headers['content-type'] ?? '');
    if (signal === 'traces') this.spans.push(...spansOf(request));
    else if (signal === 'metrics') this.metrics = metricsOf(request);
    else this.logs.push(...logsOf(request));
  }
}

function found<T>(among: readonly T[], name: string, nameOf: (one: T) => string): T {
  const one = among.find((candidate) => nameOf(candidate) === name);
  if (!one) throw new Error(`no ${name} among ${among.map(nameOf).join(', ') || 'none'}`);
  return one;
}
