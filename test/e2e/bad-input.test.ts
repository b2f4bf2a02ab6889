// What is wrong with a request is said by code, field and fix; nothing wrong is ever a 5xx.
import { createHmac, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

const SECRET = 'a secret of at least thirty-two characters';
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ JWT_SECRET: SECRET });
});
afterAll(() => server.stop());

const now = () => Math.floor(Date.now() / 1000);
const signed = (claims: object, options: jsonwebtoken.SignOptions = {}) => jsonwebtoken.sign(claims, SECRET, options);
const good = () => ({ sub: 'u', scope: 'cache:read cache:write', exp: now() + 60 });
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('tokens', () => {
  const unsigned = () => `${part({ alg: 'none', typ: 'JWT' })}.${part(good())}.`;
  const forged = () => {
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...good(), tenant: 'other' })}`;
    return `${body}.${createHmac('sha256', 'another secret').update(body).digest('base64url')}`;
  };
  it.each([
    ['no token', () => undefined, 'auth.missing'],
    ['another scheme', () => 'Basic dTpw', 'auth.missing'],
    ['Bearer test', () => 'Bearer test', 'auth.malformed'],
    ['two tokens', () => `Bearer ${signed(good())} ${signed(good())}`, 'auth.malformed'],
    ['a wrong signature', () => `Bearer ${forged()}`, 'auth.signature'],
    ['alg none', () => `Bearer ${unsigned()}`, 'auth.algorithm'],
    ['another algorithm', () => `Bearer ${signed(good(), { algorithm: 'HS512' })}`, 'auth.algorithm'],
    ['an expired token', () => `Bearer ${signed({ ...good(), exp: now() - 60 })}`, 'auth.expired'],
    ['no exp', () => `Bearer ${signed({ sub: 'u', scope: 'cache:read' })}`, 'auth.no_expiry'],
    ['nbf to come', () => `Bearer ${signed({ ...good(), nbf: now() + 3600 })}`, 'auth.not_yet'],
    ['iat to come', () => `Bearer ${signed({ ...good(), iat: now() + 3600, exp: now() + 7200 })}`, 'auth.not_yet'],
    ['no sub', () => `Bearer ${signed({ scope: 'cache:read', exp: now() + 60 })}`, 'auth.claims'],
    ['an odd tenant', () => `Bearer ${signed({ ...good(), tenant: '../x' })}`, 'auth.claims'],
  ])('401 for %s', async (_, authorization, code) => {
    const value = authorization();
    const reply = await server.send('POST', '/api/cache/query', {
      token: null,
      body: { query: 'x' },
      ...(value !== undefined && { headers: { authorization: value } }),
    });
    expect(reply).toMatchObject({ status: 401, json: { status: 401, code } });
    expect(reply.headers.get('www-authenticate')).toContain('Bearer');
    expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('403 for a scope that is missing, naming it', async () => {
    const token = signed({ sub: 'u', scope: 'cache:read', exp: now() + 60 });
    const reply = await server.send('POST', '/api/cache', { token, body: { query: 'x', response: 1 } });
    expect(reply).toMatchObject({
      status: 403,
      json: { code: 'auth.scope', detail: expect.stringContaining('cache:write') },
    });
  });

  it('takes the scheme in any case, and scopes as a list', async () => {
    const token = jsonwebtoken.sign({ sub: 'u', scp: ['cache:read'], exp: now() + 60 }, SECRET);
    const reply = await server.send('POST', '/api/cache/query', {
      token: null,
      body: { query: 'x' },
      headers: { authorization: `bEaReR ${token}` },
    });
    expect(reply.status).toBe(200);
  });
});

const ROUTES = [
  '/api/cache',
  '/api/cache/query',
  '/api/cache/warmup',
  '/api/vectors/upsert',
  '/api/vectors/query',
  '/api/embeddings',
];

describe.each(ROUTES)('bodies of %s', (path) => {
  const post = (raw: string | Uint8Array, headers: Record<string, string> = {}) =>
    server.send('POST', path, { raw, headers });

  it('400 for what is no JSON', async () => {
    expect(await post('{"query":')).toMatchObject({ status: 400, json: { code: 'request.malformed' } });
    expect(await post(new Uint8Array([0x22, 0xc3, 0x28, 0x22]))).toMatchObject({
      status: 400,
      json: { code: 'request.malformed' },
    });
  });

  it('400 for an empty body', async () => {
    expect(await post('')).toMatchObject({ status: 400, json: { code: 'request.empty' } });
    expect(await server.send('POST', path)).toMatchObject({ status: 400, json: { code: 'request.empty' } });
    expect(await post('null')).toMatchObject({ status: 400 });
  });

  it('415 for another media type', async () => {
    const reply = await post('query=x', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(reply).toMatchObject({ status: 415, json: { code: 'request.media_type' } });
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('413 for a body that is too large', async () => {
    const reply = await post(JSON.stringify({ query: 'x'.repeat(5 * 1024 ** 2) }));
    expect(reply).toMatchObject({ status: 413, json: { code: 'request.too_large' } });
  });

  it('400 for JSON that is 20,000 levels deep', async () => {
    const reply = await post(`{"query":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
    expect(reply).toMatchObject({ status: 400, json: { code: 'request.too_deep' } });
  });

  it('400 for names that reach prototypes, naming the place', async () => {
    const reply = await post('{"query":"x","params":{"__proto__":{"a":1}}}');
    expect(reply).toMatchObject({
      status: 400,
      json: { code: 'request.forbidden_name', errors: [{ path: 'params.__proto__' }] },
    });
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('400 for unknown fields, naming them', async () => {
    const reply = await post('{"colour":"red"}');
    expect(reply.json.errors).toContainEqual(expect.objectContaining({ path: 'colour', code: 'unrecognized_keys' }));
  });
});

