// A new secret for tokens takes nothing back: what was revoked stays revoked, and answers are found again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startTestServer } from '../support/server.js';

const OLD = 'the secret of last year that is long enough';
const NEW = 'the secret of this year that is long enough';
const QUESTION = { query: 'Which tea?' };

test('revoked token of a former secret', async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'resk-rotation-'));
  onTestFinished(() => rm(DATA_DIR, { recursive: true }));
  const common = { DATA_DIR, CACHE_BACKEND: 'sqlite' };
  const before = await startTestServer({ ...common, JWT_SECRET: OLD });
  const [kept, revoked] = [before.token({ subject: 'ann' }), before.token({ subject: 'ann' })];
  const { jti } = JSON.parse(Buffer.from(revoked.split('.')[1]!, 'base64url').toString()) as { jti: string };
  await before.send('POST', '/api/cache', { body: { ...QUESTION, response: 'green' } });
  await before.send('POST', '/api/auth/revocations', { token: before.token({ scopes: ['admin'] }), body: { jti } });
  await before.stop();

  const changed = { ...common, JWT_SECRET: NEW, JWT_FORMER_SECRETS: OLD };
  await expect(startTestServer(changed)).rejects.toMatchObject({ code: 'boot.failed' });
  const after = await startTestServer({ ...changed, KEY_NAME_SECRET: OLD });
  onTestFinished(() => after.stop());
  const ask = async (token: string) =>
    (await after.send('POST', '/api/cache/query', { token, body: QUESTION })).json as object;
  expect(await ask(revoked)).toMatchObject({ code: 'auth.revoked' });
  expect(await ask(kept)).toMatchObject({ hit: true, result: 'green' });
  expect(await ask(after.token())).toMatchObject({ hit: true });
});
