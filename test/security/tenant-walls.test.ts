// A tenant is a wall: 100,000 pairs of the same request, sent into two worlds that differ only in what other tenants did
// there, get the same replies: no answer, count, id, header or class of timing tells of anybody else.
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { expect, test } from 'vitest';
import { SCOPES } from '#auth';
import { startChildServer } from '../support/child-server.js';
import { type Client, connectPlain } from '../support/event-clients.js';
import { OPERATIONS, seeded, TenantBehaviour, type TenantRequest } from '../support/tenant-requests.js';

const PAIRS = 100_000;
const TENANTS = 40;
const NOISY_TENANTS = 3;
const CHANNELS = ['news', 'events', 'private'];
/** One step in so many goes over a socket. */
const SOCKET_SHARE = 0.04;

interface World {
  pool: Pool;
  url: string;
  token(tenant: string, subject?: string): string;
}

interface Tokens {
  own: string;
  /** Of somebody else of the tenant. */
  reader: string;
}

/** Two servers with the same secrets. What other tenants do in them is not the same. */
async function aWorld(): Promise<World> {
  const server = await startChildServer({
    KEY_NAME_SECRET: 'the same in both worlds, and long enough',
    CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString('base64'),
    CACHE_TTL_JITTER: '0',
    // A machine that is busy with all this must make no difference.
    CACHE_STORE_TIMEOUT: '30s',
    VECTORDB_TIMEOUT: '60s',
    REQUEST_TIMEOUT: '120s',
    RATE_LIMIT_MAX: '10000000',
    LOCKOUT_FAILURES: '0',
    EVENTS_HANDSHAKES_MAX: '100000',
    METRICS_ACCESS: 'token',
    METRICS_TOKEN: 'nobody here knows this one',
  });
  const pool = new Pool(server.url, { connections: TENANTS + NOISY_TENANTS });
  return {
    pool,
    url: server.url,
    token: (tenant, subject = 'ann') => server.token({ tenant, subject, scopes: SCOPES }),
  };
}

/** Times and random names differ from one run to the next by themselves; all else must not. */
const BY_THEMSELVES = new Set([
  'createdAt',
  'expiresAt',
  'staleUntil',
  'at',
  'pong',
  'age',
  'since',
  'resetAt',
  'resetsAt',
  'revokedAt',
  'ingestedAt',
  'receiptId',
  'signature',
  'salt',
  'digest',
  'keyId',
  'dataKeyId',
  'masterKeyId',
  'kid',
  'x',
  'from',
  'to',
  'hour',
  'day',
  'start',
]);

function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steady);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      // An erasure counts what it destroys, purged entries that the sweeper had not come to yet among it.
      if (name === 'erased') return [name, { ...(inner as object), entries: 'counted' }];
      // Resealing looks at the own stored entries, those among them as well.
      if (name === 'seen' && 'resealed' in value) return [name, typeof inner];
      if (name === 'latencies') return [name, Object.keys(inner as object).sort()];
      return [
        name,
        BY_THEMSELVES.has(name) && (typeof inner !== 'object' || inner === null) ? typeof inner : steady(inner),
      ];
    }),
  );
}

const NOT_COMPARED = new Set([
  'date',
  'x-correlation-id',
  'age',
  'ratelimit-reset',
  'retry-after',
  'content-length',
  'keep-alive',
  'connection',
]);

function steadyHeaders(headers: Record<string, string | string[] | undefined>): object {
  const kept = Object.entries(headers).filter(([name]) => !NOT_COMPARED.has(name));
  // How long something took is no class of timing; which layers were entered is one. A remaining life is a time.
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value).replace(/(dur|ttl)=-?[\d.]+/g, '$1')]));
}

