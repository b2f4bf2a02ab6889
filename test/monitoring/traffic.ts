// What is asked of the scene: questions of several tenants, and, one after the other, everything that a dashboard should show.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { behaving, honestly } from '../doubles/openai.js';
import type { ChildServer } from '../support/child-server.js';
import { seeded } from '../support/tenant-requests.js';
import { operatorOf, type Scene, TENANTS } from './scene.js';

const ASKERS = 6;
const ASKER_PAUSE_MS = 60;
/** Few are asked often, many seldom. */
const QUESTIONS = 400;

/** Asks for so long, while every incident happens in its time; then all is well again. */
export async function busyFor(scene: Scene, seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000;
  const asking = Array.from({ length: ASKERS }, (_, seed) => ask(scene, seed, until));
  await incidents(scene, seconds);
  await Promise.all(asking);
}

async function ask({ servers }: Scene, seed: number, until: number): Promise<void> {
  const random = seeded(seed + 1);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  while (Date.now() < until) {
    const server = one(servers);
    const token = server.token({ tenant: one(TENANTS), subject: `asker-${seed}-${Math.floor(random() * 3)}` });
    const at = Math.floor(QUESTIONS * random() ** 3);
    const query = `How do I change the limit of card ${at}?`;
    const act = random();
    if (act < 0.06) {
      const response = { answer: `In the settings of card ${at}. `.repeat(1 + (at % 20)) };
      await send(server, 'POST', '/api/cache', token, { query, response, tags: ['cards'], ttl: 2 });
    } else if (act < 0.08) await send(server, 'POST', '/api/cache/query', token, {});
    else if (act < 0.1) await send(server, 'GET', `/api/cache/entries/${'A'.repeat(43)}`, token);
    else await send(server, 'POST', '/api/cache/query', token, { query, vector: retrieval(random()) });
    await pause(ASKER_PAUSE_MS * random() * 2);
  }
}

/** Most as they come; some with the further steps of a retrieval. */
function retrieval(chance: number): object {
  if (chance < 0.2) return { k: 3, rerank: true };
  if (chance < 0.4) return { k: 3, mmr: { lambda: 0.5 } };
  return { k: 3 };
}

async function incidents(scene: Scene, seconds: number): Promise<void> {
  const { servers, openai, redis } = scene;
  const [first, second] = servers as [ChildServer, ChildServer];
  const step = () => pause((seconds * 1000) / 12);
  const north = first.token({ tenant: 'north', subject: 'housekeeper' });
  await setQuota(first, 'north', 6_000);
  await step();
  await send(first, 'DELETE', '/api/cache?tag=cards', north);
  await step();
  await garbage(scene);
  openai.always(behaving.serverError(503));
  await step();
  openai.always(honestly);
  await step();
  await nearItsEnd(first, 'east');
  await step();
  await overdo(second);
  await tamper(scene);
  await step();
  redis.freeze();
  await pause(3_000);
  redis.thaw();
  await step();
  await send(first, 'DELETE', '/api/cache', north);
  await garbage(scene);
  await tamper(scene);
  await step();
  await setQuota(first, 'east', null);
  await send(first, 'POST', '/api/admin/vectors/drift', operatorOf(first), { tenant: 'north' });
}

async function setQuota(server: ChildServer, tenant: string, tokensPerDay: number | null): Promise<void> {
  await send(server, 'PUT', `/api/quotas/${tenant}`, operatorOf(server), { tokensPerDay });
}

/** A quota that leaves a tenant little more than it has used. */
async function nearItsEnd(server: ChildServer, tenant: string): Promise<void> {
  const { json } = await server.send('GET', '/api/quotas', { token: server.token({ tenant }) });
  await setQuota(server, tenant, Math.ceil(json.quotas.tokensPerDay.used * 1.1));
}

/** One caller asks more than it may. */
async function overdo(server: ChildServer): Promise<void> {
  const token = server.token({ tenant: 'south', subject: 'eager' });
  for (let round = 0; round < 20; round++)
    await Promise.all(Array.from({ length: 30 }, () => send(server, 'GET', '/api/usage?by=day', token)));
}

/** Somebody writes over what stands in Redis: found out by the server that does not have it in memory. */
async function garbage({ servers, redis }: Scene): Promise<void> {
  const [first, second] = servers as [ChildServer, ChildServer];
  const client = createClient({ url: redis.url });
  await client.connect();
  try {
    const entries = async () => (await client.keys('resk:e:*')) as string[];
    const before = new Set(await entries());
    const about = { tenant: 'south', subject: 'victim' };
    const query = `Which card did they tamper with at ${Date.now()}?`;
    await send(first, 'POST', '/api/cache', first.token(about), { query, response: { answer: 'None.' } });
    for (const key of await entries())
      if (!before.has(key) && (await client.type(key)) === 'string')
        await client.set(key, 'garbage', { KEEPTTL: true });
    await send(second, 'POST', '/api/cache/query', second.token(about), { query });
  } finally {
    await client.close();
  }
}

/** Somebody changes documents in the file of the vector store. */
async function tamper({ servers }: Scene): Promise<void> {
  for (const server of servers) {
    const file = new DatabaseSync(join(server.dataDir, 'vectors.sqlite'), { timeout: 5_000 });
    file.exec('UPDATE points SET payload = zeroblob(64) WHERE id = (SELECT max(id) FROM points)');
    file.close();
    const token = server.token({ tenant: 'south', subject: 'victim' });
    await send(server, 'POST', '/api/cache/query', token, {
      query: `What is left at ${Date.now()}?`,
      vector: { k: 50 },
    });
  }
}

async function send(server: ChildServer, method: string, path: string, token: string, body?: unknown): Promise<void> {
  await server.send(method, path, { token, ...(body !== undefined && { body }) });
}
