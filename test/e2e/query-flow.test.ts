// One question on its whole way: key, cache, embedding, search, keep, answer; with a provider that works, fails, or is late.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Behaviour, behaving, honestly, OpenAiDouble } from '../doubles/openai.js';
import { Clock } from '../support/clock.js';
import { startTestServer, type TestServer } from '../support/server.js';

const API_KEY = 'sk-never-to-be-seen';
let clock: Clock;
let openai: OpenAiDouble;
let server: TestServer;

/** Settings of a server that asks the double. Nothing is far and nothing is retried, unless a test says so. */
const settings = (env: Record<string, string> = {}) => ({
  EMBEDDING_PROVIDER: 'openai',
  EMBEDDING_BASE_URL: openai.url,
  EMBEDDING_API_KEY: API_KEY,
  EMBEDDING_DIMENSIONS: '8',
  EMBEDDING_RETRIES: '0',
  CACHE_BACKEND: 'memory',
  CACHE_TTL_JITTER: '0',
  VECTOR_THRESHOLD: '0',
  RATE_LIMIT_MAX: '100000',
  ...env,
});

beforeAll(async () => {
  clock = Clock.stop();
  openai = await OpenAiDouble.start({ apiKey: API_KEY });
  server = await startTestServer(settings());
});
beforeEach(() => openai.reset());
afterEach(() => expect(openai.complaints).toEqual([]));
afterAll(async () => {
  await server.stop();
  await openai.stop();
  clock.release();
});

/** A tenant of its own for each test, with documents, on the common server or another. */
let tenants = 0;
async function aTenant({ texts = ['We open at nine.', 'A lost card is replaced.'], at = server } = {}) {
  const token = at.token({ tenant: `tenant-${++tenants}` });
  const post = (path: string, body: object) => at.send('POST', path, { token, body });
  const upsert = (documents: object[], collection?: string) =>
    post('/api/vectors/upsert', { documents, ...(collection && { collection }) });
  if (texts.length > 0) await upsert(texts.map((text, index) => ({ id: `d${index}`, text, metadata: { index } })));
  openai.requests.length = 0;
  return {
    upsert,
    ask: async (query: string, more: object = {}) => post('/api/cache/query', { query, ...more }),
    write: async (query: string, response: unknown, more: object = {}) =>
      post('/api/cache', { query, response, ...more }),
    drop: (ids: string[]) => post('/api/vectors/delete', { ids }),
    purge: (selector = '') => at.send('DELETE', `/api/cache${selector}`, { token }),
    get: (path: string) => at.send('GET', path, { token }),
    forget: (key: string) => at.send('DELETE', `/api/cache/entries/${key}`, { token }),
  };
}

/** Runs a test against a server with other settings. */
async function withServer(env: Record<string, string>, run: (at: TestServer) => Promise<void>): Promise<void> {
  const at = await startTestServer(settings(env));
  openai.reset();
  try {
    await run(at);
  } finally {
    await at.stop();
  }
}

const embedded = () => openai.requests.flatMap(({ body }) => [body.input].flat());
const ids = (reply: { json: { result: { matches: { id: string }[] } } }) =>
  reply.json.result.matches.map((one) => one.id);

/** Waits for what happens behind an answer; fails with the test when it does not. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Holds every request to the provider back until it is let go. */
function gate(): { behaviour: Behaviour; open: () => void } {
  const waiting: (() => void)[] = [];
  return {
    behaviour: (exchange) => void waiting.push(() => honestly(exchange)),
    open: () => waiting.splice(0).forEach((go) => void go()),
  };
}

