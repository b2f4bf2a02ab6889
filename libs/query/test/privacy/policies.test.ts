// What holds for a tenant: its own policy below the operator's ceilings, on every instance, cautious until it is known.
import { describe, expect, it, onTestFinished } from 'vitest';
import { KeyNames } from '#crypto';
import { failure } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import {
  documentsMaxAgeMs,
  effectivePolicy,
  type PolicyDefaults,
  type TenantPolicy,
} from '../../src/privacy/policy.js';
import { TenantPolicies } from '../../src/privacy/tenant-policies.js';
import { aRoom, asker } from '../support.js';

const DAY = 86_400_000;
const defaults: PolicyDefaults = {
  retention: { documentsMs: 30 * DAY },
  detection: { personal: 'store', secret: 'skip', kinds: {} },
};
const own = (retention: Partial<TenantPolicy['retention']> = {}, detection = {}): TenantPolicy => ({
  retention: { collectionsMs: {}, ...retention },
  detection: { kinds: {}, ...detection },
});

describe('what holds', () => {
  it('is what the tenant has set, else what the server has', () => {
    const policy = effectivePolicy(
      defaults,
      own({ entriesMs: DAY }, { personal: 'redact', kinds: { iban: 'refuse' } }),
    );
    expect(policy).toMatchObject({
      retention: { entriesMs: DAY, documentsMs: 30 * DAY },
      detection: { personal: 'redact', secret: 'skip', kinds: { iban: 'refuse' } },
      detects: true,
    });
    expect(effectivePolicy(defaults, undefined).detection).toEqual(defaults.detection);
  });

  it('is never older than the server allows, collection by collection', () => {
    const policy = effectivePolicy(
      defaults,
      own({ documentsMs: 90 * DAY, collectionsMs: { hr: DAY, archive: 400 * DAY } }),
    );
    expect(['hr', 'archive', 'default', 'constructor'].map((name) => documentsMaxAgeMs(policy, name))).toEqual([
      DAY,
      30 * DAY,
      30 * DAY,
      30 * DAY,
    ]);
    const free = { ...defaults, retention: {} };
    expect(documentsMaxAgeMs(effectivePolicy(free, own({ collectionsMs: { hr: DAY } })), 'hr')).toBe(DAY);
    expect(documentsMaxAgeMs(effectivePolicy(free, undefined), 'hr')).toBeUndefined();
  });

  it('asks no detector where nothing that it may find makes a difference', () => {
    const all = own({}, { personal: 'store', secret: 'store' });
    expect(effectivePolicy(defaults, all).detects).toBe(false);
    expect(effectivePolicy(defaults, own({}, { secret: 'store', kinds: { iban: 'redact' } })).detects).toBe(true);
  });
});

describe('a policy that is set', () => {
  const opened = async (records = new MemoryRecords(), bus = new LocalBus()) => {
    const policies = new TenantPolicies({ records, bus, defaults });
    await policies.open();
    onTestFinished(() => policies.close());
    return { policies, records, bus };
  };

  it('holds here at once, and on every other instance as soon as it hears', async () => {
    const here = await opened();
    const there = await opened(here.records, here.bus);
    const heard: string[] = [];
    const stop = there.policies.onChange((tenant, before, after) =>
      heard.push(`${tenant} ${before.detection.personal} ${after.detection.personal}`),
    );
    await here.policies.set('north', own({ entriesMs: DAY }, { personal: 'redact' }));
    expect(here.policies.of('north').detection.personal).toBe('redact');
    expect(here.policies.lifeLimit('north')).toBe(DAY);
    expect(here.policies.lifeLimit('south')).toBeUndefined();
    await expect.poll(() => there.policies.of('north').detection.personal).toBe('redact');
    expect(there.policies.of('south').detection.personal).toBe('store');
    stop();
    await here.policies.set('north', own());
    await expect.poll(() => there.policies.of('north').detection.personal).toBe('store');
    expect(heard).toEqual(['north store redact']);
  });

  it('is known after a restart, and by the tenants that have set one', async () => {
    const { policies, records } = await opened();
    await policies.set('north', own({ documentsMs: DAY }));
    await policies.set('south', own());
    const { policies: again } = await opened(records);
    expect(again.tenants().sort()).toEqual(['north', 'south']);
    expect(again.ownOf('north')).toEqual(own({ documentsMs: DAY }));
    expect(again.ownOf('west')).toBeUndefined();
  });

  it('that is gone from the records holds no more', async () => {
    const { policies, records } = await opened();
    await policies.set('north', own({}, { personal: 'refuse' }));
    await records.delete(['policy/tenant/north']);
    await records.add([{ key: 'policy/version', field: 'changes', by: 1 }]);
    await expect.poll(() => policies.of('north').detection.personal).toBe('store');
    expect(policies.tenants()).toEqual([]);
  });

  it('that cannot be read keeps nothing in which anything is found, and touches no other tenant', async () => {
    const { policies, records } = await opened();
    await policies.set('north', own({}, { personal: 'redact' }));
    for (const [tenant, text] of [
      ['aaa', 'no JSON'],
      ['bbb', 'null'],
      ['ccc', '{"retention":{}}'],
    ] as const) {
      await records.put(`policy/tenant/${tenant}`, text);
    }
    await records.add([{ key: 'policy/version', field: 'changes', by: 1 }]);
    await expect.poll(() => policies.of('ccc').detection.personal).toBe('skip');
    expect(['aaa', 'bbb', 'north', 'south'].map((tenant) => policies.of(tenant).detection.personal)).toEqual([
      'skip',
      'skip',
      'redact',
      'store',
    ]);
    expect(policies.tenants()).toEqual(['north']);
  });

  it('is another object after a change of it, and the same as long as nothing changes', async () => {
    const { policies } = await opened();
    const before = policies.of('north');
    expect(policies.of('north')).toBe(before);
    await policies.set('south', own());
    expect(policies.of('north')).toBe(before);
    await policies.set('north', own());
    expect(policies.of('north')).not.toBe(before);
  });
});

