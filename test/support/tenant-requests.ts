// What tenants do, chosen at random from small sets of the same words: where a wall had a hole, they would meet.
import type { JsonObject } from '#ports';

export interface TenantRequest {
  /** Method and template, as the OpenAPI document names the operation. */
  operation: string;
  method: string;
  path: string;
  /** Sent as JSON; a text as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** Uniform in 0..1, the same sequence for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const QUERIES = Array.from({ length: 12 }, (_, at) => `How do I change the limit of card ${at}?`);
const TAGS = ['red', 'blue', 'green', 'a:b'];
const SUBJECTS = ['ann', 'bob', 'ann@example.com', 'ann:bob'];
const COLLECTIONS = ['default', 'faq', 'notes'];
const IDS = Array.from({ length: 8 }, (_, at) => `doc-${at}`);
const LANGUAGES = [undefined, undefined, 'en', 'de'];

type Make = (
  one: <T>(of: readonly T[]) => T,
  chance: (share: number) => boolean,
  known: Known,
) => Omit<TenantRequest, 'operation' | 'method'>;

/** What a tenant has learnt from its replies: keys to come back with. */
export interface Known {
  keys: string[];
}

const question = (one: <T>(of: readonly T[]) => T): JsonObject =>
  defined({ query: one(QUERIES), language: one(LANGUAGES), model: one([undefined, 'm1']) });

const document = (one: <T>(of: readonly T[]) => T) =>
  defined({
    id: one(IDS),
    text: one(QUERIES),
    metadata: { topic: one(TAGS) },
    subject: one([undefined, ...SUBJECTS]),
    consent: one([undefined, undefined, true, false]),
  });

function defined(fields: Record<string, unknown>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}

const answer = (one: <T>(of: readonly T[]) => T) =>
  defined({
    ...question(one),
    response: one([
      { answer: 'At nine.' },
      'text',
      null,
      { variants: ['a', 'b', 'c'], variantStrategy: 'round-robin' },
    ]),
    tags: one([undefined, [one(TAGS)], [...TAGS]]),
    subject: one([undefined, ...SUBJECTS]),
  });

/** Keys that nobody holds, so that there is always one to ask for. */
const NOBODYS = ['A'.repeat(43), 'z'.repeat(43)];
const IN_AN_HOUR = new Date(Date.now() + 3_600_000).toISOString();

/** How often an operation is chosen, and what is asked of it. */
export const OPERATIONS: Record<string, { weight: number; make: Make }> = {
  'POST /api/cache/query': {
    weight: 150,
    make: (one, chance) => ({
      // With a query string the controller answers, without one the hot route: both are doors to the same.
      path: chance(0.3) ? '/api/cache/query/' : '/api/cache/query',
      body: {
        ...question(one),
        ...(chance(0.1) && { forceRefresh: true }),
        ...(chance(0.2) && { vector: { k: 2, collection: one(COLLECTIONS) } }),
      },
    }),
  },
  'POST /api/cache': {
    weight: 14,
    make: (one, chance) => ({
      path: '/api/cache',
      body: answer(one),
      ...(chance(0.2) && { headers: { 'idempotency-key': one(['k1', 'k2', 'k3']) } }),
    }),
  },
  'POST /api/cache/warmup': {
    weight: 2,
    make: (one) => ({ path: '/api/cache/warmup', body: { entries: [answer(one), answer(one)] } }),
  },
  'DELETE /api/cache': {
    weight: 3,
    make: (one) => ({
      path: one([
        '/api/cache',
        `/api/cache?tag=${encodeURIComponent(one(TAGS))}`,
        `/api/cache?query=${encodeURIComponent(one(QUERIES))}`,
        `/api/cache?subject=${encodeURIComponent(one(SUBJECTS))}`,
      ]),
    }),
  },
  'GET /api/cache/entries': { weight: 4, make: (one) => ({ path: `/api/cache/entries?limit=${one([10, 500])}` }) },
  'GET /api/cache/entries/{key}': {
    weight: 5,
    make: (one, _, { keys }) => ({ path: `/api/cache/entries/${one(keys)}` }),
  },
  'DELETE /api/cache/entries/{key}': {
    weight: 2,
    make: (one, _, { keys }) => ({ path: `/api/cache/entries/${one(keys)}` }),
  },
  'POST /api/vectors/collections': {
    weight: 1,
    make: (one) => ({
      path: '/api/vectors/collections',
      body: { name: one(COLLECTIONS), dimension: 384, metric: 'cosine' },
    }),
  },
  'GET /api/vectors/collections': { weight: 3, make: () => ({ path: '/api/vectors/collections' }) },
  'DELETE /api/vectors/collections/{name}': {
    weight: 1,
    make: (one) => ({ path: `/api/vectors/collections/${one(COLLECTIONS)}` }),
  },
  'POST /api/vectors/upsert': {
    weight: 5,
    make: (one) => ({
      path: '/api/vectors/upsert',
      body: { collection: one(COLLECTIONS), documents: [document(one), document(one)] },
    }),
  },
  'POST /api/vectors/ingest': {
    weight: 2,
    make: (one) => ({
      path: `/api/vectors/ingest?collection=${one(COLLECTIONS)}`,
      body: `${JSON.stringify(document(one))}\n${JSON.stringify(document(one))}\nno json`,
      headers: { 'content-type': 'application/x-ndjson' },
    }),
  },
  'POST /api/vectors/query': {
    weight: 6,
    make: (one) => ({
      path: '/api/vectors/query',
      body: { collection: one(COLLECTIONS), text: one(QUERIES), k: one([1, 5]) },
    }),
  },
  'POST /api/vectors/delete': {
    weight: 2,
    make: (one) => ({
      path: '/api/vectors/delete',
      body: {
        collection: one(COLLECTIONS),
        ...one<object>([
          { ids: [one(IDS)] },
          { subject: one(SUBJECTS) },
          { filter: { op: 'eq', field: 'topic', value: one(TAGS) } },
        ]),
      },
    }),
  },
  'POST /api/embeddings': { weight: 2, make: (one) => ({ path: '/api/embeddings', body: { input: one(QUERIES) } }) },
  'GET /api/usage': { weight: 1, make: (one) => ({ path: one(['/api/usage', '/api/usage?by=day']) }) },
  'GET /api/quotas': { weight: 2, make: () => ({ path: '/api/quotas' }) },
  'PUT /api/quotas/{tenant}': {
    weight: 1,
    make: (one) => ({ path: `/api/quotas/${one(['default', 'walled-1', 'noise-1'])}`, body: {} }),
  },
  'GET /api/privacy/subjects/{subject}': {
    weight: 2,
    make: (one) => ({ path: `/api/privacy/subjects/${encodeURIComponent(one(SUBJECTS))}?limit=${one([5, 200])}` }),
  },
  'DELETE /api/privacy/subjects/{subject}': {
    weight: 1,
    make: (one) => ({ path: `/api/privacy/subjects/${encodeURIComponent(one(SUBJECTS))}` }),
  },
  'GET /api/privacy/policy': { weight: 1, make: () => ({ path: '/api/privacy/policy' }) },
  'PUT /api/privacy/policy': { weight: 0.2, make: () => ({ path: '/api/privacy/policy', body: {} }) },
  'GET /api/privacy/receipt-keys': { weight: 0.5, make: () => ({ path: '/api/privacy/receipt-keys' }) },
  'GET /api/auth/revocations': { weight: 1, make: () => ({ path: '/api/auth/revocations' }) },
  'POST /api/auth/revocations': {
    weight: 1,
    make: (one) => ({
      path: '/api/auth/revocations',
      body: { jti: one(['t1', 't2', 't3']), expiresAt: IN_AN_HOUR },
    }),
  },
  'DELETE /api/auth/revocations/{id}': {
    weight: 0.5,
    make: (one) => ({ path: `/api/auth/revocations/${one(NOBODYS)}` }),
  },
  'GET /api/admin/keys': { weight: 1, make: () => ({ path: '/api/admin/keys' }) },
  'POST /api/admin/keys/rotate': { weight: 0.2, make: () => ({ path: '/api/admin/keys/rotate', body: {} }) },
  'POST /api/admin/keys/retire': {
    weight: 0.2,
    make: () => ({ path: '/api/admin/keys/retire', body: { dataKeyId: 'AAAAAAAA' } }),
  },
  'POST /api/admin/keys/reseal': { weight: 0.2, make: () => ({ path: '/api/admin/keys/reseal', body: {} }) },
  'GET /api/admin/vectors/reindex': { weight: 0.2, make: () => ({ path: '/api/admin/vectors/reindex' }) },
  'POST /api/admin/vectors/reindex': { weight: 0.2, make: () => ({ path: '/api/admin/vectors/reindex', body: {} }) },
  'POST /api/admin/vectors/drift': { weight: 0.2, make: () => ({ path: '/api/admin/vectors/drift', body: {} }) },
  'POST /api/admin/tenants/{tenant}/shred': {
    weight: 0.5,
    make: (one) => ({ path: `/api/admin/tenants/${one(['default', 'walled-1', 'noise-1'])}/shred` }),
  },
  'GET /api/admin/audit': { weight: 0.5, make: () => ({ path: '/api/admin/audit' }) },
  'GET /health': { weight: 0.2, make: () => ({ path: '/health' }) },
  'GET /health/live': { weight: 0.2, make: () => ({ path: '/health/live' }) },
  'GET /health/ready': { weight: 0.2, make: () => ({ path: '/health/ready' }) },
  'GET /api/metrics': { weight: 0.2, make: () => ({ path: '/api/metrics' }) },
  'GET /api/openapi.json': { weight: 0.05, make: () => ({ path: '/api/openapi.json' }) },
};

/** The behaviour of one tenant: the same seed and the same replies give the same requests. */
export class TenantBehaviour {
  readonly known: Known = { keys: [...NOBODYS] };
  private readonly total: number;
  private readonly table: [string, { weight: number; make: Make }][];

  constructor(
    operations: readonly string[],
    private readonly random: () => number,
  ) {
    this.table = Object.entries(OPERATIONS).filter(([operation]) => operations.includes(operation));
    this.total = this.table.reduce((sum, [, { weight }]) => sum + weight, 0);
  }

  next(): TenantRequest {
    const [operation, { make }] = this.chosen();
    const one = <T>(of: readonly T[]) => of[Math.floor(this.random() * of.length)]!;
    return { operation, method: operation.split(' ')[0]!, ...make(one, (share) => this.random() < share, this.known) };
  }

  private chosen(): [string, { weight: number; make: Make }] {
    let left = this.random() * this.total;
    for (const choice of this.table) {
      left -= choice[1].weight;
      if (left < 0) return choice;
    }
    return this.table[0]!;
  }

  learn(reply: unknown): void {
    if (typeof reply !== 'object' || reply === null) return;
    const { key } = reply as { key?: string };
    if (typeof key === 'string' && this.known.keys.length < 40 && !this.known.keys.includes(key))
      this.known.keys.push(key);
  }
}
