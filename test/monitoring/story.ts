// A server whose every part is followed: Redis, SQLite and doubles of providers behind it, and a collector beside it.
import { onTestFinished } from 'vitest';
import { CohereDouble } from '../doubles/cohere.js';
import { OpenAiDouble } from '../doubles/openai.js';
import { OtlpReceiver, type ReceivedSpan } from '../doubles/otlp-receiver.js';
import { startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** What must be in no signal: texts, keys, tokens. */
export const PROVIDER_KEY = 'sk-never-to-be-seen';
export const COLLECTOR_KEY = 'collector-key-never-to-be-seen';

export interface Story {
  server: TestServer;
  receiver: OtlpReceiver;
  openai: OpenAiDouble;
  reranker: CohereDouble;
  /** Ends the server, so that everything has been sent. */
  end(): Promise<void>;
}

/** Everything ends with the test. */
export async function aStory(env: Record<string, string> = {}): Promise<Story> {
  const [redis, openai, reranker, receiver] = await Promise.all([
    startRedis(),
    OpenAiDouble.start({ dimensions: 64 }),
    CohereDouble.start(),
    OtlpReceiver.start(),
  ]);
  const variables = {
    CACHE_BACKEND: 'redis',
    REDIS_URL: redis.url,
    RECORDS_BACKEND: 'sqlite',
    CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_MODEL: 'text-embedding-3-small',
    EMBEDDING_BASE_URL: openai.url,
    EMBEDDING_API_KEY: PROVIDER_KEY,
    EMBEDDING_DIMENSIONS: '64',
    RERANK_PROVIDER: 'cohere',
    RERANK_MODEL: 'rerank-v3.5',
    RERANK_URL: reranker.base,
    RERANK_API_KEY: PROVIDER_KEY,
    VECTOR_THRESHOLD: '0',
    LOG_LEVEL: 'silent',
    OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${COLLECTOR_KEY}`,
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    ...receiver.env,
    ...env,
  };
  // What matters of the lines is what the collector has of them.
  const server = await startTestServer(variables, { destination: { write: () => {} } });
  const end = () => server.stop();
  onTestFinished(async () => {
    await end();
    await Promise.all([redis.stop(), openai.stop(), reranker.stop(), receiver.stop()]);
  });
  return { server, receiver, openai, reranker, end };
}

/** The spans below one, as nested names in the order of their beginnings: `name > [ … ]`. */
export interface Branch {
  span: ReceivedSpan;
  below: Branch[];
}

/** The one trace that a span is the root of here. */
export function treeOf(spans: readonly ReceivedSpan[], root: ReceivedSpan): Branch {
  const below = spans
    .filter((one) => one.traceId === root.traceId && one.parentSpanId === root.spanId)
    .toSorted((one, other) => one.startMs - other.startMs);
  return { span: root, below: below.map((one) => treeOf(spans, one)) };
}

/** One name a line, two blanks a level; several of the same name side by side are one line. */
export function outline({ span, below }: Branch, depth = 0): string[] {
  const lines = below.flatMap((branch) => outline(branch, depth + 1));
  const own = `${'  '.repeat(depth)}${span.name}`;
  return [own, ...lines.filter((line, at) => line !== lines[at - 1])];
}
