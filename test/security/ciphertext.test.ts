// Tampered, moved, downgraded, replayed ciphertext: who can write to the store cannot make the server say anything; who can read it learns nothing.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createClient } from '@keyv/redis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { metric } from '../support/metrics.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

const KEY = Buffer.alloc(32, 3).toString('base64');
const TENANTS = ['tenant-north', 'tenant-south'] as const;
const QUESTIONS = ['When does Zanzibar open?', 'When does Zanzibar close?'] as const;
/** What must never be readable: prompts, answers, documents, tenants, people, tags. */
const PRIVATE = /zanzibar|marmalade|tenant-(north|south)|tester|aardvark|heliotrope/i;
const answerTo = (tenant: string, question: string) => `marmalade ${tenant} ${question}`;

/** The texts of entries as they lie in a store. */
interface Vault {
  readonly tier: 'redis' | 'sqlite';
  readonly env: Record<string, string>;
  entries(server: TestServer): Promise<Map<string, string>>;
  put(server: TestServer, key: string, text: string): Promise<void>;
  /** Everything that lies there, keys and values, as bytes in Latin-1; base64 decoded too. */
  everything(server: TestServer): Promise<string>;
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const aClient = () => createClient({ url: redis.url });

async function withRedis<T>(run: (client: ReturnType<typeof aClient>) => Promise<T>): Promise<T> {
  const client = aClient();
  await client.connect();
  return run(client).finally(() => client.destroy());
}

/** All but those of the records, which name tenants: see docs/RECORDS.md. */
async function keysOf(client: ReturnType<typeof aClient>): Promise<string[]> {
  return (await client.keys('*')).map(String).filter((key) => !key.startsWith('resk:r:'));
}

const decoded = (text: string) => `${text}\n${Buffer.from(text, 'base64').toString('latin1')}`;

const redisVault: Vault = {
  tier: 'redis',
  get env() {
    return { CACHE_BACKEND: 'redis', REDIS_URL: redis.url };
  },
  entries: () =>
    withRedis(async (client) => {
      const found = new Map<string, string>();
      for (const key of await client.keys('resk:e:*')) found.set(String(key), String(await client.get(key)));
      return found;
    }),
  put: (_, key, text) => withRedis(async (client) => void (await client.set(key, text))),
  everything: () =>
    withRedis(async (client) => {
      const texts: string[] = [];
      for (const key of await keysOf(client)) {
        const hash = (await client.type(key)) === 'hash';
        texts.push(
          String(key),
          hash ? JSON.stringify(await client.hGetAll(key)) : decoded(String(await client.get(key))),
        );
      }
      return texts.join('\n');
    }),
};

/** A row begins with two times of 13 digits. */
const HEAD = 26;

function withSqlite<T>({ dataDir }: TestServer, run: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(dataDir, 'cache.sqlite'));
  try {
    return run(database);
  } finally {
    database.close();
  }
}

const rowsOf = (server: TestServer) =>
  withSqlite(
    server,
    (database) => database.prepare('SELECT key, value FROM entries').all() as { key: string; value: string }[],
  );

const sqliteVault: Vault = {
  tier: 'sqlite',
  env: { CACHE_BACKEND: 'sqlite' },
  entries: async (server) =>
    new Map(
      rowsOf(server)
        .filter(({ key }) => key.startsWith('resk:e:'))
        .map(({ key, value }) => [key, value.slice(HEAD)]),
    ),
  put: async (server, key, text) =>
    withSqlite(server, (database) => {
      const sql = `UPDATE entries SET value = substr(value, 1, ${HEAD}) || ? WHERE key = ?`;
      expect(database.prepare(sql).run(text, key).changes).toBe(1);
    }),
  everything: async (server) => {
    const files = (await readdir(server.dataDir)).filter((name) => name.startsWith('cache.sqlite'));
    const bytes = await Promise.all(files.map((name) => readFile(join(server.dataDir, name), 'latin1')));
    return [...bytes, ...rowsOf(server).map(({ value }) => decoded(value.slice(HEAD)))].join('\n');
  },
};

/** A server that always reads its store, and that holds each tenant's answers to both questions. */
async function aServer(vault: Vault, env: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer({
    ...vault.env,
    CACHE_MEMORY_MAX: '0B',
    CACHE_ENCRYPTION_KEY: KEY,
    REDIS_PREFIX: 'resk',
    ...env,
  });
  onTestFinished(() => server.stop());
  if (vault.tier === 'redis') await withRedis((client) => client.flushAll());
  for (const tenant of TENANTS) {
    for (const query of QUESTIONS) {
      const body = { query, response: answerTo(tenant, query), tags: ['aardvark'], subject: 'heliotrope' };
      const token = server.token({ tenant });
      expect(await server.send('POST', '/api/cache', { token, body })).toMatchObject({ status: 200 });
    }
  }
  return server;
}

async function ask(server: TestServer, tenant: string = TENANTS[0], query: string = QUESTIONS[0]) {
  return server.send('POST', '/api/cache/query', { token: server.token({ tenant }), body: { query } });
}

/** The store's own text of an answer. */
async function textOf(vault: Vault, server: TestServer, tenant: string, query: string) {
  const name = (await ask(server, tenant, query)).json.key as string;
  const [key, text] = [...(await vault.entries(server))].find(([one]) => one.endsWith(name))!;
  return { key, text };
}

const flipped = (text: string) => {
  const bytes = Buffer.from(text, 'base64');
  bytes[bytes.length >> 1]! ^= 1;
  return bytes.toString('base64');
};
/** What a server without a key would write for the same entry. */
const plain = () => {
  const now = Date.now();
  const header = JSON.stringify([now, now + 60_000, now + 60_000, 'written', false, 0, [], null]);
  return Buffer.concat([Buffer.from('RP\x01\x01'), Buffer.from(`${header}\n{"value":"planted"}`)]).toString('base64');
};

