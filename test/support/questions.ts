// One question's whole way, for tests: a server whose embeddings come from a double, tenants of its own, time that stands.
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type Behaviour, honestly, OpenAiDouble } from '../doubles/openai.js';
import { Clock } from './clock.js';
import { startTestServer, type TestServer } from './server.js';

export const API_KEY = 'sk-never-to-be-seen';
export let clock: Clock;
export let openai: OpenAiDouble;
let server: TestServer;

/** Settings of a server that asks the double. Nothing is far and nothing is retried, unless a test says so. */
const settings = (env: Record<string, string>) => ({
  EMBEDDING_PROVIDER: 'openai',
  EMBEDDING_BASE_URL: openai.url,
  EMBEDDING_API_KEY: API_KEY,
  EMBEDDING_DIMENSIONS: '8',
  EMBEDDING_RETRIES: '0',
  // Each question is embedded by itself, so that what is asked of the provider tells what was worked on.
  EMBEDDING_CACHE: 'off',
  EMBEDDING_GATHER: '0ms',
  CACHE_BACKEND: 'memory',
  CACHE_TTL_JITTER: '0',
  VECTOR_THRESHOLD: '0',
  RATE_LIMIT_MAX: '100000',
  ...env,
});

/** Starts the double and a server for all tests of a file, and checks after each that the double was spoken to properly. */
export function useQuestions(): void {
  beforeAll(async () => {
    clock = Clock.stop();
    openai = await OpenAiDouble.start({ apiKey: API_KEY });
    server = await startTestServer(settings({}));
  });
  beforeEach(() => openai.reset());
  afterEach(() => expect(openai.complaints).toEqual([]));
  afterAll(async () => {
    await server.stop();
    await openai.stop();
    clock.release();
  });
}

/** A tenant of its own for each test, with documents, on the common server or another. */
let tenants = 0;
export async function aTenant({ texts = ['We open at nine.', 'A lost card is replaced.'], at = server } = {}) {
  const token = at.token({ tenant: `tenant-${++tenants}` });
  const post = (path: string, body: object) => at.send('POST', path, { token, body });
  const upsert = (documents: object[], collection?: string) =>
    post('/api/vectors/upsert', { documents, ...(collection && { collection }) });
  if (texts.length > 0) await upsert(texts.map((text, index) => ({ id: `d${index}`, text, metadata: { index } })));
  openai.requests.length = 0;
  return {
    upsert,
    ask: async (query: string, more: object = {}) => post('/api/cache/query', { query, ...more }),
    write: async (query: string, response: unknown, more: object = {}) =>
      post('/api/cache', { query, response, ...more }),
    drop: (ids: string[]) => post('/api/vectors/delete', { ids }),
    purge: (selector = '') => at.send('DELETE', `/api/cache${selector}`, { token }),
    get: (path: string) => at.send('GET', path, { token }),
    forget: (key: string) => at.send('DELETE', `/api/cache/entries/${key}`, { token }),
  };
}

/** Runs a test against a server with other settings. */
export async function withServer(env: Record<string, string>, run: (at: TestServer) => Promise<void>): Promise<void> {
  const at = await startTestServer(settings(env));
  openai.reset();
  try {
    await run(at);
  } finally {
    await at.stop();
  }
}

/** The texts that were embedded. */
export const embedded = () => openai.requests.flatMap(({ body }) => [body.input].flat());
/** Ids of what was found, best first. */
export const ids = (reply: { json: { result: { matches: { id: string }[] } } }) =>
  reply.json.result.matches.map((one) => one.id);

/** Waits for what happens behind an answer; fails with the test when it does not. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Holds every request to the provider back until it is let go. */
export function gate(): { behaviour: Behaviour; open: () => void } {
  const waiting: (() => void)[] = [];
  return {
    behaviour: (exchange) => void waiting.push(() => honestly(exchange)),
    open: () => waiting.splice(0).forEach((go) => void go()),
  };
}