describe('fields', () => {
  const query = (body: object) => server.send('POST', '/api/cache/query', { body });
  const write = (body: object) => server.send('POST', '/api/cache', { body: { query: 'x', response: 1, ...body } });

  it.each([
    ['query', { query: 'x'.repeat(11_000) }],
    ['query', { query: '' }],
    ['query', { query: '   ' }],
    ['query', { query: 7 }],
    ['query', {}],
    ['forceRefresh', { query: 'x', forceRefresh: 'yes' }],
    ['vector.k', { query: 'x', vector: { k: 0 } }],
    ['vector.k', { query: 'x', vector: { k: 1.5 } }],
    ['vector.threshold', { query: 'x', vector: { threshold: 1.1 } }],
    ['vector.filter.year', { query: 'x', vector: { filter: { year: { near: 1 } } } }],
    ['vector.collection', { query: 'x', vector: { collection: '../etc' } }],
    ['vector.hybrid', { query: 'x', vector: { hybrid: 'yes' } }],
    ['vector.mmr.lambda', { query: 'x', vector: { mmr: { lambda: 2 } } }],
    ['vector.rerank.candidates', { query: 'x', vector: { rerank: { candidates: 0 } } }],
    ['vector.search.ef', { query: 'x', vector: { search: { ef: 'large' } } }],
    ['params', { query: 'x', params: [] }],
  ])('400 naming %s for a bad question', async (path, body) => {
    const reply = await query(body);
    expect(reply).toMatchObject({ status: 400, json: { code: 'request.invalid' } });
    expect(reply.json.errors.map((one: { path: string }) => one.path)).toContain(path);
  });

  it.each([
    ['ttl', { ttl: 0 }],
    ['ttl', { ttl: -1 }],
    ['ttl', { ttl: 1.5 }],
    ['ttl', { ttl: 1e12 }],
    ['ttl', { ttl: '60' }],
    ['staleTtl', { staleTtl: -1 }],
    ['tags.0', { tags: ['not a tag'] }],
    ['variantStrategy', { variantStrategy: 'random' }],
    ['weights', { response: { variants: [1, 2] }, weights: [1] }],
    ['weights', { response: { variants: [1, 2] }, weights: [0, 0] }],
    ['response.weights', { response: { variants: [1, 2], weights: 'heavy' } }],
    ['response.variants', { response: { variants: [] } }],
    ['response.variantStrategy', { response: { variants: [1], variantStrategy: 'best' } }],
  ])('400 naming %s for a bad answer', async (path, body) => {
    const reply = await write(body);
    expect(reply).toMatchObject({ status: 400, json: { code: 'request.invalid' } });
    expect(reply.json.errors.map((one: { path: string }) => one.path)).toContain(path);
  });

  it('400 when the response is missing, while null is an answer', async () => {
    const missing = await server.send('POST', '/api/cache', { body: { query: 'x' } });
    expect(missing.json.errors).toContainEqual(expect.objectContaining({ path: 'response' }));
    expect((await write({ response: null })).status).toBe(200);
    expect((await query({ query: 'x' })).json).toMatchObject({ hit: true, result: null });
  });

  it('400 for half of a surrogate pair, and for bad paths and queries', async () => {
    const half = await server.send('POST', '/api/cache/query', { raw: '{"query":"\\ud800"}' });
    expect(half).toMatchObject({ status: 400, json: { errors: [{ path: 'query' }] } });
    expect(await server.send('GET', '/api/cache/entries/short')).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'key' }] },
    });
    expect(await server.send('GET', '/api/cache/entries?limit=0')).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'limit' }] },
    });
    expect(await server.send('DELETE', '/api/cache?tag=a&query=b')).toMatchObject({ status: 400 });
    expect(await server.send('DELETE', '/api/cache?everything=1')).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'everything' }] },
    });
  });

  it('400 for a purge whose selector would be passed over, and nothing is purged', async () => {
    await write({ query: 'kept' });
    const named = await server.send('DELETE', '/api/cache?__proto__=1');
    expect(named).toMatchObject({ status: 400, json: { errors: [{ path: '__proto__' }] } });
    const inBody = await server.send('DELETE', '/api/cache', { body: { tag: 'x' } });
    expect(inBody).toMatchObject({ status: 400, json: { errors: [{ code: 'unexpected_body' }] } });
    expect((await query({ query: 'kept' })).json.hit).toBe(true);
  });

  it('400 for numbers that no number can hold', async () => {
    for (const raw of ['{"query":"x","params":{"t":1e999}}', '{"query":"x","response":-1e999}']) {
      const reply = await server.send('POST', raw.includes('response') ? '/api/cache' : '/api/cache/query', { raw });
      expect(reply).toMatchObject({ status: 400, json: { errors: [{ code: 'not_finite' }] } });
    }
  });

  it('never repeats a question in an error', async () => {
    const secret = 'my pin is 4711';
    const replies = await Promise.all([
      query({ query: secret, ttl: 0 }),
      server.send('POST', '/api/cache/query', { raw: `{"query":"${secret}"` }),
      query({ query: `${secret}${'x'.repeat(11_000)}` }),
    ]);
    for (const reply of replies) expect(reply.text).not.toContain('4711');
  });
});

