// resk keys and resk tenant say what the server did, go on where they were stopped, and destroy nothing unasked.
import { expect, test } from 'vitest';
import { type Asked, apiDouble, problem, type Reply } from './api-double.js';
import { resk } from './command-line.js';

const step = (done: boolean, seen: number, tenantsDone: number, tenantsLeft: number): Reply => ({
  body: { done, seen, resealed: seen - 1, tenantsDone, tenantsLeft },
});
const keysCall = async (args: string[], answer: (asked: Asked, count: number) => Reply | undefined, around = {}) => {
  const { url, asked } = await apiDouble(answer);
  return { asked, ...(await resk([...args, '--url', url], around)) };
};

test('keys list prints master keys and data keys of all pages', async () => {
  const key = {
    dataKeyId: 'key-1',
    masterKeyId: 'vzbn2yw3',
    createdAt: '2026-11-21T04:05:06.000Z',
    sealings: 1_048_576,
  };
  const page = (tenant: object, cursor: string | null): Reply => ({
    body: {
      sealing: true,
      provider: 'local',
      masterKeys: [{ masterKeyId: 'vzbn2yw3', state: 'current', dataKeys: 3 }],
      tenants: [tenant],
      cursor,
    },
  });
  const north = {
    tenant: 'north',
    dataKeys: [
      { ...key, state: 'former' },
      { ...key, dataKeyId: 'key-2', state: 'current' },
    ],
  };
  const { out, code, asked } = await keysCall(['keys', 'list'], ({ path }) =>
    path.includes('cursor')
      ? page(
          {
            tenant: 'south',
            dataKeys: [{ ...key, state: 'former' }],
            resealed: true,
            shreddedAt: '2026-11-20T00:00:00.000Z',
          },
          null,
        )
      : page({ ...north, resealed: false, shreddedAt: null }, 'keys/tenant/north'),
  );
  expect(code).toBe(0);
  expect(asked.map(({ path }) => path)).toEqual(['/api/admin/keys?', '/api/admin/keys?cursor=keys%2Ftenant%2Fnorth']);
  for (const shown of [
    /vzbn2yw3 +current +3/,
    /north +key-1 +former, in use/,
    /key-2 +current/,
    /1,048,576/,
    /south +key-1 +former +v/,
    /south +- +shredded/,
  ])
    expect(out).toMatch(shown);
});

test('keys list says so where nothing is sealed, and shows one tenant where it is named', async () => {
  const none = { sealing: false, provider: 'none', masterKeys: [], tenants: [], cursor: null };
  expect((await keysCall(['keys', 'list'], () => ({ body: none }))).out).toContain('Nothing is sealed');
  const own = { ...none, sealing: true, provider: 'local' };
  const { asked, out } = await keysCall(['keys', 'list', '--tenant', 'north'], () => ({ body: own }));
  expect([asked[0]?.path, out]).toEqual(['/api/admin/keys?tenant=north', '']);
});

test('keys rotate begins a data key, or promotes a master key, never both', async () => {
  const rotated = { body: { success: true, tenant: 'north', dataKeyId: 'key-3' } };
  const data = await keysCall(['keys', 'rotate', '--tenant', 'north'], () => rotated);
  expect([data.asked[0]?.body, data.out]).toEqual([
    { tenant: 'north' },
    expect.stringContaining('key-3 of north is current'),
  ]);
  const promoted = { body: { success: true, masterKeyId: 'abc', rewrapped: 1200, left: 2 } };
  const master = await keysCall(['keys', 'rotate', '--master', 'abc'], () => promoted);
  expect(master.out).toContain('abc is current; 1,200 data keys were wrapped anew, 2 could not be');
  const whole = { body: { success: true, masterKeyId: 'abc', rewrapped: 1, left: 0 } };
  expect((await keysCall(['keys', 'rotate', '--master', 'abc'], () => whole)).out).toContain('wrapped anew.');
  const both = await keysCall(['keys', 'rotate', '--master', 'abc', '--tenant', 'north'], () => rotated);
  expect([both.code, both.asked]).toEqual([2, []]);
});

