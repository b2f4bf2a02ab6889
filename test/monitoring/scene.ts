// A deployment in small: two servers over one Redis, doubles of paid providers, and a Prometheus with our rules that scrapes them.
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { SCOPES } from '#auth';
import { OpenAiDouble } from '../doubles/openai.js';
import { TeiRerankerDouble } from '../doubles/tei-reranker.js';
import { type ChildServer, root, startChildServer } from '../support/child-server.js';
import { type PrometheusServer, startPrometheus } from '../support/prometheus.js';
import { type RedisServer, startRedis } from '../support/redis.js';

export const TENANTS = ['north', 'south', 'east'] as const;
const METRICS_TOKEN = 'the-scraper-of-the-tests';
const MODEL = 'text-embedding-3-small';
const RULES = ['slo.rules.yaml', 'alerts.rules.yaml'].map((file) => join(root, 'helm/resk-caching/monitoring', file));

export interface Scene {
  prometheus: PrometheusServer;
  servers: readonly ChildServer[];
  redis: RedisServer;
  openai: OpenAiDouble;
  /** When the first server had started, in milliseconds since 1970. */
  startedAt: number;
}

/** Everything ends with the test that asked for it. */
export async function aScene({ scrapeInterval = '1s' } = {}): Promise<Scene> {
  const startedAt = Date.now();
  const [redis, openai, reranker] = await Promise.all([
    startRedis(),
    OpenAiDouble.start({ dimensions: 64 }),
    TeiRerankerDouble.start(),
  ]);
  onTestFinished(async () => {
    await Promise.all([redis.stop(), openai.stop(), reranker.stop()]);
  });
  const env = settings({ redis, openai, reranker });
  const servers: ChildServer[] = [];
  // The second one finds the keys of tenants that the first has made: how old they are is looked up at the start.
  for (let at = 0; at < 2; at++) {
    const server = await startChildServer(env);
    await prepare(server);
    servers.push(server);
  }
  const prometheus = await startPrometheus({
    targets: servers.map(({ url }, at) => ({
      url,
      bearer: METRICS_TOKEN,
      labels: { instance: `resk-caching-${at}`, namespace: 'default' },
    })),
    rules: RULES,
    scrapeInterval,
  });
  onTestFinished(() => prometheus.stop());
  await expect.poll(() => prometheus.query('sum(up)'), { timeout: 60_000 }).toMatchObject([{ value: servers.length }]);
  return { prometheus, servers, redis, openai, startedAt };
}

function settings(o: { redis: RedisServer; openai: OpenAiDouble; reranker: TeiRerankerDouble }) {
  return {
    CACHE_BACKEND: 'redis',
    RECORDS_BACKEND: 'redis',
    REDIS_URL: o.redis.url,
    // Small enough that there is no room for all answers.
    CACHE_MEMORY_MAX: '96KiB',
    CACHE_STALE: '1h',
    CACHE_STORE_TIMEOUT: '1s',
    VECTORDB_TIMEOUT: '30s',
    CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_MODEL: MODEL,
    EMBEDDING_BASE_URL: o.openai.url,
    EMBEDDING_API_KEY: 'sk-never-to-be-seen',
    EMBEDDING_DIMENSIONS: '64',
    EMBEDDING_RETRIES: '0',
    RERANK_PROVIDER: 'tei',
    RERANK_URL: o.reranker.url,
    VECTOR_THRESHOLD: '0',
    METRICS_ACCESS: 'token',
    METRICS_TOKEN,
    RATE_LIMIT_WINDOW_MS: '10000',
    RATE_LIMIT_MAX: '400',
    USAGE_PRICES: JSON.stringify([
      { provider: 'openai', model: MODEL, from: '2026-01-01', perMillionTokens: '20', currency: 'USD' },
    ]),
    QUOTA_TOKENS_PER_DAY: '1000000',
  };
}

/** Documents for all tenants, in the vector store of this server. */
async function prepare(server: ChildServer): Promise<void> {
  const texts = Array.from(
    { length: 24 },
    (_, at) => `Chapter ${at}: how a card is opened, limited, lost and replaced.`,
  );
  const documents = texts.map((text, at) => ({ id: `d${at}`, text, metadata: { chapter: at } }));
  for (const tenant of TENANTS) {
    const token = server.token({ tenant, subject: 'librarian' });
    const upsert = async () =>
      (await server.send('POST', '/api/vectors/upsert', { token, body: { documents } })).status;
    // On a busy machine Redis may answer too late at first.
    await expect.poll(upsert, { timeout: 60_000, interval: 1_000 }).toBeLessThan(300);
  }
}

/** A token of who runs the servers. */
export function operatorOf(server: ChildServer): string {
  return server.token({ scopes: [...SCOPES] });
}
