// Log lines that are sent are those that are printed: redacted alike, with their severity and their trace.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger, type Logger, startTelemetry, type Telemetry } from '#observability';
import { failure, Secret } from '#ports';
import { OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { aRequest } from './a-request.js';
import { configOf } from './observability-config.js';

let receiver: OtlpReceiver;
let telemetry: Telemetry;
let logger: Logger;
let printed: string[];

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  printed = [];
  const config = configOf({ ...receiver.env, OTEL_LOGS_EXPORTER: 'otlp', LOG_LEVEL: 'trace' });
  logger = createLogger(config, { destination: { write: (line) => void printed.push(line) } });
  logger.info('before there is anywhere to send to');
  telemetry = await startTelemetry(config, { logger });
});

afterEach(async () => {
  await telemetry.shutdown();
  await receiver.stop();
  expect(receiver.problems).toEqual([]);
});

test('every line is sent in its order, also those of the start', async () => {
  logger.info('second');
  logger.warn('third');
  await telemetry.shutdown();
  logger.info('after the end');
  expect(receiver.logs.map(({ body }) => body)).toEqual(['before there is anywhere to send to', 'second', 'third']);
  expect(printed).toHaveLength(4);
});

test.each([
  ['trace', 1],
  ['debug', 5],
  ['info', 9],
  ['warn', 13],
  ['error', 17],
  ['fatal', 21],
] as const)('a line of level %s has the severity %d', async (level, severityNumber) => {
  logger[level]('line');
  await telemetry.shutdown();
  expect(receiver.log('line')).toMatchObject({ severity: level.toUpperCase(), severityNumber });
});

test('a line has its time, its fields, and the names of the conventions for what they know', async () => {
  logger.child({ correlationId: 'abc' }).info({ route: '/x', status: 200, facts: { deep: [1, 'two'] } }, 'answered');
  await telemetry.shutdown();
  const line = receiver.log('answered');
  expect(line.attributes).toEqual({
    route: '/x',
    status: 200,
    facts: { deep: [1, 'two'] },
    'resk.correlation_id': 'abc',
  });
  expect(Math.round(line.atMs)).toBe(Date.parse(JSON.parse(printed.at(-1)!).time));
});

test('an error is an exception with its type, message, code, stack and cause', async () => {
  const cause = failure('call.timeout', { target: 'openai', limitMs: 5 });
  logger.error({ err: new TypeError('oops', { cause }) }, 'failed');
  logger.warn({ err: cause }, 'late');
  await telemetry.shutdown();
  const { attributes } = receiver.log('failed');
  expect(attributes).toMatchObject({
    'exception.type': 'TypeError',
    'exception.message': 'oops',
    'exception.stacktrace': expect.stringContaining('otlp-logs.test'),
    'resk.error.cause': { code: 'call.timeout' },
  });
  expect(receiver.log('late').attributes).toMatchObject({ 'error.type': 'call.timeout' });
  expect(receiver.log('late').attributes).not.toHaveProperty(['exception.stacktrace']);
});

test('a line of a request has the ids of its trace, and whether it is recorded', async () => {
  const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` };
  await aRequest(() => logger.info('recorded'));
  await aRequest(() => logger.info('not recorded'), { headers });
  await telemetry.shutdown();
  const { traceId, spanId } = receiver.span('POST /api/cache/query');
  expect(receiver.log('recorded')).toMatchObject({ traceId, spanId, flags: 1 });
  expect(receiver.log('recorded').attributes).toEqual({});
  expect(receiver.log('not recorded')).toMatchObject({ traceId: 'a'.repeat(32), flags: 0 });
});

test('what is kept out of the printed line is kept out of the sent one', async () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';
  logger.info(
    { query: 'where do I', token: 'hunter2', key: new Secret('sesame'), url: 'http://x/y?q=where' },
    `Authorization: Bearer abcdefghijkl ${jwt}`,
  );
  logger.error({ err: new SyntaxError('where do I is not JSON') }, 'unparsed');
  await telemetry.shutdown();
  expect(receiver.logs).toHaveLength(3);
  expect(receiver.everything).not.toMatch(/where do|q=|hunter2|sesame|abcdefghijkl|eyJ/);
});

test('a log that is not to be sent is not listened to', async () => {
  const quiet: string[] = [];
  createLogger(configOf(), { destination: { write: (line) => void quiet.push(line) } }).info('for standard output');
  await telemetry.shutdown();
  expect(quiet).toHaveLength(1);
  expect(receiver.logs.map(({ body }) => body)).not.toContain('for standard output');
});