async function send(world: World, request: TenantRequest, token: string) {
  const { method, path, body, headers } = request;
  const reply = await world.pool.request({
    method: method as 'GET',
    path,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await reply.body.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = text;
  }
  return {
    status: reply.statusCode,
    json,
    seen: JSON.stringify([reply.statusCode, steadyHeaders(reply.headers), withoutCorrelation(json)]),
  };
}

/**
 * What comes in pages is read to its end: where pages are cut depends on how far the sweeper has come, and only all of
 * them count. Somebody else of the tenant reads on, so that the number of pages shows in nobody's window.
 */
const PAGED: Record<string, string> = {
  'GET /api/cache/entries': 'entries',
  'GET /api/privacy/subjects/{subject}': 'items',
};

async function observe(world: World, request: TenantRequest, tokens: Tokens) {
  const list = PAGED[request.operation];
  if (list === undefined) return send(world, request, tokens.own);
  const all: unknown[] = [];
  const separator = request.path.includes('?') ? '&' : '?';
  let page = await send(world, request, tokens.reader);
  for (;;) {
    const { [list]: items, cursor } = page.json as Record<string, unknown[]> & { cursor: string | null };
    all.push(...items!);
    if (cursor === null) return { ...page, seen: JSON.stringify(steady(all)) };
    const path = `${request.path}${separator}cursor=${encodeURIComponent(cursor)}`;
    page = await send(world, { ...request, path }, tokens.reader);
  }
}

function withoutCorrelation(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  const { correlationId: _, ...rest } = json as Record<string, unknown>;
  return steady(rest);
}

/** Does something else in each world until it is told to stop: the same words, another order. */
async function noise(
  world: World,
  tenant: string,
  seed: number,
  operations: readonly string[],
  going: () => boolean,
): Promise<void> {
  const behaviour = new TenantBehaviour(operations, seeded(seed));
  const token = world.token(tenant);
  const socket = await connectPlain(world.url, token);
  await socket.say({ type: 'subscribe', channel: 'news' });
  for (let at = 0; going(); at++) {
    behaviour.learn((await send(world, behaviour.next(), token)).json);
    if (at % 50 === 0) await socket.say({ type: 'publish', channel: 'news', data: `noise of ${tenant}` });
  }
  socket.close();
}

function aFrame(random: () => number, at: number, tenant: string): object {
  const channel = CHANNELS[Math.floor(random() * CHANNELS.length)]!;
  const kind = Math.floor(random() * 5);
  if (kind === 0) return { type: 'ping' };
  if (kind === 1) return { type: 'unsubscribe', channel: 'private' };
  return kind === 2
    ? { type: 'publish', channel, data: { by: tenant, at } }
    : { type: 'subscribe', channel: channel === 'events' ? 'news' : channel };
}

/** Everything that reaches a subscriber of an own channel. */
async function overhear(socket: Client, into: string[]): Promise<void> {
  for (;;) {
    const { channel, data } = await socket.next();
    into.push(JSON.stringify([channel, data]));
  }
}

/** Their own effects go on for up to a second in the instance: what is asked meanwhile may or may not be kept. */
const SETTLING = new Set([
  'PUT /api/privacy/policy',
  'DELETE /api/privacy/subjects/{subject}',
  'POST /api/admin/keys/rotate',
  'POST /api/admin/keys/retire',
  'POST /api/admin/keys/reseal',
]);
const SETTLES_MS = 1000;

/** One tenant's life, step by step in both worlds. Gives where they differed. */
async function live(
  tenant: string,
  seed: number,
  worlds: readonly [World, World],
  operations: readonly string[],
  steps: number,
  done: Map<string, number>,
) {
  const random = seeded(seed);
  const behaviour = new TenantBehaviour(operations, random);
  const tokens = worlds.map((world) => ({ own: world.token(tenant), reader: world.token(tenant, 'reader') }));
  const sockets = await Promise.all(worlds.map((world, at) => connectPlain(world.url, tokens[at]!.own)));
  const heard: [string[], string[]] = [[], []];
  sockets.forEach((socket, at) => void overhear(socket, heard[at]!));
  const differences: string[] = [];
  for (let step = 0; step < steps && differences.length < 3; step++) {
    if (random() < SOCKET_SHARE) {
      const frame = aFrame(random, step, tenant);
      const replies = await Promise.all(sockets.map((socket) => socket.say(frame)));
      const [one, other] = replies.map((reply) => JSON.stringify(steady(reply)));
      if (one !== other) differences.push(`frame ${JSON.stringify(frame)}: ${JSON.stringify(replies)}`);
      count(done, 'a frame');
      continue;
    }
    const request = behaviour.next();
    const [one, other] = await Promise.all(worlds.map((world, at) => observe(world, request, tokens[at]!)));
    behaviour.learn(one!.json);
    count(done, request.operation);
    if (SETTLING.has(request.operation)) await pause(SETTLES_MS);
    if (one!.seen !== other!.seen)
      differences.push(
        `${request.method} ${request.path} ${JSON.stringify(request.body)}\n  ${one!.seen}\n  ${other!.seen}`,
      );
  }
  await Promise.all(sockets.map((socket) => socket.say({ type: 'ping' })));
  const foreign = heard.flat().filter((message) => !message.includes(`"by":"${tenant}"`));
  if (foreign.length > 0) differences.push(`heard of others: ${foreign.slice(0, 3).join()}`);
  if (JSON.stringify(heard[0]) !== JSON.stringify(heard[1]))
    differences.push(`heard ${heard[0].length} and ${heard[1].length} messages`);
  for (const socket of sockets) socket.close();
  return differences.map((one) => `${tenant}, seed ${seed}: ${one}`);
}

function count(done: Map<string, number>, operation: string): void {
  done.set(operation, (done.get(operation) ?? 0) + 1);
}

test(`${PAIRS} pairs of requests over all endpoints and both doors find no trace of another tenant`, {
  timeout: 1_200_000,
}, async () => {
  const worlds = await Promise.all([aWorld(), aWorld()]);
  const document = (
    await send(worlds[0], { operation: '', method: 'GET', path: '/api/openapi.json' }, worlds[0].token('walled-0'))
  ).json as {
    paths: Record<string, Record<string, unknown>>;
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(
    operations.filter((one) => !OPERATIONS[one]),
    'operations that this test does not know',
  ).toEqual([]);

  const seed = Number(process.env.WALLS_SEED ?? Date.now() % 2 ** 31);
  let going = true;
  const noises = worlds.flatMap((world, side) =>
    Array.from({ length: NOISY_TENANTS }, (_, at) =>
      noise(world, `noise-${at}`, seed + 1000 * side + at, operations, () => going),
    ),
  );
  const done = new Map<string, number>();
  const steps = Math.ceil(PAIRS / TENANTS);
  const lives = Array.from({ length: TENANTS }, (_, at) =>
    live(`walled-${at}`, seed + 10_000 + at, worlds, operations, steps, done),
  );
  const differences = (await Promise.all(lives)).flat();
  going = false;
  await Promise.all(noises);

  expect(differences.slice(0, 10), `seed ${seed}`).toEqual([]);
  expect([...done.values()].reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(PAIRS);
  expect(
    operations.filter((one) => !done.has(one)),
    'operations that were never chosen',
  ).toEqual([]);
  await Promise.all(worlds.map(({ pool }) => pool.close()));
});
