// Twenty thousand generated requests, made from our own OpenAPI document: none is answered 5xx, none hangs, none leaks.
import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCOPES } from '#auth';
import { FAILURES } from '#ports';
import { type ApiDocument, type ApiRequest, ApiRequests } from '../support/api-requests.js';
import { startTestServer, type TestServer } from '../support/server.js';

const REQUESTS = 20_000;
const AT_ONCE = 32;
/** Far beyond what any request takes here; a hang would last for ever. */
const HANGS_MS = 20_000;

const KEY = Buffer.alloc(32, 5).toString('base64');
const SECRET = 'the secret of tokens that must never be seen';
const NAME_SECRET = 'the secret of names that must never be seen';
/** What another tenant wrote and asked. That there is such a tenant, the operator may know. */
const CANARY = 'canary-7f3a9c';

let server: TestServer;
let document: ApiDocument;
let pool: Pool;
let authorisations: (string | undefined)[];

beforeAll(async () => {
  server = await startTestServer({
    JWT_SECRET: SECRET,
    KEY_NAME_SECRET: NAME_SECRET,
    CACHE_ENCRYPTION_KEY: KEY,
    RATE_LIMIT_MAX: '1000000000',
    // A fuzzer is refused all day; what the lock-out does has tests of its own.
    LOCKOUT_FAILURES: '0',
  });
  document = (await server.send('GET', '/api/openapi.json', { token: null })).json as ApiDocument;
  pool = new Pool(server.url, { connections: AT_ONCE });
  const everything = server.token({ tenant: 'fuzzed', scopes: SCOPES });
  authorisations = [
    ...Array.from({ length: 5 }, () => `Bearer ${everything}`),
    `Bearer ${server.token({ scopes: SCOPES })}`,
    `Bearer ${server.token({ tenant: 'fuzzed', scopes: ['cache:read'] })}`,
    `Bearer ${everything.slice(0, -2)}`,
    'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.',
    'Basic dTpw',
    undefined,
  ];
  const others = server.token({ tenant: 'elsewhere', subject: `${CANARY}-subject` });
  const write = (path: string, body: object) => server.send('POST', path, { token: others, body });
  await write('/api/cache', { query: `${CANARY} question`, response: `${CANARY} answer`, subject: `${CANARY}-person` });
  await write('/api/vectors/upsert', { documents: [{ id: `${CANARY}-id`, text: `${CANARY} text` }] });
});
afterAll(async () => {
  await pool.close();
  await server.stop();
});

const forbidden = () =>
  [KEY, SECRET, NAME_SECRET, CANARY, server.dataDir, process.cwd(), 'node_modules', '.js:', '.ts:'].map((text) =>
    text.toLowerCase(),
  );

interface Seen {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

async function send({ method, path, headers, body }: ApiRequest, authorization: string | undefined): Promise<Seen> {
  const reply = await pool.request({
    method: method as 'GET',
    path,
    headers: { ...headers, ...(authorization && { authorization }) },
    body: body ?? null,
    signal: AbortSignal.timeout(HANGS_MS),
  });
  return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text() };
}

/** What is wrong with a reply; nothing, mostly. */
function complaints({ operationId }: ApiRequest, { status, headers, text }: Seen): string[] {
  const found: string[] = [];
  if (status >= 500) found.push(`status ${status}: ${text.slice(0, 300)}`);
  const everything = `${JSON.stringify(headers)}${text}`.toLowerCase();
  for (const secret of forbidden()) if (everything.includes(secret)) found.push(`leaks ${secret}`);
  if (!headers['x-correlation-id']) found.push('no correlation id');
  if (status >= 400) {
    if (!String(headers['content-type']).startsWith('application/problem+json'))
      found.push(`error as ${headers['content-type']}`);
    else {
      const problem = JSON.parse(text) as { code: string; status: number };
      if (!Object.hasOwn(FAILURES, problem.code) || problem.status !== status)
        found.push(`unknown code ${problem.code}`);
      if (!ANYWHERE.has(status) && !isDocumented(operationId, status))
        found.push(`undocumented status ${status} ${problem.code}`);
    }
  }
  return found;
}

/** What may happen before an operation is found, whatever it documents. */
const ANYWHERE = new Set([400, 404, 405, 413, 414, 415, 431]);

function isDocumented(operationId: string, status: number): boolean {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  return operations.some((one) => one.operationId === operationId && Object.hasOwn(one.responses, status));
}

test(`answers ${REQUESTS} generated requests without a 5xx, a hang or a leak`, { timeout: 600_000 }, async () => {
  // A new seed each time finds more than the same one for ever; a failure prints it, and FUZZ_SEED repeats the run.
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
  const requests = fc.sample(new ApiRequests(document).any(), { numRuns: REQUESTS, seed });
  const problems: string[] = [];
  const met = new Map<string, Set<number>>();
  const waiting = requests.entries();
  const work = async () => {
    for (const [at, request] of waiting) {
      const seen = await send(request, authorisations[at % authorisations.length]);
      const statuses = met.get(request.operationId) ?? new Set();
      met.set(request.operationId, statuses.add(seen.status));
      for (const one of complaints(request, seen)) {
        problems.push(`${request.method} ${request.path.slice(0, 200)} ${request.body?.slice(0, 300) ?? ''} → ${one}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(problems.slice(0, 20), `seed ${seed}, ${problems.length} problems`).toEqual([]);
  // It reached what it meant to reach: every operation, and the inside of each.
  const operations = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .map((one) => one.operationId);
  expect([...met.keys()].sort()).toEqual(operations.sort());
  // Some need what no generator knows, e.g. the key of an entry; most are carried out.
  const done = [...met.values()].filter((statuses) => statuses.has(200)).length;
  expect(done / operations.length).toBeGreaterThan(0.7);
  expect((await server.send('GET', '/health/ready', { token: null })).status).toBe(200);
});
