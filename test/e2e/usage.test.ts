// What a tenant spends it can read, as JSON and as CSV; what it may not spend is refused, with the reason.
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OpenAiDouble } from '../doubles/openai.js';
import { connectPlain } from '../support/event-clients.js';
import { startTestServer, type TestServer } from '../support/server.js';

let openai: OpenAiDouble;
let server: TestServer;
let tenants = 0;
let tenant: string;

const PRICES = [{ provider: 'openai', model: 'acme', from: '2026-01-01', perMillionTokens: '0.02', currency: 'USD' }];
const settings = () => ({
  EMBEDDING_PROVIDER: 'openai',
  EMBEDDING_BASE_URL: openai.url,
  EMBEDDING_MODEL: 'acme',
  EMBEDDING_DIMENSIONS: '8',
  USAGE_PRICES: JSON.stringify(PRICES),
});

beforeAll(async () => {
  openai = await OpenAiDouble.start();
  server = await startTestServer(settings());
});
beforeEach(() => {
  tenant = `tenant-${++tenants}`;
});
afterAll(async () => {
  await server.stop();
  await openai.stop();
});

const operator = () => server.token({ scopes: ['admin', 'usage:read'] });
const send = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
  server.send(method, path, { token: server.token({ tenant }), ...(body && { body }), ...(headers && { headers }) });
const embed = (input: string) => send('POST', '/api/embeddings', { input });
const setQuotas = (limits: object, of = tenant) =>
  server.send('PUT', `/api/quotas/${of}`, { token: operator(), body: limits });

describe('usage', () => {
  test('is what the provider counted for the tenant, exact to the token and to the last digit of money', async () => {
    await embed('four');
    await embed('five!');
    const { json } = await send('GET', '/api/usage');
    const spent = { calls: 2, tokens: 3, money: '0.00000006' };
    const nothing = { calls: 0, tokens: 0, money: '0.00' };
    expect(json).toMatchObject({
      tenant,
      by: 'day',
      currency: 'USD',
      totals: { spent, avoided: nothing, uncertain: nothing },
    });
    expect(json.rows).toMatchObject([{ provider: 'openai', model: 'acme', spent }]);
    expect((await send('GET', '/api/usage?by=hour')).json.totals.spent).toEqual(spent);
  });

  test('of a hit is what it has avoided, and nothing spent', async () => {
    await send('POST', '/api/vectors/upsert', { documents: [{ id: 'hours', text: 'We open at nine.' }] });
    const ask = () => send('POST', '/api/cache/query', { query: 'When do you open?', vector: { threshold: 0 } });
    expect((await ask()).json.status).toBe('miss');
    const { spent } = (await send('GET', '/api/usage')).json.totals;
    for (let at = 0; at < 3; at++) expect((await ask()).json.status).toBe('hit');
    const totals = async () => (await send('GET', '/api/usage')).json.totals;
    await expect.poll(totals).toMatchObject({ avoided: { calls: 3, tokens: 15, money: '0.0000003' } });
    expect((await totals()).spent).toEqual(spent);
    expect(spent).toMatchObject({ calls: 2, tokens: 4 + 5 });
  });

  test('is given as CSV to who asks for it, by header or by name', async () => {
    await embed('four');
    for (const [path, accept] of [
      ['/api/usage', 'text/csv'],
      ['/api/usage?format=csv', 'application/json'],
    ] as const) {
      const { text, headers } = await send('GET', path, undefined, { accept });
      expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(parse(text, { columns: true })).toMatchObject([
        { model: 'acme', spent_tokens: '1', spent_money: '0.00000002' },
      ]);
    }
    const both = await send('GET', '/api/usage?format=json', undefined, { accept: 'text/csv, application/json' });
    expect(both.json.tenant).toBe(tenant);
    expect((await send('GET', '/api/usage', undefined, { accept: 'text/html' })).status).toBe(406);
  });

  test('of another tenant is for operators alone', async () => {
    await embed('four');
    const stranger = server.token({ tenant: 'stranger', scopes: ['usage:read', 'admin'] });
    const asked = (token: string, of: string) => server.send('GET', `/api/usage?tenant=${of}`, { token });
    expect((await asked(stranger, tenant)).json.code).toBe('auth.operator');
    expect((await asked(stranger, 'stranger')).json.rows).toEqual([]);
    expect((await asked(operator(), tenant)).json.totals.spent.tokens).toBe(1);
    expect((await asked(operator(), '~service')).json.totals.spent.calls).toBeGreaterThan(0);
    const unscoped = await server.send('GET', '/api/usage', { token: server.token({ scopes: ['cache:read'] }) });
    expect(unscoped.json.code).toBe('auth.scope');
  });

  test.each([
    'from=2026-11-02&to=2026-11-01',
    'from=2020-01-01',
    'by=week',
    'from=yesterday',
    'to=2026-13-01',
    'tenant=a%2Fb',
  ])('is not told where the question makes no sense: %s', async (question) => {
    expect((await send('GET', `/api/usage?${question}`)).json.code).toBe('request.invalid');
  });
});

