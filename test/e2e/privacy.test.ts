// A person's rights and a tenant's policy over HTTP, and what the commands make of them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { receiptProblem } from '#query';
import { resk as commandLine } from '../support/command-line.js';
import { startTestServer, type TestServer } from '../support/server.js';

const MAIL = 'ann.lee@example.com';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ VECTOR_THRESHOLD: '0', EMBEDDING_DIMENSIONS: '64' });
});
afterAll(() => server.stop());

/** A tenant of its own for each test, with every scope. */
function aTenant(tenant: string) {
  const token = server.token({
    tenant,
    scopes: [
      'cache:read',
      'cache:write',
      'cache:purge',
      'vectors:read',
      'vectors:write',
      'embeddings',
      'privacy',
      'admin',
    ],
  });
  return {
    token,
    get: (path: string) => server.send('GET', path, { token }),
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      server.send('POST', path, { token, body, headers }),
    put: (path: string, body: unknown) => server.send('PUT', path, { token, body }),
    delete: (path: string) => server.send('DELETE', path, { token }),
    ask: async (query: string, more: object = {}) =>
      (await server.send('POST', '/api/cache/query', { token, body: { query, ...more } })).json,
  };
}

async function everything(tenant: ReturnType<typeof aTenant>, subject: string) {
  const items: Array<{ kind: string; data: Record<string, unknown> }> = [];
  for (let cursor = ''; ; ) {
    const page = (await tenant.get(`/api/privacy/subjects/${encodeURIComponent(subject)}?limit=1${cursor}`)).json;
    items.push(...page.items);
    if (page.cursor === null) return items;
    cursor = `&cursor=${page.cursor}`;
  }
}

describe('a person', () => {
  const fill = async (tenant: ReturnType<typeof aTenant>) => {
    const headers = { 'idempotency-key': 'k1' };
    await tenant.post('/api/cache', { query: 'ann?', response: { tea: 1 }, subject: MAIL }, headers);
    const about = { subject: MAIL, source: 'crm', ingestRun: 'r1' };
    const documents = [
      { id: 'a', text: 'Ann likes tea.', ...about },
      { id: 'b', text: 'Bob likes tea.' },
    ];
    expect((await tenant.post('/api/vectors/upsert', { documents })).json).toEqual({ upserted: 2 });
    expect((await tenant.ask('Who likes tea?')).source).toBe('vectordb');
    expect((await tenant.ask('Who likes tea?')).source).toBe('cache');
  };

  it('is exported from everywhere, of the caller’s tenant alone', async () => {
    const [north, south] = [aTenant('export-north'), aTenant('export-south')];
    await fill(north);
    const items = await everything(north, MAIL);
    expect(items.map(({ kind }) => kind)).toEqual(['entry', 'entry', 'document', 'idempotency']);
    expect(items.find(({ kind }) => kind === 'document')!.data).toMatchObject({
      id: 'a',
      subject: MAIL,
      text: 'Ann likes tea.',
    });
    expect(await everything(south, MAIL)).toEqual([]);
    const { json } = await north.get(`/api/privacy/subjects/${MAIL}`);
    expect(json).toMatchObject({ subject: MAIL, subjectDigest: expect.stringMatching(/^[\w-]{12}$/) });
  });

  it('is erased from everywhere, with a receipt that anybody can check', async () => {
    const [north, south] = [aTenant('erase-north'), aTenant('erase-south')];
    await fill(north);
    await fill(south);
    const { status, json: receipt } = await north.delete(`/api/privacy/subjects/${MAIL}`);
    expect(status).toBe(200);
    expect(receipt).toMatchObject({ tenant: 'erase-north', erased: { entries: 2, documents: 1, idempotency: 1 } });
    expect(JSON.stringify(receipt)).not.toContain(MAIL);
    expect(await everything(north, MAIL)).toEqual([]);
    expect(await everything(south, MAIL)).toHaveLength(4);
    const again = await north.ask('Who likes tea?');
    expect(JSON.stringify(again)).not.toContain('Ann');
    const { keys } = (await server.send('GET', '/api/privacy/receipt-keys')).json;
    expect(receiptProblem(receipt, keys, MAIL)).toBeUndefined();
    expect(receiptProblem({ ...receipt, erased: { ...receipt.erased, entries: 9 } }, keys)).toBe('altered');
  });

  it('may have a name as long as writes take, of any characters, and none longer', async () => {
    const tenant = aTenant('long-names');
    const subject = '😀'.repeat(128);
    await tenant.post('/api/cache', { query: 'long?', response: 1, subject });
    expect(await everything(tenant, subject)).toHaveLength(1);
    expect((await tenant.delete(`/api/privacy/subjects/${encodeURIComponent(subject)}`)).json.erased.entries).toBe(1);
    for (const length of [257, 600, 5000]) {
      const { status, json } = await tenant.get(`/api/privacy/subjects/${'a'.repeat(length)}`);
      expect([status, json.code]).toEqual([400, 'request.invalid']);
    }
  });

  it('is nobody’s business who has no right to it', async () => {
    const token = server.token({ scopes: ['cache:read', 'admin'] });
    for (const method of ['GET', 'DELETE']) {
      expect((await server.send(method, '/api/privacy/subjects/ann', { token })).json.code).toBe('auth.scope');
    }
    expect((await server.send('PUT', '/api/privacy/policy', { body: {} })).json.code).toBe('auth.scope');
    expect((await server.send('GET', '/api/privacy/receipt-keys', { token: null })).status).toBe(401);
    expect((await aTenant('x').get('/api/privacy/subjects/ann?cursor=odd')).json.code).toBe('request.invalid');
  });
});

