// The whole story of a request is one trace, from its door through Redis, SQLite and the providers, and its reply names it.
import { describe, expect, test } from 'vitest';
import { hasOtlpProtos, type ReceivedSpan } from '../doubles/otlp-receiver.js';
import { doors } from '../support/event-clients.js';
import { aStory, outline, type Story, treeOf } from './story.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
const LINES = '{"id":"a","text":"opening hours"}\n{"id":"b","text":"closing hours"}\n';
const QUESTION = { query: 'When do you open?', vector: { collection: 'faq', rerank: true, k: 1 } };

if (!hasOtlpProtos) console.warn('Did not run: signals read as protobuf (the published OTLP protos are not here).');

const ingest = ({ server }: Story) =>
  server.send('POST', '/api/vectors/ingest?collection=faq', { raw: LINES, headers: NDJSON });
const ask = ({ server }: Story, body: object = QUESTION, headers: Record<string, string> = {}) =>
  server.send('POST', '/api/cache/query', { body, headers });

/** The id of the trace that a reply names. */
function traceOf({ headers }: { headers: Headers }): { traceId: string; spanId: string; flags: string } {
  const [, traceId, spanId, flags] = /traceparent;desc="00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})"/.exec(
    headers.get('server-timing') ?? '',
  )!;
  return { traceId: traceId!, spanId: spanId!, flags: flags! };
}

/** Names of the spans of one trace, each with the name of its parent. */
function parentsIn(spans: readonly ReceivedSpan[], traceId: string): Set<string> {
  const own = spans.filter((one) => one.traceId === traceId);
  const nameOf = (id: string) => own.find(({ spanId }) => spanId === id)?.name ?? '-';
  return new Set(own.map(({ name, parentSpanId }) => `${name} < ${nameOf(parentSpanId)}`));
}

