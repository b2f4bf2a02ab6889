// How old data keys are is known over all tenants, page by page, and outlives records that do not answer.
import { describe, expect, test } from 'vitest';
import { type DataKeyReport, KeyAges, type TenantKeysReport } from '#crypto';

const DAY_MS = 86_400_000;
const NOW = 1000 * DAY_MS;

/** A tenant whose current key is of this age; another, former one is older still. */
function aTenant(name: string, ageDays: number): TenantKeysReport {
  const key = (state: DataKeyReport['state'], days: number): DataKeyReport => ({
    tenant: name,
    dataKeyId: `${name}-${state}`,
    masterKeyId: 'm',
    state,
    createdAt: NOW - days * DAY_MS,
    sealings: 0,
  });
  return {
    tenant: name,
    dataKeys: [key('former', ageDays + 500), key('current', ageDays)],
    resealed: true,
    shreddedAt: null,
  };
}

/** Gives one tenant a page. */
function admin(tenants: TenantKeysReport[], o: { sealing?: boolean } = {}) {
  const state = { down: false, asked: 0 };
  return {
    state,
    sealing: o.sealing ?? true,
    tenants: async ({ cursor = '0' }: { cursor?: string | undefined; limit: number }) => {
      state.asked++;
      if (state.down) throw new Error('down');
      const at = Number(cursor);
      return { tenants: tenants.slice(at, at + 1), cursor: at + 1 < tenants.length ? String(at + 1) : undefined };
    },
  };
}

describe('the ages of keys', () => {
  test('are those of the keys that seal; what is older than allowed is counted', async () => {
    const ages = new KeyAges(
      admin([aTenant('north', 10), aTenant('south', 91), aTenant('east', 90)]),
      90 * DAY_MS,
      () => NOW,
    );
    expect(ages.report).toBeUndefined();
    await ages.look();
    expect(ages.report).toEqual({ oldestAt: NOW - 91 * DAY_MS, overdue: 1 });
  });

  test('are nothing where no tenant has a key', async () => {
    const ages = new KeyAges(
      admin([{ tenant: 'north', dataKeys: [], resealed: true, shreddedAt: 1 }]),
      DAY_MS,
      () => NOW,
    );
    await ages.look();
    expect(ages.report).toEqual({ oldestAt: undefined, overdue: 0 });
  });

  test('are not looked for where nothing is sealed', async () => {
    const none = admin([], { sealing: false });
    const ages = new KeyAges(none, DAY_MS);
    ages.open();
    expect(none.state.asked).toBe(0);
    expect(ages.report).toBeUndefined();
    ages.close();
  });

  test('stand as they were read last while the records do not answer', async () => {
    const keys = admin([aTenant('north', 2)]);
    const ages = new KeyAges(keys, DAY_MS, () => NOW);
    ages.open();
    ages.open();
    await expect.poll(() => ages.report).toBeDefined();
    expect(keys.state.asked).toBe(1);
    const before = ages.report;
    keys.state.down = true;
    await expect(ages.look()).rejects.toThrow('down');
    expect(ages.report).toEqual(before);
    expect(before).toEqual({ oldestAt: NOW - 2 * DAY_MS, overdue: 1 });
    ages.close();
    ages.close();
  });

  test('do not fail a start while the records are down', async () => {
    const keys = admin([aTenant('north', 2)]);
    keys.state.down = true;
    const ages = new KeyAges(keys, DAY_MS, () => NOW);
    ages.open();
    await expect.poll(() => keys.state.asked).toBe(1);
    expect(ages.report).toBeUndefined();
    ages.close();
  });
});
