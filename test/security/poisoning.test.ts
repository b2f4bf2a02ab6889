// Nobody but a tenant's writers decides what its cache answers: not who asks, not a provider that fails, not a size.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Behaviour, behaving, OpenAiDouble } from '../doubles/openai.js';
import { startTestServer, type TestServer } from '../support/server.js';

let provider: OpenAiDouble;
let server: TestServer;
beforeAll(async () => {
  provider = await OpenAiDouble.start();
  server = await startTestServer({
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: provider.url,
    EMBEDDING_API_KEY: 'none',
    EMBEDDING_DIMENSIONS: '8',
    EMBEDDING_RETRIES: '0',
    VECTOR_THRESHOLD: '0',
    CACHE_NEGATIVE_TTL: '1h',
    CACHE_ENTRY_MAX: '4KiB',
  });
});
afterAll(async () => {
  await server.stop();
  await provider.stop();
});

let tenants = 0;
function aTenant() {
  const tenant = `tenant-${++tenants}`;
  const writer = server.token({ tenant });
  const reader = server.token({ tenant, scopes: ['cache:read'] });
  const post = (token: string) => (path: string, body: unknown) => server.send('POST', path, { token, body });
  return { write: post(writer), read: post(reader) };
}

const QUESTION = { query: 'When do you open?' };
const DOCUMENTS = { documents: [{ id: 'd', text: 'We open at nine.' }] };

describe('a reader', () => {
  it('writes nothing: neither an answer, nor documents, nor answers in bulk', async () => {
    const { read } = aTenant();
    const writes = [
      read('/api/cache', { ...QUESTION, response: 'never' }),
      read('/api/cache/warmup', { entries: [{ ...QUESTION, response: 'never' }] }),
      read('/api/vectors/upsert', DOCUMENTS),
    ];
    for (const one of await Promise.all(writes))
      expect(one).toMatchObject({ status: 403, json: { code: 'auth.scope' } });
    expect((await read('/api/cache/query', QUESTION)).json).toMatchObject({ result: null, source: 'none' });
  });

  it('does not put what is retrieved in the place of what was written', async () => {
    const { write, read } = aTenant();
    await write('/api/vectors/upsert', DOCUMENTS);
    await write('/api/cache', { ...QUESTION, response: 'at nine' });
    await read('/api/cache/query', { ...QUESTION, forceRefresh: true, ttl: 1 });
    const provenance = { origin: 'written' };
    expect((await read('/api/cache/query', QUESTION)).json).toMatchObject({ result: 'at nine', hit: true, provenance });
  });

  it('is told of each answer whether it was written by hand', async () => {
    const { write, read } = aTenant();
    await write('/api/vectors/upsert', DOCUMENTS);
    const origins = async () => (await read('/api/cache/query', QUESTION)).json.provenance.origin;
    expect([await origins(), await origins()]).toEqual(['vectordb', 'vectordb']);
    await write('/api/cache', { ...QUESTION, response: 'at nine' });
    expect(await origins()).toBe('written');
  });
});

describe('a provider', () => {
  const failing: [string, Behaviour][] = [
    ['fails', behaving.serverError(500)],
    ['breaks off', behaving.truncated()],
    ['ends early', behaving.halved()],
    ['gives vectors of another length', behaving.withDimensions(3)],
    ['leaves out a vector', behaving.withoutLast()],
    ['answers in another form', behaving.refusingOddly(200, '{"data":"soon"}')],
  ];

  it.each(failing)('that %s leaves nothing behind, not even that there is nothing', async (_, behaviour) => {
    const { write, read } = aTenant();
    await write('/api/vectors/upsert', DOCUMENTS);
    provider.next(behaviour);
    const failed = await read('/api/cache/query', QUESTION);
    expect(failed.status).toBeGreaterThanOrEqual(500);
    const { entries } = (
      await server.send('GET', '/api/cache/entries', { token: server.token({ tenant: `tenant-${tenants}` }) })
    ).json;
    expect(entries).toEqual([]);
    expect((await read('/api/cache/query', QUESTION)).json).toMatchObject({ hit: false, source: 'vectordb' });
  });
});

it('what is too large is refused where it is written, and given but not kept where it is retrieved', async () => {
  const { write, read } = aTenant();
  expect((await write('/api/cache', { ...QUESTION, response: 'x'.repeat(5000) })).status).toBe(413);
  await write('/api/vectors/upsert', { documents: [{ id: 'd', text: 'We open at nine. '.repeat(400) }] });
  for (let asked = 0; asked < 2; asked++) {
    expect((await read('/api/cache/query', QUESTION)).json).toMatchObject({ source: 'vectordb', expiresAt: null });
  }
});