describe('resources and headers', () => {
  it('404 for what there is not, 405 with the methods for what there is', async () => {
    expect(await server.send('GET', '/api/nothing')).toMatchObject({
      status: 404,
      json: { code: 'request.not_found' },
    });
    const wrong = await server.send('PUT', '/api/cache/query', { body: {} });
    expect(wrong).toMatchObject({ status: 405, json: { code: 'request.method' } });
    expect(wrong.headers.get('allow')).toBe('POST');
  });

  it('406 where a reply in JSON is not wanted', async () => {
    const reply = await server.send('POST', '/api/cache/query', {
      body: { query: 'x' },
      headers: { accept: 'image/png' },
    });
    expect(reply).toMatchObject({ status: 406, json: { code: 'request.not_acceptable' } });
  });

  it('echoes a harmless correlation id and replaces an odd one, on errors too', async () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
    const with_ = (id: string, path = '/api/cache/query') =>
      server.send('POST', path, { body: { query: 'x' }, headers: { 'x-correlation-id': id } });
    expect((await with_('a.B_c-9')).headers.get('x-correlation-id')).toBe('a.B_c-9');
    for (const odd of ['a b', 'x'.repeat(129), '<script>', 'a;b']) {
      expect((await with_(odd)).headers.get('x-correlation-id')).toMatch(uuid);
    }
    const missing = await with_('id-404', '/api/nothing');
    expect(missing.headers.get('x-correlation-id')).toBe('id-404');
    expect(missing.json.correlationId).toBe('id-404');
  });

  it('sends security headers with every reply', async () => {
    for (const reply of [
      await server.send('POST', '/api/cache/query', { body: { query: 'x' } }),
      await server.send('GET', '/health'),
      await server.send('GET', '/api/nothing'),
      await server.send('POST', '/api/cache/query', { raw: '{' }),
    ]) {
      expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      expect(reply.headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(reply.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    }
  });

  it('431 for headers that are too large, 400 for what is no HTTP, as problems too', async () => {
    const large = await server.send('GET', '/health', { headers: { 'x-large': 'x'.repeat(20_000) } });
    expect(large).toMatchObject({ status: 431, json: { status: 431, code: 'request.headers_too_large' } });
    expect(large.headers.get('content-type')).toBe('application/problem+json');
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('NOT HTTP AT ALL\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 .*"code":"request.headers"/s);
  });

  it('survives headers that no client should send', async () => {
    const { port } = new URL(server.url);
    const status = await new Promise<number>((resolve, reject) => {
      const sent = httpRequest(
        { port, method: 'POST', path: '/api/cache/query%zz', headers: { 'content-length': 2 } },
        (reply) => {
          reply.resume();
          resolve(reply.statusCode ?? 0);
        },
      );
      sent.on('error', reject);
      sent.end('{}');
    });
    expect(status).toBe(400);
    expect((await server.send('GET', '/health')).status).toBe(200);
  });

  it('keeps a text with quotes and newlines out of every metric line', async () => {
    const odd = `quo"te\nresk_forged_total{a="b"} 1\\`;
    await server.send('POST', '/api/cache', { body: { query: odd, response: { text: odd }, tags: ['plain'] } });
    await server.send('POST', '/api/cache/query', { body: { query: odd } });
    await server.send('GET', `/api/cache/entries/${encodeURIComponent(odd)}`);
    const { text } = await server.send('GET', '/api/metrics');
    expect(text).not.toContain('resk_forged_total');
    expect(text).not.toMatch(/quo(?!ta)/);
  });

  it('answers nothing with a 5xx, whatever bytes come', async () => {
    for (let round = 0; round < 200; round++) {
      const reply = await server.send('POST', ROUTES[round % ROUTES.length]!, { raw: randomBytes(1 + (round % 64)) });
      expect(reply.status).toBeLessThan(500);
    }
  });
});
