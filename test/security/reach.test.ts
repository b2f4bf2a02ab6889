// What one tenant asks to be purged, shown or erased is its own, however it spells what it asks for.
import { expect, onTestFinished, test } from 'vitest';
import { SCOPES } from '#auth';
import { startTestServer } from '../support/server.js';

const QUESTION = 'When does the library open?';
const PERSON = 'ann@example.com';

test('purge or export reaching another tenant', async () => {
  const server = await startTestServer({ LOCKOUT_FAILURES: '0', VECTOR_THRESHOLD: '0' });
  onTestFinished(() => server.stop());
  const of = (tenant: string) => {
    const token = server.token({ tenant, subject: 'the same person', scopes: SCOPES });
    return (method: string, path: string, body?: object) => server.send(method, path, { token, ...(body && { body }) });
  };
  const [north, south] = [of('north'), of('south')];
  for (const [tenant, send] of [
    ['north', north],
    ['south', south],
  ] as const) {
    await send('POST', '/api/cache', {
      query: QUESTION,
      response: `of the ${tenant}`,
      tags: ['hours'],
      subject: PERSON,
    });
    const documents = [{ id: 'd1', text: `A text of the ${tenant}.`, subject: PERSON, metadata: { topic: 'hours' } }];
    expect((await send('POST', '/api/vectors/upsert', { documents })).status).toBe(200);
  }
  const whole = async () => {
    expect((await south('POST', '/api/cache/query', { query: QUESTION })).json.result).toBe('of the south');
    expect((await south('POST', '/api/vectors/query', { text: 'A text', k: 10 })).json.matches).toHaveLength(1);
    expect((await south('GET', '/api/vectors/collections')).json.collections).toMatchObject([{ count: 1 }]);
  };
  const key = (await south('POST', '/api/cache/query', { query: QUESTION })).json.key as string;

  const shown = await north('GET', `/api/privacy/subjects/${PERSON}`);
  expect(shown.text).toContain('of the north');
  expect(shown.text).not.toContain('south');
  // The key of another tenant's entry opens nothing, and forgets nothing.
  expect((await north('GET', `/api/cache/entries/${key}`)).status).toBe(404);
  expect((await north('DELETE', `/api/cache/entries/${key}`)).status).toBe(404);
  // A cursor of another tenant's listing shows nothing of it.
  const { cursor } = (await south('GET', '/api/cache/entries?limit=1')).json;
  const listed = await north('GET', `/api/cache/entries?limit=50&cursor=${encodeURIComponent(cursor ?? key)}`);
  expect(listed.text).not.toContain(key);
  await whole();

  const reaching = [
    () => north('DELETE', '/api/cache?tag=hours'),
    () => north('DELETE', `/api/cache?query=${encodeURIComponent(QUESTION)}`),
    () => north('DELETE', `/api/cache?subject=${PERSON}`),
    () => north('DELETE', '/api/cache'),
    () => north('POST', '/api/vectors/delete', { subject: PERSON }),
    () => north('POST', '/api/vectors/delete', { filter: { op: 'eq', field: 'topic', value: 'hours' } }),
    () => north('POST', '/api/vectors/delete', { ids: ['d1'] }),
    () => north('DELETE', `/api/privacy/subjects/${PERSON}`),
    () => north('DELETE', '/api/vectors/collections/default'),
    () => north('PUT', '/api/privacy/policy', { retention: { maxAge: 1 } }),
    () => north('POST', '/api/admin/keys/rotate', {}),
  ];
  for (const reach of reaching) {
    expect((await reach()).status).toBeLessThan(500);
    await whole();
  }
  // Another tenant named in so many words is refused to an administrator who is not the operator.
  const refused = await Promise.all([
    north('PUT', '/api/quotas/south', {}),
    north('POST', '/api/admin/tenants/south/shred'),
    north('POST', '/api/admin/keys/rotate', { tenant: 'south' }),
    north('GET', '/api/usage?tenant=south'),
    north('GET', '/api/admin/audit'),
  ]);
  expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
  await whole();
  expect((await south('GET', `/api/privacy/subjects/${PERSON}`)).text).toContain('of the south');
});
