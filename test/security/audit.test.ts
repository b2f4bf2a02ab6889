// Who acts is seen, who is refused is seen, and a line that was removed or altered is found.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { SCOPES, type Scope } from '#auth';
import { resk } from '../support/command-line.js';
import { startTestServer, type TestServer } from '../support/server.js';

async function aServer(): Promise<TestServer> {
  const server = await startTestServer();
  onTestFinished(() => server.stop());
  return server;
}

/** Acts and refusals of every kind that the log is to hold. */
async function muchHappens(server: TestServer) {
  const operator = server.token({ subject: 'olga', scopes: SCOPES });
  const send = (method: string, path: string, body?: object) =>
    server.send(method, path, { token: operator, ...(body && { body }) });
  await send('POST', '/api/cache', { query: 'a', response: 'b', subject: 'ann', tags: ['x'] });
  await send('DELETE', '/api/cache?tag=x');
  await send('GET', '/api/privacy/subjects/ann');
  await send('DELETE', '/api/privacy/subjects/ann');
  await send('PUT', '/api/quotas/north', { requestsPerDay: 1000 });
  await send('POST', '/api/auth/revocations', {
    jti: 'some-token',
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  await server.send('POST', '/api/cache/query', { token: 'not.a.token', body: { query: 'a' } });
  await server.send('POST', '/api/cache', { token: server.token({ scopes: [] }), body: { query: 'a', response: 'b' } });
}

async function exported(server: TestServer): Promise<string[]> {
  await expect.poll(async () => (await resk(server, ['audit', 'export'])).out).toContain('auth.scope');
  return (await resk(server, ['audit', 'export'])).out.trim().split('\n');
}

test('audit line removed', async () => {
  const server = await aServer();
  await muchHappens(server);
  const lines = await exported(server);
  const actions = lines.map((line) => JSON.parse(line).action as string);
  expect(actions).toEqual(
    expect.arrayContaining([
      'cache.purge',
      'privacy.export',
      'privacy.erase',
      'quota.set',
      'token.revoke',
      'request.denied',
    ]),
  );
  expect(lines.join('\n')).not.toMatch(/some-token|"b"|not\.a\.token/);
  const whole = await resk(server, ['audit', 'verify']);
  expect(whole).toMatchObject({ code: 0, out: expect.stringContaining(`${lines.length} lines read, 0 problems`) });
  const [, head] = /Head: (\S+)/.exec(whole.out)!;

  const folder = await mkdtemp(join(tmpdir(), 'resk-audit-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const keys = join(folder, 'keys.json');
  await writeFile(keys, (await server.send('GET', '/api/privacy/receipt-keys')).text);
  const verdict = async (changed: string[], ...options: string[]) => {
    const file = join(folder, 'audit.jsonl');
    await writeFile(file, `${changed.join('\n')}\n`);
    return resk(server, ['audit', 'verify', file, '--keys', keys, ...options]);
  };
  expect(await verdict(lines)).toMatchObject({ code: 0 });
  const removed = await verdict(lines.toSpliced(1, 1));
  expect(removed).toMatchObject({ code: expect.any(Number), out: expect.stringContaining('line 2: is missing') });
  expect(removed.code).not.toBe(0);
  const altered = await verdict(lines.with(0, lines[0]!.replace('olga', 'otto')));
  expect(altered.out).toContain('line 1: was altered');
  expect((await verdict(lines.slice(0, -1))).code).toBe(0);
  expect((await verdict(lines.slice(0, -1), '--expect', head!)).out).toContain('the log was cut or rewritten');

  // In the store itself, while the server runs: whoever can write there cannot do it unseen.
  const database = new DatabaseSync(join(server.dataDir, 'records.sqlite'));
  const { changes } = database
    .prepare("UPDATE journals SET line = replace(line, 'olga', 'otto') WHERE number = 2")
    .run();
  database.close();
  expect(Number(changes)).toBe(1);
  const found = await resk(server, ['audit', 'verify']);
  expect(found.out).toContain('line 2: was altered');
  expect(found.code).not.toBe(0);
});

test('no administrator but the operator reads the audit log, and no key of it leaves the server', async () => {
  const server = await aServer();
  const read = (tenant: string, scopes: readonly Scope[] = SCOPES) =>
    server.send('GET', '/api/admin/audit', { token: server.token({ tenant, scopes }) });
  expect((await read('north')).json.code).toBe('auth.operator');
  expect((await read('default', ['cache:read'])).status).toBe(403);
  expect((await read('default')).status).toBe(200);
  const { json } = await server.send('GET', '/api/privacy/receipt-keys');
  for (const key of json.keys) expect(Object.keys(key)).not.toContain('d');
  expect(await readFile(join(server.dataDir, 'records.sqlite'), 'latin1')).not.toContain('PRIVATE KEY');
});
