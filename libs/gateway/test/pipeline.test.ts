// The steps in their order: each may end a request, and what ends it comes before everything that follows.
import 'reflect-metadata';
import { createZodDto } from 'nestjs-zod';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { authSection, Callers, mintToken, openVerifier, type Scope } from '#auth';
import { JwtStrategy, PassportAuthenticator } from '#auth/module';
import { environmentSources, readConfig } from '#config';
import { isFailure, Secret } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { type LimitsInForce, Quotas } from '#usage';
import type { EndpointSpec } from '../src/endpoint.js';
import { Exchange } from '../src/exchange.js';
import { type Arrival, Pipeline } from '../src/pipeline.js';
import { QuotaGate } from '../src/quota-gate.js';
import { type Hit, rateLimitSection, SlidingWindowStorage } from '../src/rate-limit/index.js';

const secret = new Secret('a secret of the tests that is long enough');
const limits = { RATE_LIMIT_MAX: '2', RATE_LIMIT_UNAUTHENTICATED_MAX: '2', RATE_LIMIT_ADDRESS_MAX: '5' };

/** Counts as a shared store does: the answer must be waited for. */
class DistantWindows extends SlidingWindowStorage {
  override hit(...args: Parameters<SlidingWindowStorage['hit']>): Promise<Hit> {
    return Promise.resolve(super.hit(...args));
  }
}

/** Quotas that every tenant has. */
const someQuotas = (limits: LimitsInForce = {}) => new Quotas(new MemoryRecords(), new LocalBus(), limits);

function aPipeline(windows = new SlidingWindowStorage(), quotas = someQuotas()): Pipeline {
  const sources = environmentSources({ env: { JWT_SECRET: secret.reveal(), ...limits }, envFile: false });
  const { auth, ...config } = readConfig([authSection, rateLimitSection], sources);
  const verifier = openVerifier(auth, { dataDir: '' });
  const authenticator = new PassportAuthenticator(verifier, new JwtStrategy(verifier));
  return new Pipeline(
    new Callers(verifier),
    authenticator,
    windows,
    config[rateLimitSection.name],
    new QuotaGate(quotas, windows),
  );
}

class TeaDto extends createZodDto(z.strictObject({ tea: z.string() })) {}
const endpoint: EndpointSpec = { input: { body: TeaDto }, scope: 'cache:read', cost: 1 };
const bodiless = { body: undefined };
const open: EndpointSpec = { input: {}, scope: 'open', cost: 1 };

const anExchange = () => new Exchange('http', 'c', '192.0.2.1', 1000);
const aToken = (subject: string, scopes: Scope[] = ['cache:read']) =>
  `Bearer ${mintToken({ secret, subject, tenant: 'north', scopes, ttlMs: 60_000 })}`;
const anArrival = (authorization?: string, more: Partial<Arrival> = {}): Arrival => ({
  headers: { authorization },
  body: { tea: 'green' },
  ...more,
});