describe('a policy', () => {
  it('is read and replaced, below the server’s own', async () => {
    const tenant = aTenant('policy-1');
    expect((await tenant.get('/api/privacy/policy')).json).toEqual({
      own: null,
      effective: { retention: { collections: {} }, detection: { personal: 'store', secret: 'skip', kinds: {} } },
    });
    const own = {
      retention: { entries: 3600, documents: 86_400, collections: { hr: 60 } },
      detection: { personal: 'redact', kinds: { card: 'refuse' } },
    };
    const { json } = await tenant.put('/api/privacy/policy', own);
    expect(json).toEqual({ own, effective: { ...own, detection: { ...own.detection, secret: 'skip' } } });
    expect((await tenant.get('/api/privacy/policy')).json).toEqual(json);
    expect((await tenant.post('/api/cache', { query: 'q', response: 1, ttl: 86_400 })).json.ttl).toBeLessThanOrEqual(
      3600,
    );
    const wrong = await tenant.put('/api/privacy/policy', { detection: { kinds: { shoe: 'skip' } } });
    expect(wrong.json).toMatchObject({ code: 'request.invalid', errors: [{ path: 'detection.kinds.shoe' }] });
    expect((await tenant.put('/api/privacy/policy', { retention: { entries: 0 } })).status).toBe(400);
    expect((await aTenant('policy-2').get('/api/privacy/policy')).json.own).toBeNull();
  });

  it('redacts, skips or refuses what is asked and written', async () => {
    const tenant = aTenant('policy-3');
    const set = (personal: string) => tenant.put('/api/privacy/policy', { detection: { personal } });
    const write = async (response: unknown) =>
      (await tenant.post('/api/cache', { query: `of ${MAIL}`, response })).json;
    await set('redact');
    expect(await write(`is ${MAIL}`)).toEqual({
      success: true,
      key: expect.any(String),
      ttl: expect.any(Number),
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
    });
    expect(await tenant.ask('of bob@example.org')).toMatchObject({ result: 'is [email]', hit: true });
    await set('skip');
    expect(await write(1)).toMatchObject({ success: true, stored: false, ttl: 0 });
    expect(await tenant.ask(`of ${MAIL}`)).toMatchObject({ hit: false });
    const { json } = await tenant.post('/api/vectors/upsert', {
      documents: [
        { id: 'a', text: MAIL },
        { id: 'b', text: 'tea' },
      ],
    });
    expect(json).toEqual({ upserted: 1, skipped: 1 });
    const warm = {
      entries: [
        { query: MAIL, response: 1 },
        { query: 'tea', response: 1 },
      ],
    };
    expect((await tenant.post('/api/cache/warmup', warm)).json).toEqual({ success: true, written: 1 });
    await set('refuse');
    const refused = await tenant.post('/api/cache/query', { query: `of ${MAIL}` });
    expect(refused).toMatchObject({ status: 422, json: { code: 'privacy.refused' } });
    expect(refused.text).toContain('email');
    expect(refused.text).not.toContain(MAIL);
  });

  it('of consent, purpose and origin shows in replies', async () => {
    const tenant = aTenant('policy-4');
    const documents = [{ id: 'a', text: 'Tea is green.', purposes: ['support'], source: 'faq.csv', ingestRun: 'r1' }];
    await tenant.post('/api/vectors/upsert', { documents });
    expect((await tenant.ask('Is tea green?')).source).toBe('none');
    const answer = await tenant.ask('Is tea green?', { purpose: 'support' });
    const provenance = { origin: 'vectordb', collection: 'default', sources: ['faq.csv'], runs: ['r1'] };
    expect(answer).toMatchObject({ source: 'vectordb', provenance });
    expect(answer.result.matches[0]).toMatchObject({
      source: 'faq.csv',
      lineage: { ingestRun: 'r1', ingestedAt: expect.any(String) },
    });
    expect((await tenant.ask('Is tea green?', { purpose: 'support' })).provenance).toMatchObject(provenance);
    const found = async (more: object) =>
      (await tenant.post('/api/vectors/query', { text: 'tea', ...more })).json.matches;
    expect([(await found({})).length, (await found({ purpose: 'support' })).length]).toEqual([0, 1]);
    await tenant.post('/api/vectors/upsert', { documents: [{ ...documents[0], consent: false }] });
    expect((await tenant.ask('Is tea green?', { purpose: 'support' })).source).toBe('none');
    const { key } = (await tenant.post('/api/cache', { query: 'q', response: 1, model: 'gpt-4o', source: 'Eve' })).json;
    const written = { origin: 'written', model: 'gpt-4o', sources: ['Eve'] };
    expect((await tenant.get(`/api/cache/entries/${key}`)).json.provenance).toEqual(written);
    expect((await tenant.ask('q', { model: 'gpt-4o' })).provenance).toEqual(written);
  });
});

