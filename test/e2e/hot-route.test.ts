// The hot route is a shorter way to the very same reply: each request is sent to a server with it and to one without.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Behaviour, behaving, OpenAiDouble } from '../doubles/openai.js';
import { Clock } from '../support/clock.js';
import { type Reply, type SendOptions, startTestServer, type TestServer } from '../support/server.js';

const PATH = '/api/cache/query';
const JWT_SECRET = 'a secret of at least thirty-two characters';
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
let clock: Clock;
let openai: OpenAiDouble;
let usual: Pair;
let strict: Pair;

/** Two servers that differ in HTTP_HOT_ROUTES alone. */
interface Pair {
  hot: TestServer;
  plain: TestServer;
}

async function aPair(env: Record<string, string>): Promise<Pair> {
  const settings = {
    JWT_SECRET,
    CACHE_BACKEND: 'memory',
    CACHE_TTL_JITTER: '0',
    HTTP_BODY_MAX: '16KiB',
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: openai.url,
    EMBEDDING_DIMENSIONS: '8',
    EMBEDDING_RETRIES: '0',
    VECTOR_THRESHOLD: '0',
    ...env,
  };
  return {
    hot: await startTestServer({ ...settings, HTTP_HOT_ROUTES: 'true' }),
    plain: await startTestServer({ ...settings, HTTP_HOT_ROUTES: 'false' }),
  };
}

beforeAll(async () => {
  clock = Clock.stop();
  openai = await OpenAiDouble.start();
  usual = await aPair({});
  strict = await aPair({ RATE_LIMIT_MAX: '2', REQUEST_TIMEOUT: '100ms', HTTP_HSTS: 'true' });
});
beforeEach(() => openai.reset());
afterAll(async () => {
  for (const server of [usual.hot, usual.plain, strict.hot, strict.plain]) await server.stop();
  await openai.stop();
  clock.release();
});

/** What must be the same: everything but what was measured, and ids made for one request. */
function comparable({ status, headers, text, json }: Reply) {
  const names = Object.fromEntries(headers);
  for (const measured of ['content-length', 'server-timing', 'date']) names[measured] = typeof names[measured];
  for (const name of Object.keys(names)) names[name] = names[name]!.replace(UUID, 'a UUID');
  const body = json?.latencies ? { ...json, latencies: Object.keys(json.latencies) } : text.replace(UUID, 'a UUID');
  return { status, headers: names, body };
}

/** Sends to both, and gives the reply of the hot one once it is shown to be the same. */
async function both(options: SendOptions & { method?: string; path?: string; provider?: Behaviour }, pair = usual) {
  const { method = 'POST', path = PATH, provider, ...send } = options;
  const replies: Reply[] = [];
  for (const server of [pair.hot, pair.plain]) {
    if (provider) openai.next(provider);
    replies.push(await server.send(method, path, send));
  }
  const [hot, plain] = replies as [Reply, Reply];
  expect(comparable(hot)).toEqual(comparable(plain));
  return hot;
}

const write = (body: object) => both({ path: '/api/cache', body: { ttl: 60, ...body } });
const ask = (body: object, more: SendOptions = {}) => both({ body, ...more });