describe('a question that the cache does not hold', () => {
  it('is embedded, searched and kept; the second time it is answered without embedding it again', async () => {
    const { ask } = await aTenant();
    const first = await ask('When do you open?');
    expect(first).toMatchObject({ status: 200, json: { hit: false, status: 'miss', source: 'vectordb', tier: null } });
    expect(first.json.latencies).toMatchObject({ embeddings: expect.any(Number), vectordb: expect.any(Number) });
    expect(first.headers.get('cache-status')).toBe('resk-caching; fwd=uri-miss; stored');
    expect(first.headers.get('server-timing')).toMatch(/^total;dur=.+, cache;dur=.+, embeddings;dur=.+, vectordb;dur=/);
    clock.advance(7);
    const second = await ask('  when do you OPEN?');
    expect(second.json).toMatchObject({
      hit: true,
      status: 'hit',
      source: 'cache',
      tier: 'memory',
      key: first.json.key,
      age: 7,
      result: first.json.result,
      expiresAt: first.json.expiresAt,
    });
    expect(second.headers.get('age')).toBe('7');
    expect(second.headers.get('cache-status')).toBe('resk-caching; hit; ttl=3593; detail=memory');
    expect(embedded()).toEqual(['When do you open?']);
  });

  it('is embedded once for all who ask it at the same time', async () => {
    const { ask } = await aTenant();
    const { behaviour, open } = gate();
    openai.always(behaviour);
    const asked = Array.from({ length: 50 }, () => ask('all at once'));
    await until(() => openai.requests.length > 0);
    // All but those that come after the gate was opened wait for one flight; those find the kept answer.
    open();
    const replies = await Promise.all(asked);
    expect(new Set(replies.map((one) => JSON.stringify(one.json.result))).size).toBe(1);
    expect(replies.every((one) => one.status === 200)).toBe(true);
    expect(embedded()).toEqual(['all at once']);
  });

  it('is not embedded where the tenant has no documents', async () => {
    const { ask } = await aTenant({ texts: [] });
    expect((await ask('anything')).json).toMatchObject({ result: null, hit: false, source: 'none', expiresAt: null });
    expect(embedded()).toEqual([]);
  });

  it('is answered, though not kept, where the answer is too large to keep', async () => {
    await withServer({ CACHE_ENTRY_MAX: '1KiB' }, async (at) => {
      const { ask } = await aTenant({ at, texts: ['long '.repeat(1000)] });
      for (const round of [1, 2]) {
        const reply = await ask('long?');
        expect(reply, `round ${round}`).toMatchObject({ status: 200, json: { source: 'vectordb', expiresAt: null } });
        expect(reply.headers.get('cache-status')).toBe('resk-caching; fwd=uri-miss');
      }
    });
  });
});

describe('forceRefresh', () => {
  it('embeds again and replaces what was kept', async () => {
    const { ask, upsert } = await aTenant({ texts: ['old'] });
    await ask('news?');
    await upsert([{ id: 'd1', text: 'news?' }]);
    const refreshed = await ask('news?', { forceRefresh: true });
    expect(refreshed.json).toMatchObject({ hit: false, source: 'vectordb' });
    expect(ids(refreshed)).toEqual(['d1', 'd0']);
    expect((await ask('news?')).json).toMatchObject({ hit: true, result: refreshed.json.result });
    expect(embedded().filter((text) => text === 'news?')).toHaveLength(3); // asked, written, asked again
  });

  it('forgets what it does not find again, but never what was written by hand', async () => {
    const { ask, drop, write } = await aTenant({ texts: ['gone tomorrow'] });
    await ask('here?');
    await write('by hand', 'stays');
    await drop(['d0']);
    expect((await ask('here?')).json).toMatchObject({ hit: true });
    expect((await ask('here?', { forceRefresh: true })).json).toMatchObject({ result: null, source: 'none' });
    expect((await ask('here?')).json).toMatchObject({ result: null, hit: false });
    expect((await ask('by hand', { forceRefresh: true })).json).toMatchObject({ result: null, source: 'none' });
    expect((await ask('by hand')).json).toMatchObject({ result: 'stays', hit: true });
  });
});

describe('retrieval options', () => {
  it('shape the answer, and each form of it has a key of its own', async () => {
    const { ask, upsert } = await aTenant({ texts: ['one', 'two', 'three'] });
    await upsert([{ id: 'other', text: 'elsewhere' }], 'archive');
    const plain = await ask('one');
    const shaped = {
      k: await ask('one', { vector: { k: 1 } }),
      threshold: await ask('one', { vector: { threshold: 0.999 } }),
      filter: await ask('one', { vector: { filter: { index: { gte: 1 } } } }),
      collection: await ask('one', { vector: { collection: 'archive' } }),
    };
    expect(ids(plain)).toHaveLength(3);
    expect(ids(shaped.k)).toEqual(['d0']);
    expect(ids(shaped.threshold)).toEqual(['d0']);
    expect(ids(shaped.filter).toSorted()).toEqual(['d1', 'd2']);
    expect(ids(shaped.collection)).toEqual(['other']);
    const replies = [plain, ...Object.values(shaped)];
    expect(new Set(replies.map((one) => one.json.key)).size).toBe(replies.length);
    openai.requests.length = 0;
    expect((await ask('one', { vector: { k: 1 } })).json).toMatchObject({ hit: true, key: shaped.k.json.key });
    expect((await ask('one', { vector: {} })).json).toMatchObject({ hit: true, key: plain.json.key });
    expect(embedded()).toEqual([]);
  });

  it('do not matter to an answer that was written by hand', async () => {
    const { ask, write } = await aTenant();
    const { key } = (await write('one', 'by hand')).json;
    for (const vector of [{ k: 1 }, { threshold: 0.5, filter: { index: 1 } }, { collection: 'none' }]) {
      expect((await ask('one', { vector })).json).toMatchObject({ result: 'by hand', hit: true, key });
    }
    expect(embedded()).toEqual([]);
  });
});

