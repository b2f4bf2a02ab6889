// The newcomer's path over HTTP: write an answer, ask for it, ask for what only the documents know.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const ask = (body: object) => server.send('POST', '/api/cache/query', { body });

describe('quick start', () => {
  it('answers from the cache what was written to it, with tier, age and latencies', async () => {
    const written = await server.send('POST', '/api/cache', {
      body: { query: 'Hello', response: { answer: 'Hi' }, ttl: 3600 },
    });
    expect(written).toMatchObject({ status: 200, json: { success: true, key: expect.stringMatching(/^[\w-]{43}$/) } });
    const { status, json, headers } = await ask({ query: ' hello! ' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      result: { answer: 'Hi' },
      hit: true,
      status: 'hit',
      source: 'cache',
      tier: 'memory',
      age: 0,
    });
    expect(json.latencies.total).toBeGreaterThanOrEqual(json.latencies.cache);
    expect(json.key).toBe(written.json.key);
    expect(headers.get('x-cache-status')).toBe('hit');
    expect(headers.get('cache-status')).toMatch(/^resk-caching; hit; ttl=\d+; detail=memory$/);
  });

  it('answers from the documents what the cache does not hold, and the second time from the cache', async () => {
    const documents = [
      { id: 'a', text: 'The library opens at nine in the morning.', metadata: { topic: 'hours' } },
      { id: 'b', text: 'A lost card is replaced for five euros.', metadata: { topic: 'cards' } },
    ];
    expect((await server.send('POST', '/api/vectors/upsert', { body: { documents } })).json).toEqual({ upserted: 2 });
    const first = await ask({ query: 'When does the library open in the morning?' });
    expect(first.json).toMatchObject({ hit: false, status: 'miss', source: 'vectordb', tier: null });
    expect(first.json.result.matches[0]).toMatchObject({ id: 'a', metadata: { topic: 'hours' } });
    expect(first.json.latencies).toMatchObject({ embeddings: expect.any(Number), vectordb: expect.any(Number) });
    const second = await ask({ query: 'When does the library open in the morning?' });
    expect(second.json).toMatchObject({ hit: true, source: 'cache', tier: 'memory', result: first.json.result });
  });

  it('says so when nothing is near enough', async () => {
    const { json } = await ask({ query: 'zzz qqq xxx', vector: { threshold: 0.99 } });
    expect(json).toMatchObject({ result: null, hit: false, source: 'none', expiresAt: null });
  });
});
