// A server killed in the middle of its work leaves a ledger that is still true, call by call.
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type Records, SqliteRecords } from '#records';
import { honestly, OpenAiDouble, tokensIn } from '../doubles/openai.js';
import { aFolder, type ChildServer, ensureBuilt, startChildServer } from '../support/child-server.js';

const TENANTS = ['north', 'south'];
const WORKERS = 8;
/** The server is killed when the provider has been asked so often. */
const KILLED_AT = 200;

interface Call {
  id: string;
  tenant: string | undefined;
  tokens: number;
}

beforeAll(() => ensureBuilt(), 300_000);

test('ledger after kill -9', async () => {
  const openai = await OpenAiDouble.start();
  const dataDir = await aFolder();
  const env = {
    DATA_DIR: dataDir,
    CACHE_BACKEND: 'memory',
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: openai.url,
    EMBEDDING_MODEL: 'acme',
    EMBEDDING_DIMENSIONS: '8',
    EMBEDDING_PARALLEL: String(WORKERS),
  };
  const first = await startChildServer(env);
  openai.always((exchange) => {
    if (openai.requests.length === KILLED_AT) first.process.kill('SIGKILL');
    setTimeout(() => honestly(exchange), Math.random() * 20);
  });
  await Promise.all(Array.from({ length: WORKERS }, (_, at) => load(first, TENANTS[at % TENANTS.length]!)));
  await first.ended;

  const billed = callsOf(openai);
  const records = SqliteRecords.open({ file: join(dataDir, 'records.sqlite') });
  const pending = await pendingCalls(records);
  const settled = await settledOf(records, [...new Set([...billed, ...pending].map(({ id }) => id))]);
  const lost = pending.filter(({ id }) => !settled.has(id));
  expect(new Set(billed.map(({ id }) => id)).size, 'each attempt has a name of its own').toBe(billed.length);
  expect(billed.length).toBeGreaterThanOrEqual(KILLED_AT);
  // What was spent was billed, and what was billed was spent or is being waited for.
  const open = new Set(lost.map(({ id }) => id));
  expect(billed.filter(({ id }) => !settled.has(id) && !open.has(id))).toEqual([]);
  expect([...settled].filter((id) => !billed.some((one) => one.id === id))).toEqual([]);
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThanOrEqual(WORKERS);

  await endLeases(records);
  await records.close();
  openai.always(honestly);
  const second = await startChildServer(env);
  for (const tenant of TENANTS) {
    const spent = billed.filter((one) => one.tenant === tenant && settled.has(one.id));
    const uncertain = lost.filter((one) => one.tenant === tenant);
    await expect.poll(() => usageOf(second, tenant)).toMatchObject({ uncertain: sumOf(uncertain) });
    expect(await usageOf(second, tenant)).toMatchObject({ spent: sumOf(spent), avoided: sumOf([]) });
  }
  await openai.stop();
});

/** Embeds one new text after the other, until the server is gone. */
async function load(server: ChildServer, tenant: string): Promise<void> {
  const token = server.token({ tenant });
  for (let sent = 0; ; sent++) {
    const input = `${tenant} ${'x'.repeat(sent % 40)} ${Math.random()}`;
    const reply = await server.send('POST', '/api/embeddings', { token, body: { input } }).catch(() => undefined);
    if (!reply) return;
    expect(reply.status, reply.text).toBe(200);
  }
}

/** What the provider has billed, by its own count. The proof of the model at boot is the server's own. */
function callsOf(openai: OpenAiDouble): Call[] {
  return openai.requests.map(({ headers, body }) => {
    const texts = [body.input].flat();
    // Requests at the same time share calls, but never those of two tenants.
    const tenant = TENANTS.find((name) => texts.every((text) => text.startsWith(`${name} `)));
    const tokens = texts.reduce((sum, text) => sum + tokensIn(text), 0);
    return { id: String(headers['x-client-request-id']), tenant, tokens };
  });
}

async function pendingCalls(records: Records): Promise<Call[]> {
  const { records: found } = await records.list('usage/~pending/', { limit: 1000 });
  return found.map(({ key, value }) => {
    const { tenant, estimatedTokens } = JSON.parse(value) as { tenant: string; estimatedTokens: number };
    return { id: key.split('/').at(-1)!, tenant, tokens: estimatedTokens };
  });
}

/** The calls that were added to the sums: their marks stay for longer than this test. */
async function settledOf(records: Records, ids: readonly string[]): Promise<Set<string>> {
  const marks = await records.tallies(ids.map((id) => `usage/~settled/${id}`));
  return new Set(ids.filter((_, at) => marks[at]!.settled === 1));
}

/** As if the time of the dead process were over. */
async function endLeases(records: Records): Promise<void> {
  const { records: found } = await records.list('usage/~alive/', { limit: 10 });
  await records.delete(found.map(({ key }) => key));
}

async function usageOf(server: ChildServer, tenant: string) {
  const { json } = await server.send('GET', '/api/usage', { token: server.token({ tenant, scopes: ['usage:read'] }) });
  return json.totals;
}

function sumOf(calls: readonly Call[]) {
  return { calls: calls.length, tokens: calls.reduce((sum, { tokens }) => sum + tokens, 0) };
}
