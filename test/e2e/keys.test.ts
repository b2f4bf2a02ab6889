// Keys are replaced while two instances serve, and a tenant's data is gone with its keys: watched from outside.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { masterKey, verifyReceipt } from '#crypto';
import { Secret } from '#ports';
import { type RedisServer, startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

const keyText = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const OLD = keyText(1);
const NEW = keyText(2);
const idOf = (text: string) => masterKey(new Secret(text), 'KEY').id;
const SECRETS = {
  JWT_SECRET: 'a secret of both instances, long enough',
  KEY_NAME_SECRET: 'names that both instances share' + '!',
};

let redis: RedisServer;
let servers: TestServer[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await redis.stop();
});

/** `prefix` parts one test from another in the one Redis. Without memory, every answer is opened anew. */
async function anInstance(prefix: string, keys: { current: string; former?: string[] }, memory = '0B') {
  const server = await startTestServer({
    ...SECRETS,
    CACHE_BACKEND: 'redis',
    REDIS_URL: redis.url,
    REDIS_PREFIX: prefix,
    CACHE_MEMORY_MAX: memory,
    CACHE_ENCRYPTION_KEY: keys.current,
    CACHE_FORMER_ENCRYPTION_KEYS: (keys.former ?? []).join(','),
  });
  servers.push(server);
  return server;
}

const operatorOf = (server: TestServer) => ({ token: server.token({ scopes: ['admin'] }) });

async function ask(server: TestServer, query: string, tenant = 'default') {
  const token = server.token({ tenant });
  return (await server.send('POST', '/api/cache/query', { body: { query }, token })).json;
}

async function write(server: TestServer, count: number, tenant = 'default') {
  for (let at = 0; at < count; at++) {
    const body = { query: `question ${at}`, response: `answer ${at}` };
    expect((await server.send('POST', '/api/cache', { body, token: server.token({ tenant }) })).status).toBe(200);
  }
}

async function resealAll(server: TestServer, limit: number) {
  const steps = [];
  do {
    const reply = await server.send('POST', '/api/admin/keys/reseal', { body: { limit }, ...operatorOf(server) });
    expect(reply.status).toBe(200);
    steps.push(reply.json);
  } while (!steps.at(-1).done);
  return steps;
}

describe('a rotation', () => {
  test('of the data key and the master key loses no answer, on no instance, at no time', async () => {
    const one = await anInstance('rotation', { current: OLD, former: [NEW] });
    const other = await anInstance('rotation', { current: OLD, former: [NEW] });
    await write(one, 25);
    const hits = async (server: TestServer) => {
      const replies = await Promise.all(Array.from({ length: 25 }, (_, at) => ask(server, `question ${at}`)));
      return replies.filter(({ tier }) => tier === 'redis').length;
    };
    expect(await hits(other)).toBe(25);

    const promoted = await other.send('POST', '/api/admin/keys/rotate', {
      body: { masterKeyId: idOf(NEW) },
      ...operatorOf(other),
    });
    expect(promoted.json).toMatchObject({ success: true, masterKeyId: idOf(NEW), left: 0 });
    const rotated = await one.send('POST', '/api/admin/keys/rotate', { body: {}, ...operatorOf(one) });
    expect(rotated.json).toMatchObject({ success: true, tenant: 'default' });
    expect([await hits(one), await hits(other)]).toEqual([25, 25]);

    const keys = (await other.send('GET', '/api/admin/keys', operatorOf(other))).json;
    expect(keys.masterKeys).toContainEqual({ masterKeyId: idOf(OLD), state: 'former', dataKeys: 0 });
    expect(keys.masterKeys.find((key: { masterKeyId: string }) => key.masterKeyId === idOf(NEW)).state).toBe('current');
    const { dataKeys, resealed } = keys.tenants.find((one: { tenant: string }) => one.tenant === 'default');
    expect([dataKeys.length, resealed]).toEqual([2, false]);

    const former = { dataKeyId: dataKeys[0].dataKeyId };
    const early = await one.send('POST', '/api/admin/keys/retire', { body: former, ...operatorOf(one) });
    expect(early.json).toMatchObject({ status: 409, code: 'crypto.key_in_use' });
    const steps = await resealAll(other, 10);
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.at(-1)).toMatchObject({ seen: 25, resealed: 25, tenantsLeft: 0 });
    for (const body of [former, { masterKeyId: idOf(OLD) }])
      expect((await one.send('POST', '/api/admin/keys/retire', { body, ...operatorOf(one) })).status).toBe(200);
    expect([await hits(one), await hits(other)]).toEqual([25, 25]);

    const withoutOld = await anInstance('rotation', { current: NEW });
    expect(await hits(withoutOld)).toBe(25);
  });

  test('of an instance that has left is gone on with by another', async () => {
    const one = await anInstance('resumed', { current: OLD });
    await write(one, 20);
    await one.send('POST', '/api/admin/keys/rotate', { body: {}, ...operatorOf(one) });
    const first = await one.send('POST', '/api/admin/keys/reseal', { body: { limit: 5 }, ...operatorOf(one) });
    expect(first.json.done).toBe(false);
    await one.stop();
    servers = servers.filter((server) => server !== one);
    const other = await anInstance('resumed', { current: OLD });
    const rest = await resealAll(other, 5);
    expect(rest.at(-1)).toMatchObject({ done: true, seen: 20, resealed: 20 });
  });
});

