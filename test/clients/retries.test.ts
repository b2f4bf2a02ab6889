// On a way that breaks, either client sends again what may be sent again, and nothing else.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Fault, Misbehaving } from '../doubles/misbehaving.js';
import { startChildServer } from '../support/child-server.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { type Caller, callerIn, type Settings } from './callers.js';

const AT_ONCE: Fault = { status: 503, retryAfter: '0' };

let usual: TestServer;
beforeAll(async () => {
  usual = await startTestServer();
});
afterAll(() => usual.stop());

describe.each(['typescript', 'python'] as const)('in %s', (language) => {
  /** A client, the way to the server, and one that knows no trouble. */
  async function onABadWay(settings: Partial<Settings> = {}, server: Pick<TestServer, 'url' | 'token'> = usual) {
    const way = await Misbehaving.inFrontOf(server.url);
    onTestFinished(() => way.stop());
    const about = { token: server.token({ tenant: crypto.randomUUID() }), maxPauseMs: 1000, ...settings };
    const caller = await callerIn(language, { ...about, baseUrl: way.url });
    return { caller, way, direct: await callerIn(language, { ...about, baseUrl: server.url }) };
  }

  const entriesOf = async (caller: Caller) => (await caller.call('cacheEntries')).value.entries as unknown[];

  it.each([
    ['a connection that breaks', 'drop'],
    ['a reply that breaks off', 'dropMidReply'],
    ['half a reply', 'truncate'],
    ['503', AT_ONCE],
    ['503 with a date', { status: 503, retryAfter: 'Wed, 21 Oct 2015 07:28:00 GMT' }],
    ['429', { status: 429, retryAfter: '0' }],
    ['502 without a time', { status: 502 }],
    ['504', { status: 504, retryAfter: '0' }],
  ] as Array<[string, Fault]>)('a question is asked again after %s', async (_, fault) => {
    const { caller, way } = await onABadWay();
    way.next(fault, fault);
    expect(await caller.call('queryAsk', { body: { query: 'anything' } })).toMatchObject({ value: { hit: false } });
    expect(way.requests).toHaveLength(3);
  });

  it.each([
    [500, 'ProblemError'],
    [400, 'ProblemError'],
    [302, 'ProblemError'],
  ])('%i is not asked again', async (status, type) => {
    const { caller, way } = await onABadWay();
    way.next({ status });
    const { failure } = await caller.call('cacheEntries');
    expect(failure).toMatchObject({ type, status, body: { error: 'planned by the test' } });
    expect(way.requests).toHaveLength(1);
  });

  it('after as many tries as it may, the last failure stands', async () => {
    const { caller, way } = await onABadWay();
    way.always(AT_ONCE);
    expect(await caller.call('cacheEntries', { retries: 1 })).toMatchObject({ failure: { status: 503 } });
    expect(way.requests).toHaveLength(2);
    expect(await caller.call('cacheEntries', { retries: 0 })).toMatchObject({ failure: { status: 503 } });
    expect(way.requests).toHaveLength(3);
  });

  it('a pause that is longer than may be waited fails at once', async () => {
    const { caller, way } = await onABadWay();
    way.next({ status: 503, retryAfter: '2' });
    expect(await caller.call('cacheEntries')).toMatchObject({ failure: { status: 503, retryAfterMs: 2000 } });
    expect(way.requests).toHaveLength(1);
  });

  it('a write without a key is sent once, for it may have been done', async () => {
    const { caller, way, direct } = await onABadWay();
    way.next('drop');
    const { failure } = await caller.call('cacheWrite', { body: { query: 'once', response: 1 } });
    expect(failure).toMatchObject({ type: 'UnreachableError', operation: 'cache_write' });
    expect(way.requests).toHaveLength(1);
    expect(await entriesOf(direct)).toHaveLength(1);
  });

  it('a write with a key is sent again, and done once', async () => {
    const { caller, way } = await onABadWay();
    way.next('drop');
    const { value, heads } = await caller.call('cacheWrite', {
      body: { query: 'keyed', response: 1 },
      idempotencyKey: 'k-1',
    });
    expect(value).toMatchObject({ success: true });
    expect(way.requests).toHaveLength(2);
    expect(heads.at(-1)!.headers['idempotency-replayed']).toBe('true');
  });

  it('keys are made where that is asked for', async () => {
    const { caller, way } = await onABadWay({ idempotencyKeys: true });
    way.next('dropMidReply');
    const { value, heads } = await caller.call('cacheWrite', { body: { query: 'made', response: 1 } });
    expect(value).toMatchObject({ success: true });
    expect(heads.at(-1)!.headers['idempotency-replayed']).toBe('true');
  });

  it('what is under way under the same key is waited for', async () => {
    const { caller, way } = await onABadWay();
    way.next({ status: 409, retryAfter: '0', body: { code: 'idempotency.in_flight' } });
    const asked = { body: { query: 'under way', response: 1 }, idempotencyKey: 'k-2' };
    expect(await caller.call('cacheWrite', asked)).toMatchObject({ value: { success: true } });
    expect(way.requests).toHaveLength(2);
  });

  it('each try of a write carries a proof of its own', async () => {
    const { caller, way } = await onABadWay({}, await startChildServer({ REPLAY_PROTECTION: 'writes' }));
    way.next('drop');
    expect(await caller.call('cachePurge')).toMatchObject({ value: { success: true } });
    expect(way.requests).toHaveLength(2);
  });

  it('lines are sent once where no key protects them', async () => {
    const { caller, way } = await onABadWay();
    for (const kind of ['list', 'function', 'once'] as const) {
      way.next('drop');
      const lines = { kind, values: [{ id: 'a', text: 'one' }] };
      expect(await caller.call('vectorsIngest', { lines })).toMatchObject({ failure: { type: 'UnreachableError' } });
    }
    expect(way.requests).toHaveLength(3);
  });

  it('a reply that never comes is late, and asked for again', async () => {
    const { caller, way } = await onABadWay();
    way.next('hang');
    expect(await caller.call('cacheEntries', { timeoutMs: 300, retries: 0 })).toMatchObject({
      failure: { type: 'LateError', operation: 'cache_entries' },
    });
    way.next('hang');
    expect(await caller.call('cacheEntries', { timeoutMs: 3000 })).toMatchObject({ value: { entries: [] } });
  });

  it('a reply that only drips in is late, too', async () => {
    const { caller, way } = await onABadWay();
    way.next({ dripEveryMs: 100, pieces: 1000 });
    expect(await caller.call('cacheEntries', { timeoutMs: 500, retries: 0 })).toMatchObject({
      failure: { type: 'LateError' },
    });
  });

  it('a server that is gone is unreachable', async () => {
    const { caller, way } = await onABadWay();
    await way.stop();
    expect(await caller.call('cacheEntries', { retries: 1 })).toMatchObject({ failure: { type: 'UnreachableError' } });
  });

  it('half a reply that ends as if it were whole cannot be read', async () => {
    const { caller, way } = await onABadWay();
    way.next('truncate');
    expect(await caller.call('cacheEntries', { retries: 0 })).toMatchObject({ failure: { type: 'ReplyError' } });
  });
});
