// What is sent to a collector says whose it is, in the form that is set; a collector that does not take it costs nothing.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as turn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger, RequestMetrics, span, startTelemetry, type Telemetry } from '#observability';
import { hasOtlpProtos, OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { anAuthority } from '../../../test/support/certificates.js';
import { pairsOf } from '../src/telemetry/pairs.js';
import { troubleTeller } from '../src/telemetry/troubles.js';
import { configOf } from './observability-config.js';

const ALL = { OTEL_METRICS_EXPORTER: 'otlp', OTEL_LOGS_EXPORTER: 'otlp' };

let receiver: OtlpReceiver;
let telemetry: Telemetry | undefined;
let lines: string[];
const messages = () => lines.map((line) => JSON.parse(line).msg as string);

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  lines = [];
});

afterEach(async () => {
  await telemetry?.shutdown();
  await receiver.stop();
});

/** Everything is sent, with a log and metrics as the server has them. */
async function start(env: Record<string, string> = {}) {
  const config = configOf({ ...receiver.env, ...ALL, ...env });
  const logger = createLogger(config, { destination: { write: (line) => void lines.push(line) } });
  const registry = new Registry();
  new RequestMetrics(registry).observe('/x', 'GET', 200, 0.01);
  telemetry = await startTelemetry(config, { logger, registry });
  return { logger, telemetry };
}

describe('what is sent', () => {
  test('carries the name, version and instance of the service, what the operator adds, and nothing of the machine', async () => {
    const { logger, telemetry } = await start({
      OTEL_SERVICE_NAME: 'answers',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=production, k8s.pod.name=resk%2D0,service.name=other',
    });
    span('work', {}, () => logger.info('line'));
    await telemetry.shutdown();
    const { resource } = receiver.span('work');
    expect(resource).toEqual({
      'service.name': 'answers',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'deployment.environment.name': 'production',
      'k8s.pod.name': 'resk-0',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.sdk.version': expect.any(String),
    });
    expect(receiver.log('line').resource).toEqual(resource);
    expect(receiver.metric('resk_http_requests_total').resource).toEqual(resource);
  });

  test.each([
    ['http/json', 'none', true],
    ['http/json', 'gzip', true],
    ['http/protobuf', 'none', hasOtlpProtos],
    ['http/protobuf', 'gzip', hasOtlpProtos],
  ])('comes as %s, compressed by %s, with the headers of the collector', async (protocol, compression, readable) => {
    const { logger, telemetry } = await start({
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%20b, x-other = c=d,odd',
    });
    span('work', {}, () => logger.info('line'));
    await telemetry.shutdown();
    expect(receiver.deliveries.length).toBeGreaterThanOrEqual(3);
    for (const headers of receiver.deliveries) {
      expect(headers).toMatchObject({ 'x-api-key': 'a b', 'x-other': 'c=d' });
      expect(headers['content-type']).toBe(`application/${protocol === 'http/json' ? 'json' : 'x-protobuf'}`);
      expect(headers['content-encoding']).toBe(compression === 'gzip' ? 'gzip' : undefined);
    }
    // Without the published protos nobody here can read protobuf.
    if (!readable) return;
    expect(receiver.problems).toEqual([]);
    expect([receiver.spans.length, receiver.logs.length, receiver.metrics.length > 0]).toEqual([1, 1, true]);
  });

  test('leaves out the signals that are not asked for', async () => {
    const { logger, telemetry } = await start({
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
    });
    expect(telemetry.tracing).toBe(false);
    span('work', {}, () => logger.info('line'));
    await telemetry.shutdown();
    expect([receiver.spans, receiver.metrics]).toEqual([[], []]);
    expect(receiver.log('line')).toMatchObject({ traceId: '', spanId: '' });
  });

  test('has no metrics where there is no registry', async () => {
    telemetry = await startTelemetry(configOf({ ...receiver.env, ...ALL }));
    await telemetry.shutdown();
    expect(receiver.metrics).toEqual([]);
  });
});