describe('a shred', () => {
  test('takes all data of one tenant at once, from every instance’s memory too, and proves it', async () => {
    const one = await anInstance('shred', { current: OLD }, '1MiB');
    const other = await anInstance('shred', { current: OLD }, '1MiB');
    await write(one, 10, 'north');
    await write(one, 10, 'south');
    for (const tier of ['redis', 'memory']) expect((await ask(other, 'question 3', 'north')).tier).toBe(tier);
    const shredded = await one.send('POST', '/api/admin/tenants/north/shred', operatorOf(one));
    expect(shredded.status).toBe(200);
    expect(shredded.json).toMatchObject({
      action: 'tenant.shred',
      tenant: 'north',
      destroyed: { dataKeys: 1, entries: 10 },
      proof: { tried: 10, readable: 0 },
    });
    const { keys } = (await other.send('GET', '/api/privacy/receipt-keys')).json;
    expect(verifyReceipt(keys, shredded.json)).toBe(true);
    for (const server of [one, other]) {
      await expect.poll(async () => (await ask(server, 'question 3', 'north')).source).not.toBe('cache');
      expect((await ask(server, 'question 3', 'south')).source).toBe('cache');
    }
    await write(other, 1, 'north');
    expect((await ask(one, 'question 0', 'north')).source).toBe('cache');
  });
});

test('who is no operator sees and rotates the data keys of its own tenant only', async () => {
  const server = await anInstance('walls', { current: OLD, former: [NEW] });
  await write(server, 1, 'north');
  await write(server, 1, 'south');
  const token = server.token({ tenant: 'north', scopes: ['admin'] });
  const { masterKeys, tenants } = (await server.send('GET', '/api/admin/keys', { token })).json;
  expect([masterKeys, tenants.map((one: { tenant: string }) => one.tenant)]).toEqual([[], ['north']]);
  const rotated = await server.send('POST', '/api/admin/keys/rotate', { body: {}, token });
  expect(rotated.json).toMatchObject({ tenant: 'north' });
  const refused = [
    ['GET', '/api/admin/keys?tenant=south', undefined],
    ['POST', '/api/admin/keys/rotate', { tenant: 'south' }],
    ['POST', '/api/admin/keys/rotate', { masterKeyId: idOf(NEW) }],
    ['POST', '/api/admin/keys/retire', { masterKeyId: idOf(NEW) }],
    ['POST', '/api/admin/keys/retire', { tenant: 'south', dataKeyId: 'any' }],
    ['POST', '/api/admin/keys/reseal', { tenant: 'south' }],
    ['POST', '/api/admin/tenants/north/shred', undefined],
  ] as const;
  for (const [method, path, body] of refused)
    expect((await server.send(method, path, { body, token })).json).toMatchObject({
      status: 403,
      code: 'auth.operator',
    });
  const own = (await server.send('POST', '/api/admin/keys/reseal', { body: {}, token })).json;
  expect(own).toMatchObject({ done: true, seen: 1, resealed: 1, tenantsDone: 1 });
});

test('where nothing is sealed, there are no keys to list, and none to rotate', async () => {
  const server = await startTestServer({});
  servers.push(server);
  const list = await server.send('GET', '/api/admin/keys', operatorOf(server));
  expect(list.json).toEqual({ sealing: false, provider: 'none', masterKeys: [], tenants: [], cursor: null });
  for (const [path, body] of [
    ['keys/rotate', {}],
    ['keys/retire', { dataKeyId: 'any' }],
    ['keys/reseal', {}],
  ] as const) {
    const reply = await server.send('POST', `/api/admin/${path}`, { body, ...operatorOf(server) });
    expect(reply.json).toMatchObject({ status: 409, code: 'crypto.sealing_off' });
  }
  const shred = await server.send('POST', '/api/admin/tenants/north/shred', operatorOf(server));
  expect(shred.json.code).toBe('crypto.sealing_off');
});