describe('an answer is the same, hot or not', () => {
  it('on a miss without documents, and one with', async () => {
    expect((await ask({ query: 'nobody knows' })).json).toMatchObject({ source: 'none' });
    await both({ path: '/api/vectors/upsert', body: { documents: [{ id: 'd', text: 'We open at nine.' }] } });
    expect((await ask({ query: 'When do you open?' })).json).toMatchObject({ source: 'vectordb' });
    expect((await ask({ query: 'When do you open?' })).json).toMatchObject({ source: 'cache' });
    expect((await ask({ query: 'When do you open?', forceRefresh: true })).json).toMatchObject({ source: 'vectordb' });
  });

  it('on a hit, whatever the answer is', async () => {
    for (const response of [null, 0, '', 'te"xt\n', ['a'], { answer: 'é😀' }]) {
      await write({ query: 'hello', response });
      const { json, headers } = await ask({ query: 'hello' });
      expect(json).toMatchObject({ hit: true, result: response });
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
  });

  it('with every option of a question', async () => {
    await write({ query: 'opts', response: 1, language: 'en', model: 'm', params: { t: 1 } });
    const options = { language: 'en', model: 'm', params: { t: 1 }, seed: 's', ttl: 5, forceRefresh: false };
    const embedding = { model: 'text-embedding-3-small' };
    expect((await ask({ query: 'opts', ...options, vector: { k: 1 }, embedding })).json).toMatchObject({ hit: true });
  });

  it('on a stale hit', async () => {
    await write({ query: 'old', response: 'news', ttl: 1, staleTtl: 60 });
    clock.advance(2);
    expect((await ask({ query: 'old' })).json).toMatchObject({ status: 'stale', age: 2 });
  });

  it('with variants of every strategy', async () => {
    const variants = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
    await write({ query: 'v', response: { variants }, variantStrategy: 'weighted', weights: [0, 1, 0] });
    expect((await ask({ query: 'v' })).json).toMatchObject({ variant: { index: 1, id: 'b' } });
    await write({ query: 'v', response: { variants }, variantStrategy: 'deterministic' });
    for (const seed of ['one', 'two', 'three', undefined]) await ask({ query: 'v', seed });
    await write({ query: 'v', response: { variants }, variantStrategy: 'round-robin' });
    for (const index of [0, 1, 2, 0]) expect((await ask({ query: 'v' })).json.variant.index).toBe(index);
    await write({ query: 'v', response: { variants: [1] }, variantStrategy: 'random' });
    expect((await ask({ query: 'v' })).json).toMatchObject({ result: 1, variant: { index: 0 } });
  });

  it('with an odd path or odd headers', async () => {
    await write({ query: 'hello', response: 'hi' });
    const body = { query: 'hello' };
    for (const path of [`${PATH}/`, `${PATH}?x=1`]) expect((await both({ path, body })).status).toBe(200);
    for (const headers of [
      { 'x-correlation-id': 'mine-7' },
      { 'x-correlation-id': 'not harmless' },
      { 'content-type': 'application/json; charset=utf-8' },
      { accept: 'text/html, */*;q=0.1' },
    ] as Record<string, string>[]) {
      expect((await both({ body, headers })).status).toBe(200);
    }
  });
});

describe('a refusal is the same, hot or not', () => {
  const body = { query: 'x' };
  const refusals: [string, number, SendOptions & { method?: string; path?: string; provider?: Behaviour }][] = [
    ['request.malformed', 400, { raw: '{"query":' }],
    ['request.empty', 400, { raw: '' }],
    ['request.empty', 400, {}],
    ['request.empty', 400, { raw: 'null' }],
    ['request.invalid', 400, { raw: '[]' }],
    ['request.too_deep', 400, { raw: `${'['.repeat(100)}${']'.repeat(100)}` }],
    ['request.forbidden_name', 400, { raw: '{"query":"x","__proto__":{}}' }],
    ['request.invalid', 400, { body: { query: 'x', colour: 'red' } }],
    ['request.invalid', 400, { body: { query: '' } }],
    ['embedding.model_unknown', 400, { body: { query: 'x', embedding: { model: 'other' } } }],
    ['auth.missing', 401, { token: null, body }],
    ['auth.malformed', 401, { token: 'test', body }],
    ['auth.signature', 401, { token: `${'e30'}.${'e30'}.x`, body }],
    ['request.method', 405, { method: 'PUT', body }],
    ['request.method', 405, { method: 'GET' }],
    ['request.not_found', 404, { path: `${PATH}/more`, body }],
    ['request.not_acceptable', 406, { body, headers: { accept: 'image/png' } }],
    ['request.too_large', 413, { body: { query: 'x'.repeat(17_000) } }],
    ['request.media_type', 415, { raw: 'query=x', headers: { 'content-type': 'text/plain' } }],
    ['embedding.provider_failed', 502, { body: { query: 'asked of none' }, provider: behaving.serverError() }],
    [
      'embedding.input_refused',
      422,
      { body: { query: 'odd' }, provider: behaving.refusingText('odd', { named: true }) },
    ],
  ];
  it.each(refusals)('%s (%i) of %j', async (code, status, options) => {
    const reply = await both(options);
    // An unsigned or misshapen token is refused by whichever rule meets it first: the code is compared, not named.
    expect(reply).toMatchObject({ status, json: { status, ...(status !== 401 && { code }) } });
  });

  it('auth.scope (403)', async () => {
    const token = usual.hot.token({ scopes: ['cache:write'] });
    expect(await ask(body, { token })).toMatchObject({ status: 403, json: { code: 'auth.scope' } });
  });

  it('rate.limited (429), with what is left counted alike', async () => {
    const token = strict.hot.token({ tenant: 'limited' });
    const remaining: unknown[] = [];
    for (const status of [200, 200, 429]) {
      const reply = await both({ body, token }, strict);
      expect(reply.status).toBe(status);
      remaining.push(reply.headers.get('ratelimit-remaining'));
    }
    expect(remaining).toEqual(['1', '0', '0']);
  });

  it('request.late (504)', async () => {
    const token = strict.hot.token({ tenant: 'late', subject: 'writer' });
    await both(
      { path: '/api/vectors/upsert', token, body: { documents: [{ id: 'd', vector: Array(8).fill(1) }] } },
      strict,
    );
    const reply = await both({ body, token, provider: behaving.hanging() }, strict);
    expect(reply).toMatchObject({ status: 504, json: { code: 'request.late' } });
    expect(reply.headers.get('strict-transport-security')).toContain('max-age');
  });
});

it('both are counted alike, under the same routes and statuses', async () => {
  const counted = async (server: TestServer) => {
    const { text } = await server.send('GET', '/api/metrics');
    return text
      .split('\n')
      .filter((line) => line.startsWith('resk_http_requests_total'))
      .toSorted();
  };
  const hot = await counted(usual.hot);
  expect(hot).toEqual(await counted(usual.plain));
  expect(hot.join('\n')).toMatch(/route="\/api\/cache\/query".*code="4/);
});
