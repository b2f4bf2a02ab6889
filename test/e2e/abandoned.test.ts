// A caller who gives up is counted all the same: with the failure that the server came to, else as having left.
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Behaviour, behaving, honestly, OpenAiDouble } from '../doubles/openai.js';
import { metric } from '../support/metrics.js';
import { startTestServer, type TestServer } from '../support/server.js';

const PATH = '/api/cache/query';
let openai: OpenAiDouble;
beforeAll(async () => {
  openai = await OpenAiDouble.start();
});
beforeEach(() => openai.reset());
afterAll(() => openai.stop());

/** Answers once the returned function is called. */
function waiting(): { behaviour: Behaviour; go: () => void } {
  const { promise, resolve: go } = Promise.withResolvers<void>();
  return { behaviour: (exchange) => void promise.then(() => honestly(exchange)), go };
}

describe.each(['true', 'false'])('with HTTP_HOT_ROUTES=%s', (hot) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      HTTP_HOT_ROUTES: hot,
      CACHE_BACKEND: 'memory',
      EMBEDDING_PROVIDER: 'openai',
      EMBEDDING_BASE_URL: openai.url,
      EMBEDDING_DIMENSIONS: '8',
      EMBEDDING_RETRIES: '0',
      EMBEDDING_TIMEOUT: '1s',
      VECTOR_THRESHOLD: '0',
    });
    const documents = [{ id: 'd', vector: Array(8).fill(1) }];
    await server.send('POST', '/api/vectors/upsert', { body: { documents } });
  });
  afterAll(() => server.stop());

  /** Begins a request, and gives how to hang up. */
  function begin(path: string, headers: Record<string, string>, body: string) {
    const sent = request(new URL(path, server.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${server.token()}`, expect: '100-continue', ...headers },
    });
    sent.on('error', () => {});
    sent.flushHeaders();
    const begun = once(sent, 'continue').then(() => sent.write(body));
    return { sent, begun, leave: () => new Promise((left) => sent.on('close', left).destroy()) };
  }

  async function leaveQuestion(query: string): Promise<void> {
    const before = openai.requests.length;
    const { sent, begun, leave } = begin(PATH, { 'content-type': 'application/json' }, JSON.stringify({ query }));
    await begun;
    sent.end();
    await expect.poll(() => openai.requests.length).toBe(before + 1);
    await leave();
  }

  const counted = (route: string, code: string) => metric(server, 'resk_http_requests_total', { route, code });

  it('counts what fails after its caller has left with its own status', async () => {
    openai.next(behaving.hanging());
    await leaveQuestion('nobody waits for this failure');
    await expect.poll(() => counted(PATH, '504'), { timeout: 10_000 }).toBe(1);
    expect(await metric(server, 'resk_http_failures_total', { route: PATH })).toBe(1);
    expect(await counted(PATH, '499')).toBe(0);
  });

  it('counts what is answered after its caller has left as 499, once', async () => {
    const { behaviour, go } = waiting();
    openai.next(behaviour);
    await leaveQuestion('nobody waits for this answer');
    go();
    await expect.poll(() => counted(PATH, '499'), { timeout: 10_000 }).toBe(1);
    expect(await counted(PATH, '200')).toBe(0);
  });

  it.each([
    ['a question', PATH, 'application/json', '{"query":'],
    ['lines', '/api/vectors/ingest', 'application/x-ndjson', '{"id":"x","text":"a text"}\n'],
  ])('counts a caller who leaves amid a body of %s as 499, and not as a fault', async (_, path, type, part) => {
    const before = await counted(path, '499');
    const { begun, leave } = begin(path, { 'content-type': type, 'content-length': '1000' }, part);
    await begun;
    await leave();
    await expect.poll(() => counted(path, '499'), { timeout: 10_000 }).toBe(before + 1);
    expect(await metric(server, 'resk_http_failures_total', { code: 'internal.unexpected' })).toBe(0);
  });
});