describe('what makes another question', () => {
  it.each([
    ['language', { language: 'en' }, { language: 'fr' }],
    ['model', { model: 'm-1' }, { model: 'm-2' }],
    ['params', { params: { temperature: 0 } }, { params: { temperature: 1 } }],
  ])('is its %s', async (_, one, other) => {
    const { ask, write } = await aTenant({ texts: [] });
    await write('hello', 'one', one);
    expect((await ask('hello', one)).json).toMatchObject({ hit: true, result: 'one' });
    expect((await ask('hello', other)).json).toMatchObject({ hit: false });
    expect((await ask('hello')).json).toMatchObject({ hit: false });
  });

  it('is a difference in meaning, not in spelling', async () => {
    const { ask, write } = await aTenant({ texts: [] });
    await write('What is x²?', 'a square');
    expect((await ask('  what IS\n x² ?! ')).json).toMatchObject({ hit: true });
    expect((await ask('What is x2?')).json).toMatchObject({ hit: false });
    await write('params', 1, { params: { a: 1, b: [true] } });
    expect((await ask('params', { params: { b: [true], a: 1.0 } })).json).toMatchObject({ hit: true });
  });

  it('is never the model of another embedder: 400, whether or not the cache knows the answer', async () => {
    const { ask, write } = await aTenant();
    await write('known', 1);
    for (const query of ['known', 'unknown']) {
      const refused = await ask(query, { embedding: { model: 'another-model' } });
      expect(refused).toMatchObject({ status: 400, json: { code: 'embedding.model_unknown' } });
      expect(refused.json.detail).toContain('text-embedding-3-small');
      expect((await ask(query, { embedding: { model: 'text-embedding-3-small' } })).status).toBe(200);
    }
  });
});

describe('how long an answer is true', () => {
  it('is what the question says, else what the operator says', async () => {
    const { ask } = await aTenant();
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    expect((await ask('short', { ttl: 60 })).json.expiresAt).toBe(at(60));
    expect((await ask('usual')).json.expiresAt).toBe(at(3600));
    clock.advance(59);
    expect((await ask('short')).json).toMatchObject({ hit: true, age: 59 });
    clock.advance(1);
    expect((await ask('short')).json).toMatchObject({ hit: false, source: 'vectordb' });
    expect((await ask('usual')).json).toMatchObject({ hit: true, age: 60 });
  });

  it('is never prolonged by reading', async () => {
    const { ask, write } = await aTenant({ texts: [] });
    await write('hello', 'hi', { ttl: 10 });
    for (let second = 0; second < 10; second++) {
      expect((await ask('hello')).json).toMatchObject({ hit: true, age: second });
      clock.advance(1);
    }
    expect((await ask('hello')).json).toMatchObject({ hit: false });
  });
});

