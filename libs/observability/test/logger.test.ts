// Logs are JSON lines without secrets or texts of users.
import { describe, expect, test } from 'vitest';
import { createLogger, type Logger } from '#observability';
import { failure, Secret } from '#ports';
import { configOf } from './observability-config.js';

type Line = Record<string, unknown>;

/** A logger whose lines are kept: as text, and parsed. */
function kept(env: Record<string, string> = {}): { logger: Logger; text: () => string; lines: () => Line[] } {
  const written: string[] = [];
  const logger = createLogger(configOf(env), { destination: { write: (line) => void written.push(line) } });
  return { logger, text: () => written.join(''), lines: () => written.map((line) => JSON.parse(line) as Line) };
}

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

describe('a log line', () => {
  test('is one JSON object with time, level, service and message', () => {
    const { logger, lines } = kept({ OTEL_SERVICE_NAME: 'answers' });
    logger.info({ route: '/api/cache' }, 'line one\nline two');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        service: 'answers',
        route: '/api/cache',
        msg: 'line one\nline two',
      },
    ]);
  });

  test('below the level is not written', () => {
    const { logger, lines } = kept({ LOG_LEVEL: 'warn' });
    logger.info('quiet');
    logger.warn('loud');
    expect(lines().map(({ msg }) => msg)).toEqual(['loud']);
  });

  test('of a child carries the correlation id', () => {
    const { logger, lines } = kept();
    logger.child({ correlationId: 'abc' }).info('done');
    expect(lines()[0]).toMatchObject({ correlationId: 'abc', msg: 'done' });
  });
});

describe('a secret in a log line', () => {
  test.each([
    'authorization',
    'Authorization',
    'x-api-key',
    'api_key',
    'set-cookie',
    'token',
    'password',
    'clientSecret',
  ])('is dots under the name %s, at any depth', (name) => {
    const { logger, text } = kept();
    logger.info({ [name]: 'hunter2', request: { headers: [{ [name]: 'hunter2' }] } });
    expect(text()).not.toContain('hunter2');
    expect(text()).toContain('••••••');
  });

  test('is dots where a child logger is made with it', () => {
    const { logger, text } = kept();
    logger.child({ authorization: 'hunter2', 'x-api-key': 'hunter2', prompt: 'hunter2' }).info('done');
    expect(text()).not.toContain('hunter2');
  });

  test('is dots as a Secret under any name', () => {
    const { logger, lines } = kept();
    logger.info({ key: new Secret('hunter2'), deep: { keys: [new Secret('hunter2')] } });
    expect(lines()[0]).toMatchObject({ key: '••••••', deep: { keys: ['••••••'] } });
  });

  test.each([
    ['a bearer token', `sent Bearer ${JWT}`, JWT],
    ['an opaque bearer token', 'sent bearer abcdef123456', 'abcdef123456'],
    ['a JWT', `got ${JWT}.`, 'eyJ'],
    ['a password in a URL', 'at redis://user:hunter2@cache:6379/0', 'hunter2'],
    ['a key of a vendor', `refused AKIA${'Q'.repeat(16)}`, 'QQQQ'],
    ['a password that is assigned', 'started with DB_PASSWORD=x9Kq2vLm7', 'x9Kq2vLm7'],
    ['an e-mail address', 'no mailbox jane.doe@example.com', 'jane.doe'],
  ])('is masked in a message: %s', (_, message, secret) => {
    const { logger, lines } = kept();
    logger.info({ note: message }, message);
    expect(JSON.stringify(lines())).not.toContain(secret);
  });
});

describe('the text of a user in a log line', () => {
  test.each(['prompt', 'query', 'question', 'text', 'input', 'answer', 'response', 'result', 'body', 'subject'])(
    'shows as its length under the name %s',
    (name) => {
      const { logger, lines } = kept();
      logger.info({ [name]: 'how do I', inner: { [name]: 'how do I' } });
      const size = '[text of 8 characters]';
      expect(lines()[0]).toMatchObject({ [name]: size, inner: { [name]: size } });
    },
  );

  test('shows as a count or a size where it is not a string', () => {
    const { logger, lines } = kept();
    logger.info({ at: { texts: ['a', 'b'], vector: new Float32Array(3), result: { a: 1 }, response: null } });
    expect(lines()[0]?.at).toEqual({
      texts: '[2 items]',
      vector: '[12 bytes]',
      result: '[withheld]',
      response: null,
    });
  });

  test('is cut from a URL', () => {
    const { logger, lines } = kept();
    logger.info({ url: '/api/cache?query=how+do+I' });
    expect(lines()[0]?.url).toBe('/api/cache');
  });
});

