// The one connection to Redis: what is asked while Redis is away fails at once, and what is heard is heard again.
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '#ports';
import { freePort, type RedisServer, startRedis } from '../../../test/support/redis.js';
import { LocalBus, openRedis, RedisBus, RedisConnection } from '../src/index.js';
import { aConnection } from './support/some-records.js';

async function aRedis(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const redis = await startRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

test('runs a script by its digest, also after Redis has forgotten it', async () => {
  const connection = await aConnection((await aRedis()).url);
  const script = connection.script('return redis.call("INCRBY", KEYS[1], ARGV[1])');
  expect(await script.run(['n'], ['2'])).toBe(2);
  await connection.run('flush', (client) => client.sendCommand(['SCRIPT', 'FLUSH']));
  expect(await script.run(['n'], ['3'])).toBe(5);
  await expect(connection.script('return redis.error_reply("no")').run([], [])).rejects.toMatchObject({
    code: 'cache.store_unavailable',
  });
});

test('limits a call more tightly where asked', async () => {
  const redis = await aRedis();
  const connection = await aConnection(redis.url, { timeoutMs: 60_000 });
  redis.freeze();
  await expect(connection.run('get', (client) => client.get('a'), { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'cache.store_unavailable',
    cause: { code: 'call.timeout' },
  });
  redis.thaw();
});

test('hears a topic that it subscribed to while Redis was frozen or down', async () => {
  const redis = await aRedis();
  const connection = await aConnection(redis.url);
  const messages: string[] = [];
  redis.freeze();
  const frozen = new RedisBus(connection, 'p');
  await frozen.subscribe('frozen', (message) => messages.push(message));
  redis.thaw();
  await expect
    .poll(() => connection.run('publish', (client) => client.publish('p:b:frozen', 'thawed')).catch(() => 0))
    .toBe(1);
  await redis.kill();
  const stop = await frozen.subscribe('down', (message) => messages.push(message));
  await redis.restart();
  await expect
    .poll(() => connection.run('publish', (client) => client.publish('p:b:down', 'up')).catch(() => 0))
    .toBe(1);
  await expect.poll(() => messages).toEqual(['thawed', 'up']);
  await stop();
  await frozen.publish('down', 'unheard');
  await frozen.publish('frozen', 'last');
  await expect.poll(() => messages.at(-1)).toBe('last');
  expect(messages).not.toContain('unheard');
  await frozen.close();
});

test('closes while it is still trying to connect', async () => {
  const connection = RedisConnection.open(new Secret(`redis://127.0.0.1:${await freePort()}`));
  await connection.close();
  await connection.close();
  await expect(connection.run('ping', (client) => client.ping())).rejects.toMatchObject({
    code: 'cache.store_unavailable',
  });
});

test('needs an address', () => {
  expect(() => openRedis({ redisUrl: undefined, storeTimeoutMs: 250 })).toThrow(
    expect.objectContaining({ code: 'cache.store_refused' }),
  );
});

test('the bus within a process carries messages to all who hear the topic, until they stop', async () => {
  const bus = new LocalBus();
  const heard: string[] = [];
  const stop = await bus.subscribe('a', (message) => heard.push(`first ${message}`));
  await bus.subscribe('a', (message) => heard.push(`second ${message}`));
  await bus.publish('a', '1');
  await bus.publish('b', '2');
  await stop();
  await bus.publish('a', '3');
  await bus.close();
  await bus.close();
  await bus.publish('a', '4');
  expect(heard).toEqual(['first 1', 'second 1', 'second 3']);
});