it('policies outlive the server, and hold on another that shares its records', async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'resk-policy-'));
  onTestFinished(() => rm(DATA_DIR, { recursive: true, force: true }));
  const first = await startTestServer({ DATA_DIR });
  const second = await startTestServer({ DATA_DIR });
  onTestFinished(() => second.stop());
  const token = first.token({ tenant: 'north', scopes: ['cache:read', 'admin'] });
  await first.send('PUT', '/api/privacy/policy', { token, body: { detection: { personal: 'refuse' } } });
  const ask = () => second.send('POST', '/api/cache/query', { token, body: { query: MAIL } });
  await expect.poll(async () => (await ask()).status, { timeout: 5000 }).toBe(422);
  await first.stop();
  const third = await startTestServer({ DATA_DIR });
  onTestFinished(() => third.stop());
  expect((await third.send('POST', '/api/cache/query', { token, body: { query: MAIL } })).status).toBe(422);
});

describe('the commands', () => {
  const resk = (...argv: string[]) => commandLine(server, argv);
  const file = async (content: unknown) => {
    const folder = await mkdtemp(join(tmpdir(), 'resk-receipt-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'file.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const write = (tenant: ReturnType<typeof aTenant>) =>
    tenant.post('/api/cache', { query: 'of ann', response: 1, subject: 'ann/of north?' });

  it('export a person line by line, and erase them for good', async () => {
    const tenant = aTenant('command-1');
    await write(tenant);
    const exported = await resk('privacy', 'export', 'ann/of north?', '--tenant', 'command-1');
    expect([exported.code, exported.err]).toEqual([0, '1 items\n']);
    expect(JSON.parse(exported.out)).toMatchObject({ kind: 'entry', data: { value: 1, subjects: ['ann/of north?'] } });
    const hasty = await resk('privacy', 'erase', 'ann/of north?', '--tenant', 'command-1');
    expect([hasty.code, hasty.err]).toEqual([2, expect.stringContaining('--yes')]);
    const erased = await resk('privacy', 'erase', 'ann/of north?', '--tenant', 'command-1', '--yes');
    expect([erased.code, erased.err]).toEqual([0, expect.stringContaining('1 answers, 0 documents, 0 kept replies')]);
    expect(JSON.parse(erased.out)).toMatchObject({ tenant: 'command-1', erased: { entries: 1 } });
    expect((await resk('privacy', 'export', 'ann/of north?', '--tenant', 'command-1')).out).toBe('');
  });

  it('verify a receipt by the server’s keys, or by a copy of them and without a server', async () => {
    const tenant = aTenant('command-2');
    await write(tenant);
    const receipt = (await tenant.delete(`/api/privacy/subjects/${encodeURIComponent('ann/of north?')}`)).json;
    const path = await file(receipt);
    const online = await resk('receipt', 'verify', path, '--subject', 'ann/of north?');
    expect([online.code, online.err]).toEqual([0, '']);
    expect(online.out).toContain(`genuine: receipt ${receipt.receiptId}`);
    expect(online.out).toMatch(/privacy.erase of tenant command-2 at .*: entries 1, documents 0, idempotency 0/);
    const keys = await file((await server.send('GET', '/api/privacy/receipt-keys')).json);
    expect((await resk('receipt', 'verify', path, '--keys', keys, '--url', 'http://127.0.0.1:9')).code).toBe(0);
    const refusals = [
      [await file({ ...receipt, tenant: 'other' }), [], 'altered'],
      [path, ['--subject', 'bob'], 'another person'],
      [await file('no JSON'), [], 'not a receipt'],
    ] as const;
    for (const [given, more, reason] of refusals) {
      const { code, err } = await resk('receipt', 'verify', given, '--keys', keys, ...more);
      expect([code, err]).toEqual([2, expect.stringContaining(reason)]);
    }
    const strange = await resk('receipt', 'verify', path, '--keys', await file({ keys: [] }));
    expect([strange.code, strange.err]).toEqual([2, expect.stringContaining('not among the keys')]);
    expect((await resk('receipt', 'verify', `${path}.none`)).code).toBe(5);
  });
});
