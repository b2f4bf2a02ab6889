// The operator changes the embedding model: nothing is compared with what it did not make, and a reindex brings all back.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

let folder: string;
let server: TestServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resk-reindex-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** The next life of the server over the folder; the local model of another dimension is another model. */
async function restarted(dimensions: string, env: Record<string, string> = {}): Promise<TestServer> {
  await server?.stop();
  server = await startTestServer({
    DATA_DIR: folder,
    JWT_SECRET: 'the secret of every life of this server',
    EMBEDDING_DIMENSIONS: dimensions,
    VECTOR_THRESHOLD: '0',
    ...env,
  });
  return server;
}

const admin = (at: TestServer, tenant = 'default') => ({ token: at.token({ scopes: ['admin'], tenant }) });
const documents = Array.from({ length: 30 }, (_, at) => ({ id: `d${at}`, text: `Opening hours of shop ${at}` }));

async function found(at: TestServer): Promise<number> {
  const { status, json } = await at.send('POST', '/api/vectors/query', { body: { text: 'opening hours', k: 100 } });
  expect(status).toBe(200);
  return json.matches.length;
}

async function modelsOk(at: TestServer): Promise<boolean> {
  const { json } = await at.send('GET', '/health/ready');
  return json.checks.find(({ name }: { name: string }) => name === 'models').ok;
}

describe('another model', () => {
  test('finds nothing of the former one until all is moved, and tells so', async () => {
    const before = await restarted('64');
    await before.send('POST', '/api/vectors/upsert', { body: { documents } });
    await before.send('POST', '/api/vectors/upsert', {
      body: { documents: [{ id: 'bare', vector: Array.from({ length: 64 }, (_, at) => at + 1) }] },
    });
    expect([await found(before), await modelsOk(before)]).toEqual([31, true]);

    const after = await restarted('128', { METRICS_ACCESS: 'open' });
    expect([await found(after), await modelsOk(after)]).toEqual([0, false]);
    const estimate = await after.send('GET', '/api/admin/vectors/reindex', admin(after));
    expect(estimate.json).toMatchObject({ documents: 31, collections: [{ collection: 'default', documents: 31 }] });

    let step = await after.send('POST', '/api/admin/vectors/reindex', { body: { limit: 20 }, ...admin(after) });
    expect(step).toMatchObject({ status: 200, json: { done: false, total: 31, seen: 20 } });
    while (!step.json.done)
      step = await after.send('POST', '/api/admin/vectors/reindex', { body: {}, ...admin(after) });
    expect(step.json).toMatchObject({ moved: 30, left: { no_text: 1 }, examples: [{ id: 'bare', reason: 'no_text' }] });
    expect([await found(after), await modelsOk(after)]).toEqual([30, true]);

    const { json } = await after.send('GET', '/api/vectors/collections');
    expect(json.collections).toEqual([{ name: 'default', dimension: 128, metric: 'cosine', count: 31 }]);
    const { text } = await after.send('GET', '/api/metrics');
    expect(text).toContain('resk_vector_model_unmatched_total 1\n');
    const again = await restarted('128');
    expect(await found(again)).toBe(30);
  });

  test('is steady, and is moved to by administrators of the tenant alone', async () => {
    const at = await restarted('64');
    await at.send('POST', '/api/vectors/upsert', { body: { documents } });
    const drift = await at.send('POST', '/api/admin/vectors/drift', { body: {}, ...admin(at) });
    expect(drift).toMatchObject({ status: 200, json: { drifted: false, collections: [{ sampled: 20 }] } });
    const paths = [
      ['GET', '/api/admin/vectors/reindex'],
      ['POST', '/api/admin/vectors/reindex'],
      ['POST', '/api/admin/vectors/drift'],
    ] as const;
    for (const [method, path] of paths) {
      const body = method === 'POST' ? { body: {} } : {};
      const reader = at.token({ scopes: ['vectors:write', 'vectors:read'] });
      expect((await at.send(method, path, { ...body, token: reader })).status).toBe(403);
      const asked = method === 'POST' ? { body: { tenant: 'south' } } : {};
      const other = method === 'POST' ? path : `${path}?tenant=south`;
      const refused = await at.send(method, other, { ...asked, ...admin(at, 'north') });
      expect(refused).toMatchObject({ status: 403, json: { code: 'auth.operator' } });
      expect((await at.send(method, path, { ...body, ...admin(at, 'north') })).status).toBe(200);
    }
  });
});
