// What a hit costs by tier, with the whole pipeline on, as a ratio to a bare Fastify route in the same run.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mintToken, SCOPES } from '#auth';
import { Secret } from '#ports';
import { load } from './load.js';
import { MeasuredProcess } from './measured-process.js';

const SECRET = randomBytes(32).toString('hex');
const WARM_UP_REQUESTS = 60_000;
const BODY = JSON.stringify({ query: 'When does the library open on Saturdays?' });
const ANSWER = { answer: 'From ten to six. The reading room closes half an hour earlier.', sources: ['opening-hours'] };

interface Variant {
  name: string;
  env: NodeJS.ProcessEnv;
  /** The tier that must answer, or the figures would be of something else. */
  tier: string;
}

export interface HitFigures {
  name: string;
  requestsPerSecond: number;
  /** Throughput as a share of the baseline's, round by round: the median. */
  ratio: number;
  cpuMicrosecondsPerRequest: number;
  /** Baseline's CPU a request as a share of this one's: the median. */
  cpuRatio: number;
  p50Ms: number;
  p99Ms: number;
}

interface Contender {
  name: string;
  process: MeasuredProcess;
  headers: Record<string, string>;
  rounds: Array<{ requestsPerSecond: number; cpu: number; p50Ms: number; p99Ms: number }>;
}

export async function benchHits(o: {
  rounds: number;
  seconds: number;
  redisUrl: string | undefined;
}): Promise<HitFigures[]> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-bench-'));
  const contenders: Contender[] = [];
  try {
    for (const variant of variants(o.redisUrl))
      contenders.push(await startVariant(variant, join(folder, variant.name)));
    contenders.unshift(await startBare(contenders[0]!));
    for (const one of contenders) await warmUp(one);
    for (let index = 0; index < o.rounds; index++) for (const one of contenders) await round(one, o.seconds);
    return contenders.map((one) => figuresOf(one, contenders[0]!));
  } finally {
    for (const one of contenders) await one.process.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A server of its own with one answer kept, for benches that need no comparison. */
export async function benchServer() {
  const folder = await mkdtemp(join(tmpdir(), 'resk-bench-'));
  const { process, headers } = await startVariant(
    { name: 'memory', env: { CACHE_BACKEND: 'memory' }, tier: 'memory' },
    folder,
  );
  const close = async () => {
    await process.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { process, headers, body: BODY, close };
}

function variants(redisUrl: string | undefined): Variant[] {
  const sealed = { CACHE_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const noMemory = { CACHE_MEMORY_MAX: '0B' };
  return [
    { name: 'memory', env: { CACHE_BACKEND: 'memory' }, tier: 'memory' },
    { name: 'memory, sealing on', env: { CACHE_BACKEND: 'sqlite', ...sealed }, tier: 'memory' },
    { name: 'sqlite, sealed', env: { CACHE_BACKEND: 'sqlite', ...noMemory, ...sealed }, tier: 'sqlite' },
    ...(redisUrl
      ? [
          { name: 'redis', env: { CACHE_BACKEND: 'redis', REDIS_URL: redisUrl, ...noMemory }, tier: 'redis' },
          {
            name: 'redis, sealed',
            env: { CACHE_BACKEND: 'redis', REDIS_URL: redisUrl, REDIS_PREFIX: 'sealed', ...noMemory, ...sealed },
            tier: 'redis',
          },
        ]
      : []),
  ];
}

async function startVariant({ name, env, tier }: Variant, dataDir: string): Promise<Contender> {
  const port = await freePort();
  const process = await MeasuredProcess.start(fileURLToPath(new URL('../apps/server/src/main.js', import.meta.url)), {
    port,
    readyPath: '/health',
    env: {
      NODE_ENV: 'production',
      PORT: String(port),
      JWT_SECRET: SECRET,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      RATE_LIMIT_MAX: '1000000000',
      CACHE_TTL: '1h',
      VECTORDB_TYPE: 'none',
      ...env,
    },
  });
  const token = mintToken({
    secret: new Secret(SECRET),
    subject: 'bench',
    tenant: 'bench',
    scopes: SCOPES,
    ttlMs: 3_600_000,
  });
  const contender = { name, process, headers: { authorization: `Bearer ${token}` }, rounds: [] };
  await post(contender, '/api/cache', JSON.stringify({ ...JSON.parse(BODY), response: ANSWER }));
  const reply = JSON.parse(await replyOf(contender)) as { tier: string };
  if (reply.tier !== tier) throw new Error(`${name}: answered from ${reply.tier}, not from ${tier}`);
  return contender;
}

/** Gets the very same requests, token included, and gives the same bytes. */
async function startBare(model: Contender): Promise<Contender> {
  const port = await freePort();
  const reply = await replyOf(model);
  const module = fileURLToPath(new URL('./bare-server.js', import.meta.url));
  const env = { NODE_ENV: 'production', PORT: String(port), BENCH_REPLY: reply };
  const process = await MeasuredProcess.start(module, { port, readyPath: '/health', env });
  return { name: 'bare Fastify route', process, headers: model.headers, rounds: [] };
}

/** Until the compiler has settled: figures of the first ten thousands of requests are of another program. */
async function warmUp(one: Contender): Promise<void> {
  await load({ url: `${one.process.url}/api/cache/query`, body: BODY, headers: one.headers, amount: WARM_UP_REQUESTS });
}

async function round(one: Contender, seconds: number): Promise<void> {
  const before = await one.process.usage();
  const figures = await load({ url: `${one.process.url}/api/cache/query`, body: BODY, headers: one.headers, seconds });
  const after = await one.process.usage();
  if (figures.failed > 0)
    throw new Error(`${one.name}: ${figures.failed} requests failed, so the figures do not count`);
  const { requestsPerSecond, p50Ms, p99Ms } = figures;
  one.rounds.push({
    requestsPerSecond,
    p50Ms,
    p99Ms,
    cpu: (after.cpuMicroseconds - before.cpuMicroseconds) / figures.requests,
  });
}

function figuresOf(one: Contender, baseline: Contender): HitFigures {
  const of = (read: (round: Contender['rounds'][number], index: number) => number) => median(one.rounds.map(read));
  return {
    name: one.name,
    requestsPerSecond: of((round) => round.requestsPerSecond),
    ratio: of((round, index) => round.requestsPerSecond / baseline.rounds[index]!.requestsPerSecond),
    cpuMicrosecondsPerRequest: of((round) => round.cpu),
    cpuRatio: of((round, index) => baseline.rounds[index]!.cpu / round.cpu),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
  };
}

async function replyOf(one: Contender): Promise<string> {
  return post(one, '/api/cache/query', BODY);
}

async function post(one: Contender, path: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json', ...one.headers };
  const reply = await fetch(one.process.url + path, { method: 'POST', body, headers });
  if (!reply.ok) throw new Error(`${one.name}: ${path} answered ${reply.status}: ${await reply.text()}`);
  return reply.text();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