describe('a collector over TLS', () => {
  const authority = anAuthority('collectors');
  const [server, client] = ['collector', 'resk-caching'].map((name) =>
    authority.issue({ subject: [['CN', name]], ips: ['127.0.0.1'] }),
  );
  let folder: string;
  const fileOf = async (name: string, pem: string) => {
    await writeFile(join(folder, name), pem);
    return join(folder, name);
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'resk-otlp-'));
    await receiver.stop();
    receiver = await OtlpReceiver.start({
      tls: { cert: server!.cert, key: server!.key, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    });
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('is sent everything where its authority is named and the own certificate shown', async () => {
    const { telemetry } = await start({
      OTEL_EXPORTER_OTLP_CERTIFICATE: await fileOf('ca.pem', authority.cert),
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: await fileOf('cert.pem', client!.cert),
      OTEL_EXPORTER_OTLP_CLIENT_KEY: await fileOf('key.pem', client!.key),
    });
    span('work', {}, () => {});
    await telemetry.shutdown();
    expect(receiver.spans.map(({ name }) => name)).toEqual(['work']);
  });

  test('that nobody vouches for is sent nothing', async () => {
    const { telemetry } = await start();
    span('work', {}, () => {});
    await telemetry.shutdown();
    expect(receiver.deliveries).toEqual([]);
  });

  test('is not begun with where a file of a certificate cannot be read', async () => {
    const missing = { OTEL_EXPORTER_OTLP_CERTIFICATE: join(folder, 'none.pem') };
    await expect(start(missing)).rejects.toThrow('The file of OTEL_EXPORTER_OTLP_CERTIFICATE cannot be read (ENOENT).');
  });
});

describe('a collector', () => {
  test('that refuses is told to the log, once, and to nobody else; the log does not send what it says of it', async () => {
    receiver.refusal = 400;
    const { logger, telemetry } = await start({ OTEL_METRIC_EXPORT_INTERVAL: '100' });
    expect(span('early', {}, () => 42)).toBe(42);
    await vi.waitFor(() => expect(messages()).toContain('Telemetry could not be sent.'));
    const refused = receiver.deliveries.length;
    logger.info('more');
    await vi.waitFor(() => expect(receiver.deliveries.length).toBeGreaterThan(refused + 2));
    expect(messages().filter((message) => message === 'Telemetry could not be sent.')).toHaveLength(1);
    receiver.refusal = undefined;
    await telemetry.shutdown();
    expect(receiver.logs.map(({ body }) => body)).not.toContain('Telemetry could not be sent.');
  });

  test('that takes everything again is sent what comes from then on', async () => {
    receiver.refusal = 400;
    const { telemetry } = await start();
    span('lost', {}, () => {});
    await vi.waitFor(() => expect(messages()).toContain('Telemetry could not be sent.'));
    receiver.refusal = undefined;
    span('kept', {}, () => {});
    await telemetry.shutdown();
    expect(receiver.spans.map(({ name }) => name)).toEqual(['kept']);
  });

  test('that is down holds up neither the work nor the end', async () => {
    const { telemetry, logger } = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    for (let at = 0; at < 5000; at++) span('work', {}, () => logger.info('line'));
    await telemetry.shutdown();
    expect(messages().some((message) => message.endsWith('elemetry could not be sent.'))).toBe(true);
  });

  test('that takes what is sent and never answers holds up neither the work nor, for long, the end', async () => {
    receiver.silent = true;
    const { telemetry, logger } = await start();
    span('work', {}, () => logger.info('line'));
    await vi.waitFor(() => expect(receiver.deliveries.length).toBeGreaterThan(0));
    expect(span('meanwhile', {}, () => 42)).toBe(42);
    await telemetry.shutdown();
    expect(messages()).toContain('The last telemetry could not be sent.');
  });

  test('that does not keep up is sent no more than a batch and the queue hold', async () => {
    receiver.silent = true;
    const { telemetry } = await start({
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_SCHEDULE_DELAY: '60000',
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
    });
    for (let at = 0; at < 100; at++) span(`work ${at}`, {}, () => {});
    await turn(1);
    receiver.silent = false;
    await telemetry.shutdown();
    expect(receiver.spans.length).toBeLessThanOrEqual(2 * 10);
  });
});

test('troubles are told at once and then once a minute, with how often they came in between', () => {
  const told: unknown[] = [];
  let now = 0;
  const teller = troubleTeller({ warn: (fields: object) => told.push(fields) } as never, () => now);
  const err = new Error('refused');
  teller(err);
  teller(err);
  teller(err);
  now = 60_000;
  teller(err);
  expect(told).toEqual([{ err }, { err, times: 3 }]);
  expect(() => troubleTeller(undefined)(err)).not.toThrow();
});

test('pairs of a variable are read leniently: what is none is passed over, what is badly encoded stands as it is', () => {
  expect(pairsOf('a=1%202, b = c=d ,odd,=e,f=%')).toEqual({ a: '1 2', b: 'c=d', '': 'e', f: '%' });
  expect(pairsOf(undefined)).toEqual({});
});