test('keys retire takes one key, and forces only when told', async () => {
  const retired = { body: { success: true, destroyed: 1 } };
  const data = await keysCall(['keys', 'retire', '--data-key', 'key-1', '--tenant', 'north'], () => retired);
  expect(data.asked[0]?.body).toEqual({ dataKeyId: 'key-1', tenant: 'north', force: false });
  expect(data.out).toContain('Data key key-1 is retired; 1 data keys');
  const master = await keysCall(['keys', 'retire', '--master', 'abc', '--force'], () => retired);
  expect([master.asked[0]?.body, master.out]).toEqual([
    { masterKeyId: 'abc', force: true },
    expect.stringContaining('abc is out of use'),
  ]);
  for (const args of [[], ['--master', 'abc', '--data-key', 'key-1']])
    expect((await keysCall(['keys', 'retire', ...args], () => retired)).code).toBe(2);
  const refused = await keysCall(['keys', 'retire', '--data-key', 'key-1'], () => problem('crypto.key_in_use', 409));
  expect([refused.code === 0, refused.err]).toEqual([false, expect.stringContaining('[crypto.key_in_use]')]);
});

test('keys reseal asks until all is done, waits when it is asked to, and restarts only at first', async () => {
  const answers = [
    step(false, 10, 0, 2),
    problem('rate.limited', 429, { headers: { 'retry-after': '3' } }),
    step(false, 20, 1, 1),
    step(true, 25, 2, 0),
  ];
  const { out, asked, waits, code } = await keysCall(
    ['keys', 'reseal', '--restart', '--step', '10'],
    (_, at) => answers[at - 1],
  );
  expect([code, out, waits]).toEqual([0, '25 entries and documents seen, 24 sealed anew.\n', [3000]]);
  expect(asked.map(({ body }) => body.restart)).toEqual([true, undefined, undefined, undefined]);
  expect(asked.every(({ body }) => body.limit === 10)).toBe(true);
});

test('keys reseal shows a bar on a terminal', async () => {
  const answers = [step(false, 10, 1, 1), step(true, 25, 2, 0)];
  const { err } = await keysCall(['keys', 'reseal', '--tenant', 'north'], (_, at) => answers[at - 1], { isTTY: true });
  expect(err).toMatch(/50 %|100 %/);
});

test('keys reseal ends with Ctrl-C, and says that the next run goes on from there', async () => {
  const stop = new AbortController();
  const { err, code } = await keysCall(
    ['keys', 'reseal'],
    (_, at) => {
      if (at === 2) stop.abort();
      return step(false, at, 0, 1);
    },
    { signal: stop.signal },
  );
  expect([code, err]).toEqual([130, expect.stringContaining('goes on from here')]);
});

const RECEIPT = {
  receiptId: 'f3a1',
  action: 'tenant.shred',
  tenant: 'north',
  destroyed: { dataKeys: 2, entries: 10_000, documents: 7, collections: 1, atLeast: true },
  proof: { tried: 10_007, readable: 0 },
};

test('tenant shred does nothing without --yes, and else prints the receipt', async () => {
  const unasked = await keysCall(['tenant', 'shred', 'north'], () => ({ body: RECEIPT }));
  expect([unasked.code, unasked.asked, unasked.err]).toEqual([2, [], expect.stringContaining('add --yes')]);
  const { asked, out, err, code } = await keysCall(['tenant', 'shred', 'north', '--yes'], () => ({ body: RECEIPT }));
  expect([code, asked[0]?.path, JSON.parse(out)]).toEqual([0, '/api/admin/tenants/north/shred', RECEIPT]);
  expect(err).toContain('2 data keys of north destroyed, and with them at least 10,000 answers and 7 documents');
  expect(err).toContain('Tried to read 10,007 of them: 0 could be read');
});

test('tenant shred fails where something could still be read', async () => {
  const body = { ...RECEIPT, destroyed: { ...RECEIPT.destroyed, atLeast: false }, proof: { tried: 3, readable: 1 } };
  const { code, err } = await keysCall(['tenant', 'shred', 'north', '--yes'], () => ({ body }));
  expect([code === 0, err]).toEqual([false, expect.stringContaining('[crypto.shred_unproven]')]);
});