const FORGERIES: [string, string, (own: string, others: { query: string; tenant: string }) => string][] = [
  ['changed in one bit', 'tampered', (own) => flipped(own)],
  ['moved from another question', 'tampered', (_, { query }) => query],
  ['moved from another tenant', 'unknown_key', (_, { tenant }) => tenant],
  ['cut short', 'tampered', (own) => own.slice(0, own.length - 12)],
  ['cut to its head', 'malformed', (own) => own.slice(0, 12)],
  ['written without a key', 'unsealed', plain],
  ['no entry at all', 'unsealed', () => '{"response":"planted"}'],
];

describe.each([
  ['Redis', () => redisVault],
  ['SQLite', () => sqliteVault],
])('tampered, moved, downgraded, replayed ciphertext in %s:', (_, of) => {
  it.each(FORGERIES)('an entry that was %s is a miss, deleted and counted (%s)', async (_, reason, forge) => {
    const vault = of();
    const server = await aServer(vault);
    const [tenant, stranger] = TENANTS;
    const own = await textOf(vault, server, tenant, QUESTIONS[0]);
    const others = {
      query: (await textOf(vault, server, tenant, QUESTIONS[1])).text,
      tenant: (await textOf(vault, server, stranger, QUESTIONS[0])).text,
    };
    const rejected = () => metric(server, 'resk_cache_rejected_entries_total', { tier: vault.tier, reason });
    const before = await rejected();

    await vault.put(server, own.key, forge(own.text, others));
    expect(await ask(server)).toMatchObject({ status: 200, json: { hit: false, source: 'none', result: null } });
    expect((await rejected()) - before).toBe(1);
    await expect.poll(async () => (await vault.entries(server)).has(own.key)).toBe(false);
    expect((await ask(server, tenant, QUESTIONS[1])).json.result).toBe(answerTo(tenant, QUESTIONS[1]));
    expect((await ask(server, stranger)).json.result).toBe(answerTo(stranger, QUESTIONS[0]));
  });

  it('an entry that comes back after its purge is not served', async () => {
    const vault = of();
    const server = await aServer(vault);
    const { key, text } = await textOf(vault, server, TENANTS[0], QUESTIONS[0]);
    await server.send('DELETE', '/api/cache?tag=aardvark', { token: server.token({ tenant: TENANTS[0] }) });
    await vault.put(server, key, text);
    expect(await ask(server)).toMatchObject({ status: 200, json: { hit: false } });
  });

  it('nothing that was said, nor by whom, can be read in the cache', async () => {
    const vault = of();
    const server = await aServer(vault);
    await ask(server);
    const seen = await vault.everything(server);
    expect(seen).toContain('resk:e:');
    expect(seen.match(PRIVATE)?.[0]).toBeUndefined();
  });

  it('even unsealed, no key of the store shows what was said, or by whom', async () => {
    const vault = of();
    const server = await aServer(vault, { CACHE_ENCRYPTION_KEY: '' });
    await server.send('DELETE', '/api/cache?tag=aardvark', { token: server.token({ tenant: TENANTS[1] }) });
    const keys = vault.tier === 'redis' ? await withRedis(keysOf) : rowsOf(server).map(({ key }) => key);
    expect(keys.length).toBeGreaterThan(2);
    expect(keys.join('\n')).not.toMatch(PRIVATE);
    // The words are really what lies there unsealed.
    expect(await vault.everything(server)).toMatch(PRIVATE);
  });
});

it('keys of another type and counters that are no numbers cost hits, and no caller an error', async () => {
  const server = await aServer(redisVault);
  await withRedis(async (client) => {
    for (const key of await client.keys('resk:*')) {
      const entry = String(key).startsWith('resk:e:');
      await client.del(key);
      if (entry) await client.hSet(key, 'a', 'b');
      else await client.set(key, 'no number');
    }
  });
  for (const tenant of TENANTS) {
    for (const query of QUESTIONS) {
      expect(await ask(server, tenant, query)).toMatchObject({ status: 200, json: { hit: false } });
      const body = { query, response: 'new' };
      const written = await server.send('POST', '/api/cache', { token: server.token({ tenant }), body });
      expect(written.status).toBe(200);
    }
  }
});

it('documents in the vector store are sealed too, and one that was changed is not found', async () => {
  const server = await aServer(sqliteVault, { VECTOR_THRESHOLD: '0' });
  const token = server.token({ tenant: TENANTS[0] });
  const documents = [
    { id: 'd1', text: 'Marmalade of Zanzibar', metadata: { place: 'zanzibar' }, subject: 'heliotrope' },
    { id: 'd2', text: 'Something else entirely' },
  ];
  await server.send('POST', '/api/vectors/upsert', { token, body: { documents } });
  const search = async () => server.send('POST', '/api/vectors/query', { token, body: { text: 'marmalade', k: 5 } });
  expect((await search()).json.matches).toHaveLength(2);

  const files = (await readdir(server.dataDir)).filter((name) => name.startsWith('vectors.sqlite'));
  const bytes = await Promise.all(files.map((name) => readFile(join(server.dataDir, name), 'latin1')));
  expect(bytes.join('')).not.toMatch(/zanzibar|marmalade|heliotrope/i);

  const database = new DatabaseSync(join(server.dataDir, 'vectors.sqlite'));
  database.exec(`UPDATE points SET payload = (SELECT payload FROM points WHERE id = 'd2') WHERE id = 'd1'`);
  database.close();
  const after = await search();
  expect(after.status).toBe(200);
  expect(after.json.matches.map(({ id }: { id: string }) => id)).toEqual(['d2']);
});
