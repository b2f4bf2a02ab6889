// The story of a question over every vector store that has a name: found, kept, served while the store is away, found again.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { MilvusDouble } from '../doubles/milvus.js';
import { Misbehaving } from '../doubles/misbehaving.js';
import { PineconeDouble } from '../doubles/pinecone.js';
import { WeaviateDouble } from '../doubles/weaviate.js';
import { startChroma } from '../support/chroma.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface Vendor {
  url: string;
  env?: Record<string, string>;
  /** Departures from the vendor's specification. */
  complaints?: string[];
  stop(): Promise<void>;
}

const VENDORS: Record<string, () => Promise<Vendor>> = {
  chroma: startChroma,
  pinecone: async () => {
    const double = await PineconeDouble.start();
    const { pathname } = new URL(double.makeIndex('resk', 64, 'cosine'));
    return {
      url: double.url,
      complaints: double.complaints,
      env: { PINECONE_API_KEY: 'pinecone-key', INDEX_PATH: pathname },
      stop: () => double.stop(),
    };
  },
  weaviate: () => WeaviateDouble.start(),
  milvus: () => MilvusDouble.start(),
};

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function aServerOn(type: string) {
  const vendor = await VENDORS[type]!();
  stops.push(() => vendor.stop());
  const between = await Misbehaving.inFrontOf(vendor.url);
  stops.push(() => between.stop());
  const { INDEX_PATH, ...env } = vendor.env ?? {};
  const address: Record<string, string> =
    INDEX_PATH === undefined ? { VECTORDB_URL: between.url } : { PINECONE_INDEX_HOST: `${between.url}${INDEX_PATH}` };
  const server = await startTestServer({
    VECTORDB_TYPE: type,
    EMBEDDING_DIMENSIONS: '64',
    VECTOR_THRESHOLD: '0.6',
    CACHE_TTL: '1s',
    CACHE_TTL_JITTER: '0',
    CACHE_STALE: '1h',
    ...address,
    ...env,
  });
  stops.push(() => server.stop());
  return { vendor, between, server };
}

const DOCUMENTS = [
  { id: 'hours', text: 'We open at nine on weekdays.', metadata: { topic: 'hours' }, source: 'faq' },
  { id: 'price', text: 'A ticket costs four euros.', metadata: { topic: 'price' } },
  { id: 'secret', text: 'We open at nine, but tell nobody.', consent: false },
];

const asking = (server: TestServer) => async (query: string, vector?: object) =>
  (await server.send('POST', '/api/cache/query', { body: { query, vector } })).json;

/** What is asked until it is as expected: a circuit that opened closes after a while. */
async function until(ask: () => Promise<{ source?: string }>, source: string): Promise<object> {
  for (const end = Date.now() + 25_000; ; await pause(500)) {
    const answer = await ask();
    if (answer.source === source || Date.now() > end) return answer;
  }
}

describe.each(Object.keys(VENDORS))('%s', (type) => {
  test('a question is retrieved once, kept, served stale while the store is away, and retrieved again', async () => {
    const { vendor, between, server } = await aServerOn(type);
    const ask = asking(server);
    const upserted = await server.send('POST', '/api/vectors/upsert', { body: { documents: DOCUMENTS } });
    expect(upserted.json).toEqual({ upserted: 3 });

    const first = await ask('When do you open on weekdays?', { k: 2 });
    expect(first).toMatchObject({ hit: false, status: 'miss', source: 'vectordb' });
    expect(first.result.matches[0]).toMatchObject({ id: 'hours', text: DOCUMENTS[0]!.text, source: 'faq' });
    expect(JSON.stringify(first.result)).not.toContain('tell nobody');
    const filtered = await ask('When do you open on weekdays?', { k: 2, filter: { topic: 'price' }, threshold: 0 });
    expect(filtered.result.matches.map(({ id }: { id: string }) => id)).toEqual(['price']);
    expect(await ask('When do you open on weekdays?', { k: 2 })).toMatchObject({ hit: true, source: 'cache' });

    await pause(1100);
    between.always({ status: 503, body: { error: 'of the vendor' } });
    const stale = await ask('When do you open on weekdays?', { k: 2 });
    expect(stale).toMatchObject({ hit: true, status: 'stale', result: first.result });
    const away = await server.send('POST', '/api/cache/query', { body: { query: 'What does a ticket cost?' } });
    expect([502, 503]).toContain(away.status);
    expect(away.json.code).toMatch(/^(vector|call)\./);
    expect(away.json.detail).toContain(type);
    expect(away.text).not.toMatch(/of the vendor|127\.0\.0\.1/);

    between.always();
    expect(await until(() => ask('What does a ticket cost?'), 'vectordb')).toMatchObject({ source: 'vectordb' });
    expect(vendor.complaints ?? []).toEqual([]);
  });

  test('tenants meet neither in the store nor in its collections', async () => {
    const { server } = await aServerOn(type);
    const token = (tenant: string) => server.token({ tenant });
    const upsert = (tenant: string, text: string) =>
      server.send('POST', '/api/vectors/upsert', { token: token(tenant), body: { documents: [{ id: 'd', text }] } });
    await upsert('north', 'We open at nine.');
    await upsert('south', 'We open at ten.');
    const search = async (tenant: string) =>
      (await server.send('POST', '/api/vectors/query', { token: token(tenant), body: { text: 'open', k: 5 } })).json;
    expect((await search('north')).matches.map(({ text }: { text: string }) => text)).toEqual(['We open at nine.']);
    expect((await search('south')).matches.map(({ text }: { text: string }) => text)).toEqual(['We open at ten.']);
    const listed = await server.send('GET', '/api/vectors/collections', { token: token('third') });
    expect(listed.json).toEqual({ collections: [] });
    await server.send('DELETE', '/api/vectors/collections/default', { token: token('north') });
    expect((await search('south')).matches).toHaveLength(1);
  });
});
