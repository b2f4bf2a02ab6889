// A key of one tenant or caller says nothing to another: neither that it was used, nor for what, nor what came of it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Reply, startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const KEY = 'the-same-key';
const SECRET = 'the answer of the north';

/** What a caller can tell of its reply; ids and times of its own aside. */
function seen({ status, headers, json }: Reply) {
  const names = [...headers.keys()].sort();
  return {
    status,
    names,
    fields: Object.keys(json).sort(),
    code: json.code,
    replayed: headers.get('idempotency-replayed'),
  };
}

test('idempotency key reused across tenants', async () => {
  const write = (tenant: string, subject: string, response: unknown, key = KEY) =>
    server.send('POST', '/api/cache', {
      token: server.token({ tenant, subject }),
      body: { query: 'Which tea?', response },
      headers: { 'idempotency-key': key },
    });
  const ask = async (tenant: string) =>
    (await server.send('POST', '/api/cache/query', { token: server.token({ tenant }), body: { query: 'Which tea?' } }))
      .json;
  const first = await write('north', 'ann', SECRET);
  expect(seen(first)).toMatchObject({ status: 200, replayed: null });

  // The same request of another tenant, and of another caller of the same: done, as if the key were new.
  const never = seen(await write('west', 'ann', SECRET, 'a-key-nobody-used'));
  for (const [tenant, subject] of [
    ['south', 'ann'],
    ['north', 'bob'],
    // Names that spell the same when they are put behind each other.
    ['nort', 'hann'],
    ['n', 'orthann'],
  ] as const) {
    expect(seen(await write(tenant, subject, SECRET))).toEqual(never);
  }
  // Another request under it is no conflict but one's own, and another tenant's reply is never given.
  const other = await write('east', 'ann', 'black');
  expect(seen(other)).toEqual(never);
  expect(other.text).not.toContain(first.json.key);
  expect((await ask('east')).result).toBe('black');
  expect((await ask('north')).result).toBe(SECRET);
  expect((await write('south', 'ann', 'black')).json.code).toBe('idempotency.conflict');
  expect((await write('north', 'ann', SECRET)).headers.get('idempotency-replayed')).toBe('true');
});