describe('an odd value in a log line', () => {
  test('neither breaks it nor makes it endless', () => {
    const { logger, lines } = kept();
    const loop: Line = { name: 'loop' };
    loop.self = loop;
    logger.info({
      loop,
      bytes: Buffer.from('abc'),
      at: new Date(0),
      many: Array.from({ length: 99 }, (_, i) => i),
      none: undefined,
    });
    expect(lines()[0]).toMatchObject({ bytes: '[3 bytes]', at: '1970-01-01T00:00:00.000Z' });
    expect(lines()[0]?.many).toHaveLength(50);
    expect(JSON.stringify(lines()[0]?.loop)).toContain('[deeper]');
  });
});

describe('an error in a log line', () => {
  const errOf = (error: unknown) => {
    const { logger, lines, text } = kept();
    logger.error(error instanceof Error ? error : { err: error }, 'failed');
    return { err: lines()[0]?.err as Line, text: text() };
  };

  test('tells type, code and message of a failure and of its causes', () => {
    const cause = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    const { err } = errOf(failure('call.failed', { target: 'openai', reason: 'reset' }, { cause }));
    expect(err).toMatchObject({
      type: 'Failure',
      code: 'call.failed',
      message: 'openai could not be reached (reset).',
      cause: { type: 'Error', code: 'ECONNRESET', message: 'socket hang up' },
    });
    expect(err.stack).toBeUndefined();
  });

  test('leaves out what a vendor answered', () => {
    const cause = Object.assign(new Error('status 400'), { body: 'how do I', response: { data: 'how do I' } });
    const { text } = errOf(failure('call.refused', { target: 'openai', status: 400 }, { cause }));
    expect(text).not.toContain('how do I');
  });

  test('does not quote the text that could not be parsed', () => {
    let caught: unknown;
    try {
      JSON.parse('how do I');
    } catch (error) {
      caught = error;
    }
    expect(String(caught)).toContain('how do I');
    expect(errOf(caught).text).not.toContain('how do I');
  });

  test('names no path of the machine', () => {
    const stack =
      'Error: x\n    at run (/home/me/apps/resk/a.js:1:2)\n    at file:///home/me/b.js:3:4\n    at node:fs:5:6';
    const error = Object.assign(new Error('x'), { stack });
    expect(errOf(error).err.stack).toEqual(['at run (apps/resk/a.js:1:2)', 'at b.js:3:4', 'at node:fs:5:6']);
    const absent = Object.assign(new Error("ENOENT: no such file, open '/home/me/x'"), {
      code: 'ENOENT',
      syscall: 'open',
    });
    const { err, text } = errOf(absent);
    expect(err.message).toBe('ENOENT in open');
    expect(text).not.toContain('/home/me');
  });

  test('keeps its stack where nobody foresaw it, and survives without one', () => {
    expect(errOf(new TypeError('oops')).err.stack).toEqual(
      expect.arrayContaining([expect.stringContaining('logger.test.ts')]),
    );
    expect(errOf(Object.assign(new Error('bare'), { stack: undefined })).err.stack).toEqual([]);
  });

  test('is told the same way where a child logger is made with it', () => {
    const { logger, lines } = kept();
    logger.child({ err: Object.assign(new Error('lost'), { body: 'how do I' }) }).info('done');
    expect(lines()[0]?.err).toEqual({ type: 'Error', message: 'lost', stack: expect.any(Array) });
  });

  test('ends the chain of its causes', () => {
    const loop = new Error('round');
    loop.cause = loop;
    expect(JSON.stringify(errOf(loop).err).match(/round/g)).toHaveLength(5);
  });
});
