// What is said to the service stays with it: no key, log line, metric, event or error shows a prompt or an answer.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@keyv/redis';
import { expect, onTestFinished, test } from 'vitest';
import { SCOPES } from '#auth';
import { behaving, OpenAiDouble } from '../doubles/openai.js';
import { ensureBuilt, startChildServer } from '../support/child-server.js';
import { connectPlain } from '../support/event-clients.js';
import { startRedis } from '../support/redis.js';

/** Said as a question, an answer, a document, a person, a tag, a variant; each must leave no trace but the reply itself. */
const SAID = /zanzibar|marmalade|aardvark|heliotrope/i;

test('prompt in a key name, log, metric, event or error', { timeout: 120_000 }, async () => {
  ensureBuilt();
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const openai = await OpenAiDouble.start({ apiKey: 'sk-never-to-be-seen' });
  onTestFinished(() => openai.stop());
  const server = await startChildServer({
    LOG_LEVEL: 'trace',
    CACHE_BACKEND: 'redis',
    REDIS_URL: redis.url,
    CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64'),
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: openai.url,
    EMBEDDING_API_KEY: 'sk-never-to-be-seen',
    EMBEDDING_DIMENSIONS: '8',
    EMBEDDING_RETRIES: '0',
    VECTOR_THRESHOLD: '0',
    OUTGOING_ALLOWED_HOSTS: '127.0.0.1',
  });
  let log = '';
  server.process.stdout!.on('data', (part) => (log += part));
  server.process.stderr!.on('data', (part) => (log += part));
  const token = server.token({ tenant: 'north', scopes: SCOPES });
  const events: string[] = [];
  const socket = await connectPlain(server.url, token);
  await socket.say({ type: 'subscribe', channel: 'events' });
  void (async () => {
    for (;;) events.push(JSON.stringify(await socket.next()));
  })();

  const errors: string[] = [];
  const send = async (method: string, path: string, body?: object) => {
    const reply = await server.send(method, path, { token, ...(body && { body }) });
    if (reply.status >= 400) errors.push(reply.text, JSON.stringify([...reply.headers]));
    return reply;
  };
  const question = 'When does Zanzibar open?';
  await send('POST', '/api/cache', {
    query: question,
    response: { answer: 'marmalade' },
    tags: ['aardvark'],
    subject: 'heliotrope',
  });
  await send('POST', '/api/cache/query', { query: question });
  await send('POST', '/api/vectors/upsert', {
    documents: [{ id: 'd1', text: 'marmalade of zanzibar', subject: 'heliotrope', source: 'aardvark.txt' }],
  });
  await send('POST', '/api/cache/query', { query: 'Is there marmalade?' });
  await send('POST', '/api/vectors/query', {
    text: 'marmalade',
    filter: { op: 'eq', field: 'aardvark', value: 'zanzibar' },
  });
  // And everything that fails with it.
  openai.next(behaving.serverError());
  await send('POST', '/api/cache/query', { query: 'zanzibar fails' });
  openai.next(behaving.refusingText('zanzibar is refused', { named: true }));
  await send('POST', '/api/cache/query', { query: 'zanzibar is refused' });
  await send('POST', '/api/cache/query', { query: question, zanzibar: 1, vector: { collection: 'zanzibar!' } });
  await send('POST', '/api/cache', { query: question, response: 'marmalade', ttl: 'aardvark', tags: ['aardvark!'] });
  await send('DELETE', `/api/cache?query=${encodeURIComponent(question)}&tag=aardvark`);
  await send('DELETE', `/api/cache?query=${encodeURIComponent(question)}`);
  await send('DELETE', '/api/cache?subject=heliotrope');
  await send('GET', `/api/zanzibar/marmalade?aardvark=${encodeURIComponent(question)}`);
  await send('POST', '/api/vectors/delete', { subject: 'heliotrope' });
  await send('POST', '/api/embeddings', { input: ['marmalade'], model: 'zanzibar' });
  expect(errors.length).toBeGreaterThan(8);

  // A field that does not exist is named, as the one who sent it must know which; nothing else of the texts is.
  const told = errors.join('\n').replaceAll(/"path":"(vector\.)?zanzibar"/g, '');
  expect(told.match(SAID)?.[0]).toBeUndefined();
  await expect.poll(() => events.length).toBeGreaterThan(2);
  expect(events.join('\n').match(SAID)?.[0]).toBeUndefined();
  const metrics = (await server.send('GET', '/api/metrics', { token: null })).text;
  expect(metrics).toContain('resk_');
  expect(metrics.match(SAID)?.[0]).toBeUndefined();
  await expect.poll(() => log).toContain('request answered');
  expect(log.match(SAID)?.[0]).toBeUndefined();
  expect(log).not.toContain('sk-never-to-be-seen');
  expect(log).not.toContain(token);

  const client = createClient({ url: redis.url });
  await client.connect();
  const keys = (await client.keys('*')).map(String);
  client.destroy();
  expect(keys.length).toBeGreaterThan(2);
  expect(keys.join('\n')).not.toMatch(SAID);
  for (const name of await readdir(server.dataDir, { recursive: true })) {
    const file = join(server.dataDir, name);
    if (!(await stat(file)).isFile()) continue;
    expect((await readFile(file, 'latin1')).match(SAID)?.[0], name).toBeUndefined();
  }
});
