// What the service refuses reaches the caller of either client as what it is: status, code, fields, correlation id.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChildServer } from '../support/child-server.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { type Asked, type Caller, callerIn } from './callers.js';

const ABSENT = 'A'.repeat(43);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

async function refusal(caller: Caller, method: string, asked?: Asked) {
  const { failure } = await caller.call(method, asked);
  if (!failure) throw new Error(`${method} was not refused`);
  return failure;
}

describe.each(['typescript', 'python'] as const)('in %s', (language) => {
  const client = async (token?: string | string[], { url } = server as { url: string }): Promise<Caller> =>
    callerIn(language, { baseUrl: url, ...(token !== undefined && { token }) });
  /** A token of a tenant that has nothing yet. */
  const newcomer = () => server.token({ tenant: crypto.randomUUID() });

  it('a refusal says status, code and fields', async () => {
    const usual = await client(newcomer());
    const invalid = await refusal(usual, 'cacheWrite', {
      body: { query: '', response: 1, ttl: 0 },
      correlationId: 'c-1',
    });
    expect(invalid).toMatchObject({
      type: 'ProblemError',
      operation: 'cache_write',
      status: 400,
      code: 'request.invalid',
      correlationId: 'c-1',
      message: expect.stringContaining('400 request.invalid'),
    });
    expect(invalid.errors!.map(({ path }) => path)).toEqual(expect.arrayContaining(['query', 'ttl']));
    expect(await refusal(usual, 'cacheEntry', { path: [ABSENT] })).toMatchObject({ status: 404 });
    expect(await refusal(usual, 'cacheEntries', { headers: { accept: 'image/png' } })).toMatchObject({ status: 406 });
    const large = { body: { query: 'large', response: 'y'.repeat(5 * 1024 ** 2) } };
    expect(await refusal(usual, 'cacheWrite', large)).toMatchObject({ status: 413, code: 'request.too_large' });
    expect(await refusal(usual, 'vectorsOpen', { body: { name: 'a', dimension: 0 } })).toMatchObject({ status: 400 });
  });

  it('who may not is told so', async () => {
    expect(await refusal(await client(), 'cacheEntries')).toMatchObject({ status: 401, code: 'auth.missing' });
    const narrow = await client(server.token({ scopes: ['cache:read'] }));
    expect(await refusal(narrow, 'cachePurge')).toMatchObject({ status: 403, code: 'auth.scope' });
    expect((await narrow.call('operationsHealth')).value).toBeDefined();
  });

  it('another body under the same Idempotency-Key is a conflict', async () => {
    const usual = await client(newcomer());
    const idempotencyKey = 'the-same';
    await usual.call('cacheWrite', { body: { query: 'a', response: 1 }, idempotencyKey });
    const conflict = await refusal(usual, 'cacheWrite', { body: { query: 'a', response: 2 }, idempotencyKey });
    expect(conflict).toMatchObject({ status: 409, code: 'idempotency.conflict' });
  });

  it('a limit says when to come again, and is not tried again where that is far off', async () => {
    const own = await startChildServer({ RATE_LIMIT_MAX: '2', RATE_LIMIT_WINDOW_MS: '900000' });
    const usual = await client(own.token(), own);
    for (let n = 0; n < 2; n++) await usual.call('cacheEntries');
    const { failure, heads } = await usual.call('cacheEntries');
    expect(failure).toMatchObject({ status: 429, code: 'rate.limited', retryAfterMs: expect.any(Number) });
    expect(failure!.retryAfterMs).toBeGreaterThan(30_000);
    expect(heads).toEqual([expect.objectContaining({ operation: 'cache_entries', status: 429 })]);
  });

  it('a function gives another token where one is refused, once', async () => {
    const renewed = await client(['not.a.token', newcomer()]);
    expect(await renewed.call('cacheEntries')).toMatchObject({ value: { entries: [] }, refusals: [false, true] });
    const hopeless = await client(['not.a.token']);
    expect(await hopeless.call('cacheEntries')).toMatchObject({ failure: { status: 401 }, refusals: [false, true] });
  });

  it('a value of the path that would name another path is not sent', async () => {
    const usual = await client(newcomer());
    await usual.call('cacheWrite', { body: { query: 'kept', response: 1 } });
    for (const key of ['', '.', '..']) {
      const { failure, heads } = await usual.call('cacheForget', { path: [key] });
      expect(failure!.message).toMatch(/^cache_forget: key must not be/);
      expect(heads).toEqual([]);
    }
    expect((await usual.call('queryAsk', { body: { query: 'kept' } })).value).toMatchObject({ hit: true });
  });

  it('lines that are refused at once say why, however many there are', async () => {
    const narrow = await client(server.token({ scopes: ['cache:read'] }));
    const values = Array.from({ length: 20_000 }, (_, at) => ({ id: `d${at}`, text: 'x'.repeat(400) }));
    for (const kind of ['list', 'once'] as const) {
      const { failure } = await narrow.call('vectorsIngest', { lines: { kind, values } });
      // A connection that is ended before the refusal could be read is all that a client may see.
      expect([403, undefined]).toContain(failure!.status);
      expect(['ProblemError', 'UnreachableError']).toContain(failure!.type);
    }
  });

  it('what the source of lines throws is thrown as it is', async () => {
    const usual = await client(newcomer());
    const { failure } = await usual.call('vectorsIngest', {
      lines: { kind: 'broken', values: [{ id: 'a', text: 'b' }] },
    });
    expect(failure).toMatchObject({ message: 'the source broke' });
    expect(failure!.type).not.toBe('UnreachableError');
  });

  it('writes carry the proof that REPLAY_PROTECTION asks for', async () => {
    const own = await startChildServer({ REPLAY_PROTECTION: 'writes' });
    const usual = await client(own.token(), own);
    for (let n = 0; n < 2; n++) {
      const { failure } = await usual.call('cacheWrite', { body: { query: 'proved', response: n } });
      expect(failure).toBeUndefined();
    }
  });

  it('an address that is none is refused before anything is sent', async () => {
    for (const baseUrl of ['ftp://127.0.0.1', 'http://user:secret@127.0.0.1', 'cache.example.com']) {
      await expect(callerIn(language, { baseUrl })).rejects.toThrow(TypeError);
    }
  });
});