describe('a stale answer', () => {
  const stale = { CACHE_TTL: '60s', CACHE_STALE: '60s' };

  it('is served at once and refreshed behind, once for all who ask', async () => {
    await withServer(stale, async (at) => {
      const { ask, upsert } = await aTenant({ at, texts: ['old'] });
      const old = await ask('news?');
      await upsert([{ id: 'd1', text: 'new' }]);
      clock.advance(61);
      openai.reset();
      const { behaviour, open } = gate();
      openai.always(behaviour);
      const replies = await Promise.all(Array.from({ length: 20 }, () => ask('news?')));
      for (const { json, headers } of replies) {
        expect(json).toMatchObject({ hit: true, status: 'stale', source: 'cache', age: 61, result: old.json.result });
        expect(headers.get('x-cache-status')).toBe('stale');
        expect(headers.get('cache-status')).toBe('resk-caching; hit; ttl=-1; detail=memory');
      }
      open();
      await until(async () => (await ask('news?')).json.status === 'hit');
      expect(ids(await ask('news?'))).toHaveLength(2);
      expect(embedded()).toEqual(['news?']);
    });
  });

  it('is served while the provider is down', async () => {
    await withServer(stale, async (at) => {
      const { ask } = await aTenant({ at });
      await ask('news?');
      clock.advance(61);
      openai.always(behaving.serverError());
      expect((await ask('news?')).json).toMatchObject({ status: 'stale' });
      await until(() => openai.requests.length > 1);
      expect((await ask('news?')).json).toMatchObject({ status: 'stale' });
      clock.advance(60);
      expect(await ask('news?')).toMatchObject({ status: 502, json: { code: 'embedding.provider_failed' } });
    });
  });

  it('is not served any more once it was not found again', async () => {
    await withServer(stale, async (at) => {
      const { ask, drop } = await aTenant({ at, texts: ['gone tomorrow'] });
      await ask('here?');
      await drop(['d0']);
      clock.advance(61);
      expect((await ask('here?')).json).toMatchObject({ status: 'stale' });
      await until(async () => (await ask('here?')).json.status === 'miss');
    });
  });

  it('is left as it is where it was written by hand: nobody can make it anew', async () => {
    const { ask, write } = await aTenant();
    await write('hello', 'hi', { ttl: 10, staleTtl: 10 });
    clock.advance(15);
    expect((await ask('hello')).json).toMatchObject({ hit: true, status: 'stale', result: 'hi' });
    expect((await ask('hello', { vector: { k: 1 } })).json).toMatchObject({ status: 'stale', result: 'hi' });
    clock.advance(5);
    expect((await ask('hello')).json).toMatchObject({ hit: false, source: 'vectordb' });
    expect(embedded()).toEqual(['hello']);
  });
});

describe('a question without an answer', () => {
  const far = { VECTOR_THRESHOLD: '1' };

  it('is asked again each time where nothing is remembered of it, whatever ttl it asks for', async () => {
    await withServer(far, async (at) => {
      const { ask } = await aTenant({ at });
      for (const more of [{}, { ttl: 3600 }, {}]) {
        const reply = await ask('far?', more);
        expect(reply.json).toMatchObject({ result: null, status: 'miss', source: 'none', tier: null, expiresAt: null });
      }
      expect(embedded()).toHaveLength(3);
    });
  });

  it('is remembered for CACHE_NEGATIVE_TTL', async () => {
    await withServer({ ...far, CACHE_NEGATIVE_TTL: '30s', CACHE_STALE: '60s' }, async (at) => {
      const { ask } = await aTenant({ at });
      await ask('far?');
      const again = await ask('far?');
      expect(again.json).toMatchObject({ result: null, hit: false, status: 'miss', source: 'none', tier: 'memory' });
      expect(again.headers.get('x-cache-status')).toBe('miss');
      expect(again.headers.get('cache-status')).toBe('resk-caching; hit; ttl=30; detail=negative');
      expect(embedded()).toHaveLength(1);
      clock.advance(30);
      await ask('far?');
      expect(embedded()).toHaveLength(2);
    });
  });
});