/** The code that a request ends with; `undefined` where it passes. */
async function ending(pass: () => void | Promise<void>): Promise<string | undefined> {
  try {
    await pass();
    return undefined;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
}

describe.each([
  ['counted here', () => new SlidingWindowStorage()],
  ['counted in a shared store', () => new DistantWindows()],
])('a request, %s', (_, windows) => {
  it('passes with the parsed body, the caller and what is left of the window', async () => {
    const [exchange, arrival] = [anExchange(), anArrival(aToken('ann'))];
    await aPipeline(windows()).pass(exchange, arrival, endpoint);
    expect(exchange).toMatchObject({
      caller: { subject: 'ann', tenant: 'north' },
      limit: { limit: 2, remaining: 1 },
      endpoint,
    });
    expect(arrival.body).toBeInstanceOf(Object);
  });

  it('that is invalid is refused before its token is looked at, which is refused before it counts', async () => {
    const pipeline = aPipeline(windows());
    const pass = (arrival: Arrival) => ending(() => pipeline.pass(anExchange(), arrival, endpoint));
    expect(await pass(anArrival('Bearer test', { body: { coffee: 1 } }))).toBe('request.invalid');
    expect(await pass(anArrival('Bearer test', { body: null }))).toBe('request.empty');
    expect(await pass(anArrival('Bearer test'))).toBe('auth.malformed');
    expect(await pass(anArrival(aToken('ann', ['cache:write'])))).toBe('auth.scope');
  });

  it('counts against its caller once it is known, and against the address at all times', async () => {
    const pipeline = aPipeline(windows());
    const pass = (subject: string) => ending(() => pipeline.pass(anExchange(), anArrival(aToken(subject)), endpoint));
    expect([await pass('ann'), await pass('ann'), await pass('ann')]).toEqual([undefined, undefined, 'rate.limited']);
    expect([await pass('bob'), await pass('bob')]).toEqual([undefined, undefined]);
    // Five from one address are enough, whoever calls.
    expect(await pass('cid')).toBe('rate.limited');
  });

  it('with a bad token counts against its address: 401 until the window is full, then 429', async () => {
    const pipeline = aPipeline(windows());
    const pass = () => ending(() => pipeline.pass(anExchange(), anArrival('Bearer x.y.z'), endpoint));
    expect([await pass(), await pass(), await pass()]).toEqual(['auth.malformed', 'auth.malformed', 'rate.limited']);
  });

  it('counts against the quotas of its tenant, in the second and in the day', async () => {
    const hasty = someQuotas({ requestsPerSecond: 2 });
    const daily = someQuotas({ requestsPerSecond: 100, requestsPerDay: 1 });
    for (const [quotas, allowed, limit] of [
      [hasty, 2, { quota: 'requestsPerSecond', limit: 2 }],
      [daily, 1, { quota: 'requestsPerDay', limit: 1 }],
    ] as const) {
      await quotas.open();
      const pipeline = aPipeline(windows(), quotas);
      const pass = async (subject: string) => pipeline.pass(anExchange(), anArrival(aToken(subject)), endpoint);
      for (let sent = 0; sent < allowed; sent++) await pass(`caller-${sent}`);
      await expect(pass('another')).rejects.toMatchObject({ code: 'quota.exceeded', facts: limit });
      await quotas.close();
    }
  });

  it('that costs more than a second holds passes alone, and none passes where none may', async () => {
    for (const [limit, expected] of [
      [3, undefined],
      [0, 'quota.exceeded'],
    ] as const) {
      const quotas = someQuotas({ requestsPerSecond: limit });
      await quotas.open();
      const pass = () =>
        ending(() =>
          aPipeline(windows(), quotas).pass(anExchange(), anArrival(aToken('ann')), { ...endpoint, cost: 2 }),
        );
      expect(await pass()).toBe(expected);
      await quotas.close();
    }
  });

  it('without an endpoint counts like a stranger’s, once', async () => {
    const pipeline = aPipeline(windows());
    const arrival = anArrival(aToken('ann'));
    const unrouted = () => ending(() => pipeline.countRefused(anExchange(), arrival));
    expect([await unrouted(), await unrouted(), await unrouted()]).toEqual([undefined, undefined, 'rate.limited']);
    const routed = anExchange();
    routed.endpoint = endpoint;
    expect(pipeline.countRefused(routed, arrival)).toBeUndefined();
    expect(routed.limit).toBeUndefined();
  });

  it('that is refused before its caller was looked for counts as the caller’s, where it is known', async () => {
    const pipeline = aPipeline();
    const arrival = anArrival(aToken('ann'));
    const refused = async () => {
      const exchange = anExchange();
      await pipeline.admit(exchange, endpoint);
      await pipeline.countRefused(exchange, arrival);
      return exchange.limit?.rule;
    };
    expect(await refused()).toBe('address');
    await pipeline.pass(anExchange(), { ...arrival }, endpoint);
    expect(await refused()).toBe('caller');
  });
});

describe('a request that must not wait', () => {
  it('passes at once when its caller is known already', async () => {
    const pipeline = aPipeline();
    const arrival = () => anArrival(aToken('ann'));
    const known = arrival();
    await pipeline.pass(anExchange(), known, endpoint);
    expect(pipeline.pass(anExchange(), { ...arrival(), headers: known.headers }, endpoint)).toBeUndefined();
  });
});

describe('an open endpoint', () => {
  it('asks for no token, and counts against the address', async () => {
    const exchange = anExchange();
    await aPipeline().pass(exchange, anArrival(undefined, bodiless), open);
    expect(exchange).toMatchObject({ caller: undefined, limit: { limit: 2, remaining: 1 } });
  });

  it('that costs nothing is never limited', async () => {
    const pipeline = aPipeline();
    for (let index = 0; index < 20; index++) {
      const exchange = anExchange();
      expect(
        await ending(() => pipeline.pass(exchange, anArrival(undefined, bodiless), { ...open, cost: 0 })),
      ).toBeUndefined();
      expect(exchange.limit).toBeUndefined();
    }
  });

  it('for any valid token asks for no scope', async () => {
    const exchange = anExchange();
    await aPipeline().pass(exchange, anArrival(aToken('ann', []), bodiless), { ...open, scope: 'token' });
    expect(exchange.caller).toMatchObject({ subject: 'ann' });
  });
});

describe('an endpoint for operators', () => {
  it('refuses administrators of other tenants, and whoever is no administrator', async () => {
    const pass = (tenant: string, scopes: Scope[]) => {
      const token = mintToken({ secret, subject: 'ann', tenant, scopes, ttlMs: 60_000 });
      const arrival = anArrival(`Bearer ${token}`, bodiless);
      return ending(() => aPipeline().pass(anExchange(), arrival, { ...open, scope: 'admin', operator: true }));
    };
    expect(await pass('default', ['admin'])).toBeUndefined();
    expect(await pass('north', ['admin'])).toBe('auth.operator');
    expect(await pass('default', ['cache:purge'])).toBe('auth.scope');
  });
});

describe('what a client accepts', () => {
  const accepted = (accept: string | undefined, produces?: string) =>
    ending(() =>
      aPipeline().validate({ headers: { accept } }, { ...open, ...(produces !== undefined && { produces }) }),
    );

  it.each([
    undefined,
    '*/*',
    'application/*',
    'Application/JSON',
    'application/json',
    'text/html, application/json;q=0.5',
  ])('includes JSON: %s', async (accept) => expect(await accepted(accept)).toBeUndefined());

  it('includes JSON where it asks for problems alone', async () => {
    expect(await accepted('application/problem+json')).toBeUndefined();
  });

  it.each(['text/html', 'image/*', 'application/xml'])('does not include JSON: %s', async (accept) => {
    expect(await accepted(accept)).toBe('request.not_acceptable');
  });

  it('is compared with what the endpoint gives', async () => {
    expect(await accepted('text/plain', 'text/plain')).toBeUndefined();
    expect(await accepted('text/*', 'text/plain')).toBeUndefined();
    expect(await accepted('application/json', 'text/plain')).toBe('request.not_acceptable');
  });
});

describe('problems of input', () => {
  const params = z.strictObject({ key: z.string().length(3) });
  const query = z.strictObject({ limit: z.coerce.number().max(5) });

  it('are told part by part, each with its field', () => {
    const input: EndpointSpec['input'] = { params, query };
    const validate = (arrival: Partial<Arrival>) =>
      aPipeline().validate({ headers: {}, ...arrival }, { ...open, input });
    const problems = (arrival: Partial<Arrival>) => {
      try {
        validate(arrival);
      } catch (error) {
        if (isFailure(error)) return { part: error.facts.part, paths: error.problems?.map((one) => one.path) };
        throw error;
      }
    };
    expect(problems({ params: { key: 'a' } })).toEqual({ part: 'path', paths: ['key'] });
    expect(problems({ params: { key: 'abc' }, query: { limit: '9', b: 1, a: 2 } })).toEqual({
      part: 'query',
      paths: ['limit', 'b', 'a'],
    });
    const fine: Arrival = { headers: {}, params: { key: 'abc' }, query: { limit: '4' } };
    aPipeline().validate(fine, { ...open, input });
    expect(fine.query).toEqual({ limit: 4 });
  });

  it('are not passed over where a name or a body means nothing', () => {
    const validate = (arrival: Partial<Arrival>) => () =>
      aPipeline().validate({ headers: {}, ...arrival }, { ...open, input: { query: z.strictObject({}) } });
    expect(validate({ query: JSON.parse('{"__proto__":"1"}') })).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ path: '__proto__' })] }),
    );
    for (const body of [{ tag: 'x' }, [1], 'tag=x', 0]) {
      expect(validate({ query: {}, body })).toThrow(expect.objectContaining({ code: 'request.invalid' }));
    }
    for (const body of [undefined, null, {}, []]) expect(validate({ query: {}, body })).not.toThrow();
  });

  it('never tell more than 200 characters of a name', () => {
    const input: EndpointSpec['input'] = { query };
    const unknown = { limit: 1, ['x'.repeat(500)]: 1 };
    expect.assertions(1);
    try {
      aPipeline().validate({ headers: {}, query: unknown }, { ...open, input });
    } catch (error) {
      expect((isFailure(error) && error.problems?.[0]?.path.length) || 0).toBe(200);
    }
  });
});
