// The document tells the truth: every operation is called, and its request and reply fit what the document says.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Reply, type SendOptions, startTestServer, type TestServer } from '../support/server.js';

interface Media {
  schema: object;
}
interface Operation {
  operationId: string;
  security?: object[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media>; headers?: Record<string, object> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let server: TestServer;
let document: Document;
let ajv: Ajv2020;
const called = new Set<string>();

beforeAll(async () => {
  server = await startTestServer({ CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64') });
  document = (await server.send('GET', '/api/openapi.json', { token: null })).json as Document;
  ajv = new Ajv2020({ strict: false, allErrors: true });
  // ajv-formats is CommonJS: its function is the default of its default.
  (addFormats as unknown as { default: (ajv: Ajv2020) => void }).default(ajv);
  ajv.addSchema({ $id: 'doc', components: document.components });
});
afterAll(() => server.stop());

/** Calls an operation of the document, and checks what goes and what comes against it. */
async function call(
  method: string,
  template: string,
  options: SendOptions & { path?: string; status?: number } = {},
): Promise<Reply> {
  const { path = template, status = 200, ...send } = options;
  const operation = document.paths[template]?.[method.toLowerCase()];
  if (!operation) throw new Error(`${method} ${template} is not in the document`);
  called.add(operation.operationId);
  const body = operation.requestBody?.content['application/json'];
  if (status < 400 && body) expect(problems(body.schema, send.body)).toEqual([]);
  const reply = await server.send(method, path, send);
  expect(reply.status, reply.text).toBe(status);
  const described = operation.responses[status];
  expect(described, `${operation.operationId} documents ${status}`).toBeDefined();
  const type = reply.headers.get('content-type')!.split(';')[0]!;
  const media = described!.content?.[type];
  expect(media, `${operation.operationId} documents ${type} for ${status}`).toBeDefined();
  if (type.endsWith('json')) expect(problems(media!.schema, reply.json)).toEqual([]);
  for (const name of Object.keys(described!.headers ?? {})) {
    if (operation.security?.length === 0 && name.startsWith('ratelimit')) continue;
    expect(reply.headers.get(name), `${operation.operationId} sends ${name}`).not.toBeNull();
  }
  return reply;
}

function problems(schema: object, value: unknown): unknown[] {
  const text = JSON.stringify(schema).replaceAll('#/components', 'doc#/components');
  const validate = ajv.compile(JSON.parse(text) as object);
  return validate(value) ? [] : validate.errors!;
}

describe('the OpenAPI document', () => {
  it('is 3.1', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('fits every operation on cache entries', async () => {
    const written = await call('POST', '/api/cache', {
      body: {
        query: 'Where are you?',
        response: { answer: 'Here.' },
        ttl: 60,
        staleTtl: 5,
        tags: ['place'],
        language: 'en',
      },
    });
    await call('POST', '/api/cache/warmup', {
      body: {
        entries: [
          { query: 'one', response: null },
          { query: 'two', response: [2] },
        ],
      },
    });
    await call('POST', '/api/cache/query', { body: { query: 'Where are you?', language: 'en' } });
    await call('GET', '/api/cache/entries', { path: '/api/cache/entries?limit=2' });
    const path = `/api/cache/entries/${written.json.key}`;
    await call('GET', '/api/cache/entries/{key}', { path });
    await call('DELETE', '/api/cache/entries/{key}', { path });
    await call('GET', '/api/cache/entries/{key}', { path, status: 404 });
    await call('DELETE', '/api/cache', { path: '/api/cache?tag=place' });
    await call('DELETE', '/api/cache');
  });

  it('fits answers with variants', async () => {
    const response = { variants: [{ id: 'a', text: 'A' }, { text: 'B' }] };
    await call('POST', '/api/cache', {
      body: { query: 'thanks', response, variantStrategy: 'weighted', weights: [1, 0], seed: 's' },
    });
    const { json } = await call('POST', '/api/cache/query', { body: { query: 'thanks' } });
    expect(json).toMatchObject({ result: { id: 'a', text: 'A' }, variant: { index: 0, id: 'a' } });
  });

  it('fits every operation on vectors and embeddings', async () => {
    await call('POST', '/api/vectors/collections', { body: { name: 'small', dimension: 3, metric: 'l2' } });
    await call('POST', '/api/vectors/collections', { body: { name: 'small', dimension: 4 }, status: 409 });
    const documents = [
      { id: 'p', vector: [1, 2, 3], metadata: { n: 1 }, ttl: 60, subject: 'ann', consent: true, source: 'test' },
    ];
    await call('POST', '/api/vectors/upsert', { body: { collection: 'small', documents } });
    const filter = { n: { gte: 1 }, not: { n: 2 } };
    const found = await call('POST', '/api/vectors/query', {
      body: { collection: 'small', vector: [1, 2, 3], k: 1, filter },
    });
    expect(found.json.matches).toEqual([expect.objectContaining({ id: 'p', score: 1 })]);
    await call('POST', '/api/vectors/query', { body: { collection: 'none', text: 'x' }, status: 404 });
    const line = JSON.stringify({ id: 'q', vector: [3, 2, 1] });
    const headers = { 'content-type': 'application/x-ndjson' };
    const stream = { path: '/api/vectors/ingest?collection=small&run=r1', raw: `${line}\nno json\n`, headers };
    expect((await call('POST', '/api/vectors/ingest', stream)).json).toMatchObject({ upserted: 1, refused: 1 });
    await call('POST', '/api/vectors/delete', { body: { collection: 'small', ids: ['q'] } });
    await call('POST', '/api/vectors/delete', { body: { collection: 'small', subject: 'ann' } });
    const { json } = await call('GET', '/api/vectors/collections');
    expect(json.collections).toContainEqual({ name: 'small', dimension: 3, metric: 'l2', count: 0 });
    await call('DELETE', '/api/vectors/collections/{name}', { path: '/api/vectors/collections/small' });
    await call('DELETE', '/api/vectors/collections/{name}', { path: '/api/vectors/collections/small', status: 404 });
    await call('POST', '/api/embeddings', { body: { input: ['a text', 'another'] } });
    await call('POST', '/api/embeddings', { body: { input: 'x', model: 'unknown-model' }, status: 400 });
  });

  it('fits an answer retrieved from documents', async () => {
    await call('POST', '/api/vectors/upsert', {
      body: { documents: [{ id: 'd', text: 'The office is open on Mondays.' }] },
    });
    const { json } = await call('POST', '/api/cache/query', {
      body: { query: 'is the office open on mondays', vector: { k: 1, threshold: 0 } },
    });
    expect(json.source).toBe('vectordb');
  });

  it('fits every operation on usage and quotas', async () => {
    const token = server.token({ scopes: ['admin', 'usage:read'] });
    await call('GET', '/api/usage', { path: '/api/usage?by=hour&from=2026-11-01T00:00Z&to=2026-11-02' });
    await call('GET', '/api/usage', { headers: { accept: 'text/csv' } });
    await call('GET', '/api/usage', { path: '/api/usage?from=2020-01-01', status: 400 });
    await call('PUT', '/api/quotas/{tenant}', {
      path: '/api/quotas/north',
      token,
      body: { requestsPerDay: 1000, tokensPerDay: null, storedBytes: 1 },
    });
    await call('PUT', '/api/quotas/{tenant}', { path: '/api/quotas/north', body: {}, status: 403 });
    await call('GET', '/api/quotas', { path: '/api/quotas?tenant=north', token });
    await call('GET', '/api/quotas', { path: '/api/quotas?tenant=north', status: 403 });
  });

  it('fits every operation on revocations', async () => {
    const token = server.token({ scopes: ['admin'] });
    const body = { sub: 'ann', expiresAt: '2030-01-01T00:00:00Z', tenant: 'north' };
    const { json } = await call('POST', '/api/auth/revocations', { token, body });
    await call('POST', '/api/auth/revocations', { token, body: { jti: 'a', sub: 'b' }, status: 400 });
    await call('POST', '/api/auth/revocations', { body, status: 403 });
    const listed = await call('GET', '/api/auth/revocations', { path: '/api/auth/revocations?tenant=north', token });
    expect(listed.json.revocations).toEqual([json]);
    const path = `/api/auth/revocations/${json.id}?tenant=north`;
    await call('DELETE', '/api/auth/revocations/{id}', { path, token });
    await call('DELETE', '/api/auth/revocations/{id}', { path, token, status: 404 });
  });

  it('fits every operation on keys', async () => {
    const token = server.token({ scopes: ['admin'] });
    await call('POST', '/api/cache', {
      body: { query: 'of keys', response: 1 },
      token: server.token({ tenant: 'west' }),
    });
    const { json } = await call('GET', '/api/admin/keys', { path: '/api/admin/keys?limit=500', token });
    const [{ masterKeyId }] = json.masterKeys;
    await call('GET', '/api/admin/keys', { status: 403 });
    await call('POST', '/api/admin/keys/rotate', { token, body: { tenant: 'west' } });
    await call('POST', '/api/admin/keys/rotate', { token, body: { masterKeyId } });
    await call('POST', '/api/admin/keys/rotate', { token, body: { masterKeyId: 'nobodys' }, status: 404 });
    await call('POST', '/api/admin/keys/reseal', { token, body: { tenant: 'west' } });
    const west = await call('GET', '/api/admin/keys', { path: '/api/admin/keys?tenant=west', token });
    const { dataKeyId } = west.json.tenants[0].dataKeys[0];
    await call('POST', '/api/admin/keys/retire', { token, body: { tenant: 'west', dataKeyId } });
    await call('POST', '/api/admin/keys/retire', { token, body: { masterKeyId }, status: 409 });
    await call('POST', '/api/admin/keys/retire', { token, body: {}, status: 400 });
    const path = '/api/admin/tenants/west/shred';
    await call('POST', '/api/admin/tenants/{tenant}/shred', { path, token });
    await call('POST', '/api/admin/tenants/{tenant}/shred', { path, status: 403 });
  });

  it('fits every operation of embedding models', async () => {
    const token = server.token({ scopes: ['admin'] });
    await call('POST', '/api/vectors/upsert', {
      body: { collection: 'moved', documents: [{ id: 'd', text: 'a text' }] },
    });
    const path = '/api/admin/vectors/reindex?collection=moved';
    const estimate = await call('GET', '/api/admin/vectors/reindex', { path, token });
    expect(estimate.json).toMatchObject({ documents: 0, money: null });
    const moved = await call('POST', '/api/admin/vectors/reindex', { token, body: { collection: 'moved' } });
    expect(moved.json).toMatchObject({ done: true, total: 0 });
    const drift = await call('POST', '/api/admin/vectors/drift', { token, body: { collection: 'moved' } });
    expect(drift.json).toMatchObject({ drifted: false, collections: [{ collection: 'moved', sampled: 1 }] });
    await call('POST', '/api/admin/vectors/drift', { body: {}, status: 403 });
    await call('POST', '/api/admin/vectors/reindex', { token, body: { limit: 0 }, status: 400 });
    await call('DELETE', '/api/vectors/collections/{name}', { path: '/api/vectors/collections/moved' });
  });

  it('fits the reading of the audit log', async () => {
    const token = server.token({ scopes: ['admin'] });
    const { json } = await call('GET', '/api/admin/audit', { path: '/api/admin/audit?limit=5', token });
    expect(json.lines.length).toBeGreaterThan(0);
    await call('GET', '/api/admin/audit', { status: 403 });
  });

  it('fits every operation of privacy', async () => {
    const token = server.token({ scopes: ['cache:write', 'vectors:write', 'privacy', 'admin'] });
    await call('POST', '/api/cache', { body: { query: 'of ann', response: 1, subject: 'ann' } });
    const documents = [{ id: 'of-ann', text: 'About Ann.', subject: 'ann', purposes: ['crm'], ingestRun: 'r1' }];
    await call('POST', '/api/vectors/upsert', { body: { documents } });
    const path = '/api/privacy/subjects/ann';
    const exported = await call('GET', '/api/privacy/subjects/{subject}', { path: `${path}?limit=1`, token });
    await call('GET', '/api/privacy/subjects/{subject}', { path: `${path}?cursor=odd`, token, status: 400 });
    expect(exported.json).toMatchObject({ subject: 'ann', cursor: expect.any(String) });
    await call('DELETE', '/api/privacy/subjects/{subject}', { path, token });
    await call('DELETE', '/api/privacy/subjects/{subject}', { path, token: null, status: 401 });
    const policy = { retention: { entries: 60, collections: { small: 60 } }, detection: { kinds: { iban: 'redact' } } };
    await call('PUT', '/api/privacy/policy', { body: policy, token });
    await call('PUT', '/api/privacy/policy', { body: {}, token });
    await call('GET', '/api/privacy/policy', { token });
    await call('GET', '/api/privacy/receipt-keys');
  });

  it('fits the open operations', async () => {
    for (const path of ['/health', '/health/live', '/health/ready', '/api/openapi.json'])
      await call('GET', path, { token: null });
    const { text } = await call('GET', '/api/metrics', { token: null });
    expect(text).toContain('resk_http_requests_total');
  });

  it('fits refusals', async () => {
    await call('POST', '/api/cache/query', { body: {}, status: 400 });
    await call('POST', '/api/cache/query', { body: { query: 'x' }, token: null, status: 401 });
    await call('POST', '/api/cache/query', { body: { query: 'x' }, token: server.token({ scopes: [] }), status: 403 });
    await call('POST', '/api/cache', { raw: 'x', headers: { 'content-type': 'text/plain' }, status: 415 });
    await call('POST', '/api/cache', { body: { query: 'x', response: 'y'.repeat(5 * 1024 ** 2) }, status: 413 });
    await call('GET', '/api/cache/entries', { headers: { accept: 'text/html' }, status: 406 });
  });

  it('has no operation that was not called', () => {
    const all = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    expect(all.filter((id) => !called.has(id))).toEqual([]);
  });

  it('is shown by Swagger UI at /docs', async () => {
    const page = await server.send('GET', '/docs', { token: null });
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('swagger-ui') });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const script = await server.send('GET', '/docs/swagger-ui-init.js', { token: null });
    expect(script.text).toContain('/api/cache/query');
  });
});
