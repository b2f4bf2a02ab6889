// Both clients call every operation of the API on the real server, and get what the service says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { operations } from '../../clients/typescript/src/operations.gen.js';
import { type ChildServer, root, startChildServer } from '../support/child-server.js';
import { type Asked, type Caller, callerIn, type LanguageName, value } from './callers.js';

const ADMIN = ['admin', 'privacy', 'usage:read', 'cache:write', 'vectors:write'] as const;
const DAY = 86_400_000;

/** Calls, and remembers which operations have answered well. */
class Story {
  readonly called = new Set<string>();

  constructor(
    private readonly usual: Caller,
    private readonly admin: Caller,
  ) {}

  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
  async do(method: string, asked?: Asked): Promise<any> {
    return this.noted(this.usual, method, asked);
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
  async asAdmin(method: string, asked?: Asked): Promise<any> {
    return this.noted(this.admin, method, asked);
  }

  private async noted(caller: Caller, method: string, asked?: Asked) {
    const answer = await value(caller, method, asked);
    this.called.add(method);
    return answer;
  }
}

async function storyIn(language: LanguageName): Promise<Story> {
  const server: ChildServer = await startChildServer({ CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') });
  const usual = await callerIn(language, { baseUrl: server.url, token: server.token() });
  const admin = await callerIn(language, { baseUrl: server.url, token: server.token({ scopes: ADMIN }) });
  return new Story(usual, admin);
}

async function entries(story: Story): Promise<void> {
  const body = { query: 'When?', response: { answer: 'At nine. 🕘' }, ttl: 60, tags: ['hours'] };
  const written = await story.do('cacheWrite', { body, idempotencyKey: 'first' });
  expect(written).toMatchObject({ success: true, key: expect.any(String) });
  const warmed = await story.do('cacheWarmUp', { body: { entries: [{ query: 'one', response: null }] } });
  expect(warmed).toMatchObject({ written: 1 });
  const answer = await story.do('queryAsk', { body: { query: 'When?' } });
  expect(answer).toMatchObject({ hit: true, source: 'cache', result: { answer: 'At nine. 🕘' }, key: written.key });
  expect((await story.do('cacheEntries', { parameters: { limit: 1 } })).entries).toHaveLength(1);
  expect(await story.do('cacheEntry', { path: [written.key] })).toMatchObject({ key: written.key, tags: ['hours'] });
  expect(await story.do('cacheForget', { path: [written.key] })).toEqual({ success: true, purged: 1 });
  expect(await story.do('cachePurge', { parameters: { tag: 'hours' } })).toMatchObject({ success: true });
  expect(await story.do('cachePurge')).toMatchObject({ success: true });
}

async function vectors(story: Story): Promise<void> {
  const made = await story.do('vectorsOpen', { body: { name: 'small', dimension: 3, metric: 'l2' } });
  expect(made).toMatchObject({ name: 'small', dimension: 3 });
  const documents = [{ id: 'p', vector: [1, 2, 3], metadata: { n: 1 } }];
  expect(await story.do('vectorsUpsert', { body: { collection: 'small', documents } })).toMatchObject({ upserted: 1 });
  const values = [{ id: 'q', vector: [3, 2, 1] }, { id: 'r' }, { id: 's', vector: [0, 0, 1] }];
  for (const kind of ['list', 'function', 'once'] as const) {
    const asked = { lines: { kind, values }, parameters: { collection: 'small', run: `run ${kind}` } };
    expect(await story.do('vectorsIngest', asked)).toMatchObject({ upserted: 2, refused: 1, refusals: [{ row: 2 }] });
  }
  const found = await story.do('vectorsSearch', { body: { collection: 'small', vector: [1, 2, 3], k: 1 } });
  expect(found.matches).toEqual([expect.objectContaining({ id: 'p', score: 1 })]);
  expect(await story.do('vectorsDelete', { body: { collection: 'small', ids: ['q', 's'] } })).toEqual({ deleted: 2 });
  expect((await story.do('vectorsCollections')).collections).toContainEqual(
    expect.objectContaining({ name: 'small', count: 1 }),
  );
  await story.do('vectorsDrop', { path: ['small'] });
  expect((await story.do('vectorsEmbed', { body: { input: ['a text', 'another'] } })).vectors).toHaveLength(2);
}

async function usage(story: Story): Promise<void> {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const parameters = { by: 'day', from: day(Date.now() - DAY), to: day(Date.now() + DAY) };
  expect(await story.do('usageUsage', { parameters })).toMatchObject({ tenant: 'default', by: 'day' });
  expect(await story.do('usageUsage', { parameters: { ...parameters, format: 'csv' } })).toContain('calls');
  const quotas = await story.asAdmin('usageSet', { path: ['north'], body: { requestsPerDay: 1000 } });
  expect(quotas.quotas.requestsPerDay).toMatchObject({ limit: 1000 });
  expect(await story.asAdmin('usageDescribe', { parameters: { tenant: 'north' } })).toMatchObject({ tenant: 'north' });
}

async function privacy(story: Story): Promise<void> {
  // A person may be named by anything: slashes, blanks and signs of a URL must arrive as they are.
  const subject = 'ann/é 50% ?#&=+;@:';
  await story.do('cacheWrite', { body: { query: 'of ann', response: 1, subject } });
  const exported = await story.asAdmin('privacyExport', { path: [subject], parameters: { limit: 5 } });
  expect(exported).toMatchObject({ subject, items: [expect.anything()] });
  expect(await story.asAdmin('privacyErase', { path: [subject] })).toMatchObject({ signature: expect.any(String) });
  await story.asAdmin('privacySetPolicy', { body: { retention: { entries: 60 } } });
  expect(await story.asAdmin('privacyPolicy')).toMatchObject({ effective: { retention: { entries: 60 } } });
  expect((await story.do('privacyReceiptKeys')).keys.length).toBeGreaterThan(0);
}

async function administration(story: Story): Promise<void> {
  const revocation = { sub: 'bob', expiresAt: new Date(Date.now() + DAY).toISOString(), tenant: 'north' };
  const revoked = await story.asAdmin('authRevoke', { body: revocation });
  expect((await story.asAdmin('authList', { parameters: { tenant: 'north' } })).revocations).toEqual([revoked]);
  await story.asAdmin('authLift', { path: [revoked.id], parameters: { tenant: 'north' } });
  const keys = await story.asAdmin('keysList', { parameters: { limit: 10 } });
  await story.asAdmin('keysRotate', { body: { tenant: 'default' } });
  expect(await story.asAdmin('keysReseal', { body: { tenant: 'default' } })).toMatchObject({ done: true });
  const { dataKeyId } = keys.tenants[0].dataKeys[0];
  await story.asAdmin('keysRetire', { body: { tenant: 'default', dataKeyId } });
  await story.asAdmin('keysShred', { path: ['north'] });
  expect((await story.asAdmin('auditPage', { parameters: { limit: 5 } })).lines.length).toBeGreaterThan(0);
}

async function models(story: Story): Promise<void> {
  await story.do('vectorsUpsert', { body: { collection: 'moved', documents: [{ id: 'd', text: 'a text' }] } });
  const parameters = { collection: 'moved' };
  expect(await story.asAdmin('reindexEstimate', { parameters })).toMatchObject({ documents: 0 });
  expect(await story.asAdmin('reindexStep', { body: parameters })).toMatchObject({ done: true });
  expect(await story.asAdmin('reindexCheck', { body: parameters })).toMatchObject({ drifted: false });
}

async function operation(story: Story): Promise<void> {
  expect(await story.do('operationsHealth')).toEqual(await story.do('operationsLive'));
  expect(await story.do('operationsReady')).toMatchObject({ status: expect.any(String) });
  expect(await story.do('operationsMetrics')).toContain('resk_http_requests_total');
  expect(await story.do('operationsDocument')).toMatchObject({ openapi: '3.1.0' });
}

it.each(['typescript', 'python'] as const)(
  'every operation answers the client of %s',
  async (language) => {
    const story = await storyIn(language);
    for (const part of [entries, vectors, usage, privacy, models, administration, operation]) await part(story);
    expect(Object.keys(operations).filter((method) => !story.called.has(method))).toEqual([]);
  },
  60_000,
);

it('the clients know every operation of the document, and no other', () => {
  const document = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
  expect(
    Object.values(operations)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(ids.sort());
  const methods = readFileSync(join(root, 'clients/python/resk_caching_client/_client.py'), 'utf8').match(
    /OPERATIONS\[/g,
  );
  expect(methods).toHaveLength(ids.length);
});