describe('the trace of a question', () => {
  test('that must be retrieved holds every look-up, call and step under what caused it', async () => {
    const story = await aStory();
    await ingest(story);
    const { traceId, spanId } = traceOf(await ask(story));
    await story.end();
    const { spans, problems } = story.receiver;
    const redis = story.receiver.spans.find(({ name }) => name.startsWith('MGET'))!;
    const [place] = /127\.0\.0\.1:\d+/.exec(redis.name)!;
    expect(problems).toEqual([]);
    const root = 'POST /api/cache/query';
    const relations = parentsIn(spans, traceId);
    for (const relation of [
      `${root} < -`,
      `EVALSHA ${place} < ${root}`,
      `cache lookup < ${root}`,
      'get redis < cache lookup',
      `MGET ${place} < get redis`,
      `embeddings text-embedding-3-small < ${root}`,
      'addWithin records < embeddings text-embedding-3-small',
      'POST < embeddings text-embedding-3-small',
      `retrieval search < ${root}`,
      'query embedded < retrieval search',
      `retrieval rerank < ${root}`,
      'rerank cohere < retrieval rerank',
      'POST < rerank cohere',
      `set redis < ${root}`,
      `SET ${place} < set redis`,
    ])
      expect(relations).toContain(relation);
    // Nothing hangs in the air.
    expect([...relations].filter((relation) => relation.endsWith(' < -'))).toEqual([`${root} < -`]);
    expect(spans.find((one) => one.spanId === spanId)).toMatchObject({
      kind: SERVER,
      parentSpanId: '',
      attributes: { 'resk.answer.status': 'miss', 'resk.answer.source': 'vectordb', 'http.response.status_code': 200 },
    });
    expect(redis).toMatchObject({
      kind: CLIENT,
      attributes: { 'db.system.name': 'redis', 'db.operation.name': 'MGET', 'server.address': '127.0.0.1' },
    });
    const sqlite = spans.find(({ name }) => name === 'addWithin records')!;
    expect(sqlite).toMatchObject({ kind: INTERNAL, attributes: { 'db.system.name': 'sqlite' } });
    expect(sqlite.endMs).toBeGreaterThanOrEqual(sqlite.startMs);
  });

  test('goes on at the providers: each attempt names its own span to them', async () => {
    const story = await aStory();
    await ingest(story);
    const before = [story.openai.requests.length, story.reranker.requests.length];
    const { traceId } = traceOf(await ask(story));
    await story.end();
    const calls = story.receiver.spans.filter((one) => one.name === 'POST' && one.traceId === traceId);
    const told = [...story.openai.requests.slice(before[0]), ...story.reranker.requests.slice(before[1])].map(
      ({ headers }) => headers,
    );
    expect(told.map(({ traceparent }) => traceparent)).toEqual(calls.map(({ spanId }) => `00-${traceId}-${spanId}-01`));
    expect(calls).toHaveLength(2);
  });

  test('that memory answers is the request and one look-up', async () => {
    const story = await aStory();
    await story.server.send('POST', '/api/cache', { body: { query: 'known', response: 'yes' } });
    const { traceId } = traceOf(await ask(story, { query: 'known' }));
    await story.end();
    const root = story.receiver.spans.find((one) => one.traceId === traceId && one.parentSpanId === '')!;
    expect(outline(treeOf(story.receiver.spans, root)).filter((line) => !line.includes('EVALSHA'))).toEqual([
      'POST /api/cache/query',
      '  cache lookup',
    ]);
    expect(root.attributes['resk.answer.status']).toBe('hit');
  });

  test('that a caller has begun goes on with it, and is recorded as the caller decided', async () => {
    const story = await aStory();
    const traceId = 'c'.repeat(32);
    const reply = (flags: string) =>
      ask(story, { query: 'whose?' }, { traceparent: `00-${traceId}-${'d'.repeat(16)}-${flags}` });
    const [recorded, unrecorded] = [traceOf(await reply('01')), traceOf(await reply('00'))];
    await story.end();
    expect([recorded, unrecorded]).toMatchObject([
      { traceId, flags: '01' },
      { traceId, flags: '00' },
    ]);
    const own = story.receiver.spans.filter((one) => one.parentSpanId === 'd'.repeat(16));
    expect(own.map(({ spanId }) => spanId)).toEqual([recorded.spanId]);
  });

  test('that fails at a provider says where and by which code', async () => {
    const story = await aStory({ EMBEDDING_RETRIES: '1' });
    await ingest(story);
    story.openai.always(({ response }) => response.writeHead(500).end('{}'));
    const failed = await ask(story, { query: 'unanswerable', vector: { collection: 'faq' } });
    const { traceId } = traceOf(failed);
    await story.end();
    expect(failed.status).toBe(502);
    const wrong = story.receiver.spans.filter((one) => one.traceId === traceId && one.status === 2);
    expect(wrong.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual(
      expect.arrayContaining([
        ['POST', '500'],
        ['embeddings text-embedding-3-small', 'embedding.provider_failed'],
        ['POST /api/cache/query', 'embedding.provider_failed'],
      ]),
    );
    expect(wrong.filter(({ name }) => name === 'POST')).toHaveLength(2);
  });
});

describe('what is traced', () => {
  test('is each request, refused ones too; not the probes and the scraper', async () => {
    const story = await aStory();
    const { server } = story;
    const refused = await ask(story, { query: 1 });
    const stranger = await server.send('POST', '/api/cache/query', { body: { query: 'x' }, token: 'no token' });
    const broken = await server.send('POST', '/api/cache/query', { raw: '{' });
    const lost = await server.send('GET', '/nowhere');
    for (const path of ['/health', '/health/live', '/health/ready', '/api/metrics'])
      expect((await server.send('GET', path)).headers.get('server-timing')).toBeNull();
    await story.end();
    const found = [refused, stranger, broken, lost].map((reply) => {
      const { name, attributes } = story.receiver.spans.find(({ spanId }) => spanId === traceOf(reply).spanId)!;
      return [name, attributes['http.response.status_code'], attributes['error.type']];
    });
    expect(found).toEqual([
      ['POST /api/cache/query', 400, 'request.invalid'],
      ['POST /api/cache/query', 401, 'auth.malformed'],
      ['POST /api/cache/query', 400, expect.any(String)],
      ['GET', 404, 'request.not_found'],
    ]);
    expect(story.receiver.spans.some(({ name }) => /health|metrics/.test(name))).toBe(false);
  });

  test('is a long intake batch by batch', async () => {
    const story = await aStory();
    const lines = Array.from({ length: 300 }, (_, at) => JSON.stringify({ id: `d${at}`, text: `text ${at}` }));
    const reply = await story.server.send('POST', '/api/vectors/ingest', { raw: lines.join('\n'), headers: NDJSON });
    const { traceId, spanId } = traceOf(reply);
    await story.end();
    const parts = story.receiver.spans.filter((one) => one.name === 'ingest part' && one.traceId === traceId);
    expect(parts.map(({ attributes }) => attributes['resk.items'])).toEqual([256, 44]);
    expect(parts.every(({ parentSpanId }) => parentSpanId === spanId)).toBe(true);
    expect(parentsIn(story.receiver.spans, traceId)).toContain('upsert embedded < ingest part');
  });

  test('is what is refreshed behind a stale answer, in a trace of its own that names the request', async () => {
    const story = await aStory({ CACHE_STALE: '1h' });
    await ingest(story);
    const body = { ...QUESTION, ttl: 1 };
    await ask(story, body);
    let reply = await ask(story, body);
    await expect
      .poll(async () => {
        reply = await ask(story, body);
        return reply.json.status;
      })
      .toBe('stale');
    await expect.poll(() => story.receiver.spans.some(({ name }) => name === 'refresh')).toBe(true);
    await story.end();
    const { traceId, spanId } = traceOf(reply);
    const refresh = story.receiver.spans.find((one) => one.links.some((link) => link.spanId === spanId))!;
    expect(refresh).toMatchObject({ name: 'refresh', parentSpanId: '', links: [{ traceId, spanId }] });
    expect(refresh.traceId).not.toBe(traceId);
    expect(parentsIn(story.receiver.spans, refresh.traceId)).toContain('query embedded < retrieval search');
  });
});

describe.each(Object.entries(doors))('events over %s', (name, connect) => {
  const door = name === 'Socket.IO' ? 'socket.io' : 'websocket';

  test('are traces of their own, linked to the handshake, which receivers may go on with', async () => {
    const story = await aStory();
    const listener = await connect(story.server.url, story.server.token());
    const publisher = await connect(story.server.url, story.server.token());
    const [traceId, parent] = ['e'.repeat(32), 'f'.repeat(16)];
    await listener.say({ type: 'subscribe', channel: 'tickets-of-mr-smith' });
    const traceparent = `00-${traceId}-${parent}-01`;
    const frame = { type: 'publish', channel: 'tickets-of-mr-smith', data: { text: 'a secret matter' }, traceparent };
    expect(await publisher.say(frame)).toMatchObject({ ok: true });
    const delivery = await listener.next();
    expect(await publisher.say({ type: 'publish', channel: 'x', data: 1, traceparent: 'garbage' })).toMatchObject({
      ok: true,
    });
    await publisher.say('{');
    for (const one of [listener, publisher]) one.close();
    await story.end();
    const { spans, everything } = story.receiver;
    const published = spans.find((one) => one.traceId === traceId)!;
    expect(published).toMatchObject({ name: `publish ${door}`, parentSpanId: parent, kind: SERVER });
    expect(delivery).toMatchObject({ traceparent: `00-${traceId}-${published.spanId}-01` });
    const handshakes = spans.filter((one) => one.name === `handshake ${door}`);
    expect(handshakes).toHaveLength(2);
    const subscribed = spans.find((one) => one.name === `subscribe ${door}`)!;
    expect(subscribed.parentSpanId).toBe('');
    expect(handshakes.map(({ spanId }) => spanId)).toContain(subscribed.links[0]!.spanId);
    expect(spans.find((one) => one.name === `unreadable ${door}`)).toMatchObject({
      status: 0,
      attributes: { 'error.type': 'event.frame_invalid' },
    });
    expect(everything).not.toMatch(/smith|secret matter/);
  });

  test('that cannot connect are handshakes that say why', async () => {
    const story = await aStory();
    await expect(connect(story.server.url, 'no token')).rejects.toThrow();
    await story.end();
    expect(story.receiver.span(`handshake ${door}`)).toMatchObject({
      status: 0,
      attributes: { 'error.type': 'auth.malformed' },
    });
  });
});