describe('a provider that fails', () => {
  it.each([
    ['is down', behaving.serverError(503), 502, 'embedding.provider_failed'],
    ['breaks the connection', behaving.dropping(), 502, 'embedding.provider_failed'],
    ['answers nonsense', behaving.saying('<html>'), 502, 'embedding.reply_invalid'],
    ['limits our rate', behaving.rateLimited('7'), 502, 'embedding.provider_failed'],
    ['has no quota left for us', behaving.outOfQuota(), 502, 'embedding.quota_exhausted'],
    ['refuses the text', behaving.refusingText('odd', { named: true }), 422, 'embedding.input_refused'],
  ])('is named where it %s', async (_, behaviour, status, code) => {
    const { ask } = await aTenant();
    openai.next(behaviour);
    const failed = await ask('odd');
    expect(failed).toMatchObject({ status, json: { status, code } });
    expect(failed.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    // The next one is answered, and nothing of the failure was kept.
    expect((await ask('odd')).json).toMatchObject({ source: 'vectordb' });
  });

  it('is named with the variable where it refuses the key, and the key is never told', async () => {
    const { ask } = await aTenant();
    openai.next(behaving.unauthorised());
    const failed = await ask('x');
    expect(failed).toMatchObject({ status: 502, json: { code: 'embedding.provider_unauthorised' } });
    expect(failed.json.detail).toContain('EMBEDDING_API_KEY');
    expect(failed.text).not.toContain(API_KEY);
    await ask('x');
  });

  it('does not keep answers from being served that the cache holds', async () => {
    const { ask, write } = await aTenant();
    await write('known', 'answer');
    openai.next(behaving.serverError());
    expect((await ask('unknown')).status).toBe(502);
    expect((await ask('known')).json).toMatchObject({ hit: true, result: 'answer' });
  });

  it('fails one flight for all who wait for it', async () => {
    const { ask } = await aTenant();
    let fail = () => {};
    openai.next((exchange) => {
      fail = () => behaving.serverError()(exchange);
    });
    const asked = [ask('x'), ask('x')];
    await until(() => openai.requests.length > 0);
    // The second may come only after the first has failed; then it is answered honestly.
    fail();
    const statuses = (await Promise.all(asked)).map((one) => one.status);
    expect(statuses).toContain(502);
  });

  it('is not waited for beyond the limit of one attempt', async () => {
    await withServer({ EMBEDDING_TIMEOUT: '50ms' }, async (at) => {
      const { ask } = await aTenant({ at });
      openai.next(behaving.hanging());
      expect(await ask('x')).toMatchObject({ status: 504, json: { code: 'call.timeout' } });
    });
  });

  it('is not waited for beyond the deadline of the request, hot or not', async () => {
    for (const hot of ['true', 'false']) {
      await withServer({ REQUEST_TIMEOUT: '100ms', HTTP_HOT_ROUTES: hot }, async (at) => {
        const { ask } = await aTenant({ at });
        const { behaviour, open } = gate();
        openai.next(behaviour);
        expect(await ask('x')).toMatchObject({ status: 504, json: { code: 'request.late' } });
        // What was under way goes on, and serves the next.
        open();
        await until(async () => (await ask('x')).json.hit === true);
        expect(embedded()).toEqual(['x']);
      });
    }
  });

  it('is not called for a while once it failed again and again: 503, at once', async () => {
    await withServer({}, async (at) => {
      const { ask } = await aTenant({ at });
      openai.always(behaving.serverError());
      for (let index = 0; index < 5; index++) expect((await ask(`q${index}`)).status).toBe(502);
      const refused = await ask('another');
      expect(refused).toMatchObject({ status: 503, json: { code: 'call.open_circuit' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(openai.requests).toHaveLength(5);
    });
  });
});

describe('tenants', () => {
  it('never see each other: not answers, not entries, not purges', async () => {
    const [north, south] = [await aTenant({ texts: ['of the north'] }), await aTenant({ texts: ['of the south'] })];
    const here = (await north.write('hello', 'north', { tags: ['greeting'], subject: 'ann' })).json.key;
    const there = (await south.write('hello', 'south', { tags: ['greeting'], subject: 'ann' })).json.key;
    expect(here).not.toBe(there);
    expect((await north.ask('hello')).json).toMatchObject({ result: 'north', key: here });
    expect((await south.ask('hello')).json).toMatchObject({ result: 'south', key: there });
    expect((await north.ask('who?')).json.result.matches[0].text).toBe('of the north');
    expect((await south.ask('who?')).json.result.matches[0].text).toBe('of the south');

    const listed = (await north.get('/api/cache/entries')).json.entries.map((one: { key: string }) => one.key);
    expect(listed).toContain(here);
    expect(listed).not.toContain(there);
    for (const foreign of [await north.get(`/api/cache/entries/${there}`), await north.forget(there)]) {
      expect(foreign).toMatchObject({ status: 404, json: { code: 'cache.entry_absent' } });
    }
    for (const selector of ['?tag=greeting', '?query=hello', '?subject=ann', '']) {
      expect((await north.purge(selector)).status).toBe(200);
    }
    expect((await south.ask('hello')).json).toMatchObject({ hit: true, result: 'south' });
    expect((await north.ask('hello')).json).toMatchObject({ hit: false });
  });
});