it('until the records have answered, nothing is kept in which anything is found', async () => {
  const records = new MemoryRecords();
  let down = true;
  const failing = new Proxy(records, {
    get: (target, name) => {
      if (down && name === 'tallies') return () => Promise.reject(failure('records.unavailable', { backend: 'redis' }));
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const kinds = { iban: 'refuse', phone: 'store' } as const;
  const policies = new TenantPolicies({
    records: failing,
    bus: new LocalBus(),
    defaults: { retention: { entriesMs: DAY }, detection: { personal: 'store', secret: 'refuse', kinds } },
  });
  onTestFinished(() => policies.close());
  await policies.open();
  const skipping = { personal: 'skip', secret: 'refuse', kinds: { iban: 'refuse', phone: 'skip' } };
  expect(policies.of('north')).toMatchObject({ detection: skipping, retention: { entriesMs: DAY } });
  expect(policies.lifeLimit('north')).toBe(DAY);
  down = false;
  await expect.poll(() => policies.of('north').detection).toEqual({ personal: 'store', secret: 'refuse', kinds });
});

describe('the policies of tenants', () => {
  it('name no kind that nothing finds', async () => {
    const { policiesService } = await aRoom();
    const refused = policiesService.set('north', own({}, { kinds: { iban: 'skip', shoe: 'skip' } }));
    await expect(refused).rejects.toMatchObject({
      code: 'request.invalid',
      problems: [{ path: 'detection.kinds.shoe', message: expect.stringContaining('iban') }],
    });
    expect(policiesService.of('north').own).toBeUndefined();
  });

  it('that another instance changes take what was kept here, and those of age leave it', async () => {
    const records = new MemoryRecords();
    const bus = new LocalBus();
    const [here, there] = [await aRoom({}, { records, bus }), await aRoom({}, { records })];
    await here.answers.write({ query: 'q', response: 1 }, asker);
    await there.policiesService.set('north', own({ entriesMs: DAY }));
    await expect.poll(() => here.policies.lifeLimit('north')).toBe(DAY);
    expect(here.queries.recall({ query: 'q' }, asker)?.hit).toBe(true);
    await there.policiesService.set('north', own({}, { personal: 'redact' }));
    await expect.poll(() => here.queries.recall({ query: 'q' }, asker)).toBeUndefined();
  });
});

it('names of subjects stand nowhere in the records', async () => {
  const room = await aRoom();
  await room.erasures.begin('north', 'ann');
  const [tally] = await room.records.tallies([
    `erased/${room.keyNames.tenantTag('north')}/${room.keyNames.keyed('subject', 'ann')}`,
  ]);
  expect(tally).toEqual({ erasures: 1 });
  expect(new KeyNames(Buffer.alloc(32, 7)).keyed('subject', 'ann')).not.toContain('ann');
});
