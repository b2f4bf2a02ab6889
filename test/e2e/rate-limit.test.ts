// Nobody gets around a limit, and nobody is limited for what another did.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

const LIMIT = 5;
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    RATE_LIMIT_MAX: String(LIMIT),
    RATE_LIMIT_ADDRESS_MAX: '400',
    RATE_LIMIT_UNAUTHENTICATED_MAX: '20',
  });
});
afterAll(() => server.stop());

let people = 0;
const somebody = (tenant = 'default') => server.token({ tenant, subject: `person-${++people}` });
const ask = (token: string | null, headers: Record<string, string> = {}) =>
  server.send('POST', '/api/cache/query', { token, body: { query: 'x' }, headers });
const statuses = async (count: number, send: (index: number) => Promise<{ status: number }>) => {
  const found: number[] = [];
  for (let index = 0; index < count; index++) found.push((await send(index)).status);
  return found;
};

describe('limits of a caller', () => {
  it('lets the limit through and refuses the next, saying when to come back', async () => {
    const token = somebody();
    expect(await statuses(LIMIT, () => ask(token))).toEqual([200, 200, 200, 200, 200]);
    const refused = await ask(token);
    expect(refused).toMatchObject({ status: 429, json: { code: 'rate.limited' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit-limit')).toBe(String(LIMIT));
    expect(refused.headers.get('ratelimit-remaining')).toBe('0');
    expect(refused.headers.get('x-correlation-id')).toBeTruthy();
  });

  it('counts down what remains', async () => {
    const token = somebody();
    const first = await ask(token);
    const second = await ask(token);
    expect(Number(first.headers.get('ratelimit-remaining')) - Number(second.headers.get('ratelimit-remaining'))).toBe(
      1,
    );
  });

  it('is not fooled by X-Forwarded-For, Host, or the case of the scheme', async () => {
    const token = somebody();
    await statuses(LIMIT, () => ask(token));
    const tricks: Record<string, string>[] = [
      { 'x-forwarded-for': '203.0.113.9' },
      { 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' },
      { 'x-forwarded-host': 'elsewhere.example' },
      { authorization: `BEARER ${token}` },
      { authorization: `bearer ${token}` },
    ];
    for (const headers of tricks) expect((await ask(token, headers)).status).toBe(429);
  });

  it('is one for all routes, hot or not', async () => {
    const token = somebody();
    await statuses(LIMIT, () => server.send('GET', '/api/vectors/collections', { token }));
    expect((await ask(token)).status).toBe(429);
  });

  it('never lets two callers share a bucket: not two subjects, not two tenants', async () => {
    const [one, two] = [somebody(), somebody()];
    await statuses(LIMIT + 1, () => ask(one));
    expect((await ask(two)).status).toBe(200);
    const north = server.token({ tenant: 'north', subject: 'ann' });
    const south = server.token({ tenant: 'south', subject: 'ann' });
    await statuses(LIMIT + 1, () => ask(north));
    expect((await ask(south)).status).toBe(200);
  });
});

describe('limits of an address', () => {
  it('never limits probes and scrapers', async () => {
    const found = await statuses(30, (index) => server.send('GET', ['/health/live', '/api/metrics'][index % 2]!));
    expect(new Set(found)).toEqual(new Set([200]));
  });

  it('limits bad tokens: 401 until the window is full, then 429, while good callers go on', async () => {
    const found = await statuses(30, () => ask('not.a.token', { 'x-forwarded-for': `10.0.0.${people++}` }));
    expect(found[0]).toBe(401);
    expect(found.at(-1)).toBe(429);
    expect(found.filter((one) => one === 401).length).toBeLessThanOrEqual(20);
    expect((await ask(somebody())).status).toBe(200);
  });

  it('counts paths that there are not, and bodies that cannot be read', async () => {
    expect((await server.send('GET', '/api/nothing')).status).toBe(429);
    expect((await server.send('POST', '/api/cache/query', { raw: '{' })).status).toBe(429);
    expect((await server.send('POST', '/api/cache', { raw: '{' })).status).toBe(429);
  });

  it('has a coarse limit for all that comes from one address, whoever calls', async () => {
    const found = await statuses(400, () => ask(somebody()));
    expect(found.at(-1)).toBe(429);
  });
});

describe('behind a listed proxy', () => {
  it('believes X-Forwarded-For, from the right', async () => {
    const behind = await startTestServer({ RATE_LIMIT_UNAUTHENTICATED_MAX: '3', TRUSTED_PROXIES: '127.0.0.0/8' });
    try {
      const from = (address: string) =>
        behind.send('POST', '/api/cache/query', {
          token: null,
          body: { query: 'x' },
          headers: { 'x-forwarded-for': address },
        });
      expect(await statuses(4, () => from('203.0.113.1'))).toEqual([401, 401, 401, 429]);
      expect((await from('203.0.113.2')).status).toBe(401);
      expect((await from('198.51.100.77, 203.0.113.1')).status).toBe(429);
    } finally {
      await behind.stop();
    }
  });
});