describe('quotas', () => {
  test('are none unless somebody sets them, and are read by the tenant', async () => {
    const none = { limit: null, used: null, resetsAt: null };
    expect((await send('GET', '/api/quotas')).json).toMatchObject({ tenant, quotas: { requestsPerDay: none } });
    const { json } = await setQuotas({ requestsPerDay: 100, moneyPerDay: '2.50' });
    expect(json.quotas.moneyPerDay).toMatchObject({ limit: '2.50', used: '0.00' });
    expect((await send('GET', '/api/quotas')).json.quotas.requestsPerDay).toMatchObject({ limit: 100, used: 1 });
    await setQuotas({});
    expect((await send('GET', '/api/quotas')).json.quotas.requestsPerDay).toEqual(none);
  });

  test('are set by operators alone, and only to what makes sense', async () => {
    const set = (token: string, body: object) => server.send('PUT', `/api/quotas/${tenant}`, { token, body });
    const own = server.token({ tenant, scopes: ['admin'] });
    expect((await set(own, { requestsPerDay: 1e9 })).json.code).toBe('auth.operator');
    expect((await set(server.token(), {})).json.code).toBe('auth.scope');
    expect((await set(operator(), { requestsPerDay: -1 })).json.code).toBe('request.invalid');
    expect((await set(operator(), { moneyPerDay: '1e9' })).json.code).toBe('request.invalid');
    expect((await set(operator(), { unknown: 1 })).json.code).toBe('request.invalid');
  });

  test('of requests refuse with the reason, and other tenants do not notice', async () => {
    await setQuotas({ requestsPerDay: 3 });
    for (let sent = 0; sent < 3; sent++) expect((await embed('four')).status).toBe(200);
    const refused = await embed('four');
    expect([refused.status, refused.json.code]).toEqual([429, 'quota.exceeded']);
    expect(refused.json.detail).toContain('requestsPerDay of 3');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    tenant = 'another';
    expect((await embed('four')).status).toBe(200);
  });

  test('of requests hold on the way that answers from memory too', async () => {
    await send('POST', '/api/cache', { query: 'warm?', response: 'yes' });
    await setQuotas({ requestsPerDay: 2 });
    const ask = async () => (await send('POST', '/api/cache/query', { query: 'warm?' })).status;
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
  });

  test('of tokens and of money refuse before the provider is called', async () => {
    await setQuotas({ tokensPerDay: 1 });
    expect((await embed('four')).status).toBe(200);
    openai.requests.length = 0;
    expect((await embed('five!')).json).toMatchObject({ code: 'quota.exceeded', status: 429 });
    await setQuotas({ moneyPerDay: '0.00000002' });
    expect((await embed('five!')).json.detail).toContain('moneyPerDay of 0.00000002');
    expect(openai.requests).toEqual([]);
  });

  test('of stored answers refuse what would be one too many', async () => {
    await setQuotas({ storedEntries: 1 });
    const write = (query: string) => send('POST', '/api/cache', { query, response: 'yes' });
    expect((await write('one?')).status).toBe(200);
    expect((await write('one?')).status).toBe(200);
    expect((await write('two?')).json).toMatchObject({ code: 'quota.exceeded', status: 429 });
    await send('DELETE', '/api/cache');
    expect((await write('two?')).status).toBe(200);
  });

  test('that were reached are told on the tenant’s channel', async () => {
    await setQuotas({ requestsPerDay: 0 });
    const client = await connectPlain(server.url, server.token({ tenant }));
    await client.say({ type: 'subscribe', channel: 'events' });
    expect((await embed('four')).status).toBe(429);
    expect((await client.next()).data).toEqual({ type: 'quota.exceeded', quota: 'requestsPerDay', limit: 0 });
    client.close();
  });

  test('of money cannot be set where there are no prices', async () => {
    const unpriced = await startTestServer({ CACHE_BACKEND: 'memory' });
    const token = unpriced.token({ scopes: ['admin'] });
    const { json } = await unpriced.send('PUT', '/api/quotas/north', { token, body: { moneyPerDay: '1' } });
    expect(json).toMatchObject({ code: 'request.invalid', errors: [{ path: 'moneyPerDay', code: 'no_prices' }] });
    await unpriced.stop();
  });
});
