// Both stores keep the promises of their port.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { byteStoreContract, Secret } from '#ports';
import { RedisConnection } from '#records';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { RedisStore, SqliteStore } from '../src/index.js';
import { aFolder } from './support/a-cache.js';

describe('the SQLite store', () => {
  for (const { name, run } of byteStoreContract(open)) test(name, () => inOneFolder(run));

  let folder: string;
  async function inOneFolder(run: () => Promise<void>): Promise<void> {
    folder = await aFolder();
    await run();
  }
  function open() {
    return SqliteStore.open({ file: join(folder, 'deep', 'cache.sqlite') });
  }
});

describe('the Redis store', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  for (const { name, run } of byteStoreContract(open)) test(name, run);

  test('takes no cursor that Redis did not give, so that nobody who makes them up has it taken for broken', async () => {
    const store = await open();
    for (const cursor of ['', 'odd', '-1', 'NaN', '1'.repeat(21), '99999999999999999999']) {
      const refused = store.list('p:', { cursor, limit: 1 });
      await expect(refused).rejects.toMatchObject({ code: 'request.invalid', problems: [{ path: 'cursor' }] });
    }
    for (const cursor of ['0', '17', '18446744073709551615']) await store.list('p:', { cursor, limit: 1 });
    await store.close();
  });

  async function open() {
    const connection = RedisConnection.open(new Secret(redis.url), { timeoutMs: 2000 });
    await connection.opened();
    return new OwningStore(connection);
  }
});

/** Closes its connection with itself, as no other shares it here. */
class OwningStore extends RedisStore {
  constructor(private readonly own: RedisConnection) {
    super(own);
  }

  override async close(): Promise<void> {
    await this.own.close();
  }
}
