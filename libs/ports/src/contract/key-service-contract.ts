// What every key service promises, as cases that any test runner can run against a live one.
import assert from 'node:assert/strict';
import { type FailureCode, isFailure } from '../failure.js';
import type { KeyContext, KeyService } from '../key-service.js';
import type { ContractCase } from './contract-case.js';

const NORTH: KeyContext = { tenant: 'north', dataKeyId: 'first-key' };
const ELSEWHERE: KeyContext[] = [
  { ...NORTH, tenant: 'south' },
  { ...NORTH, dataKeyId: 'second-key' },
  { tenant: 'northfirst', dataKeyId: '-key' },
];
const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);

/**
 * The cases of the port. `open` gives a service that answers, over the same master keys each time, at least one of them
 * current; each case closes what it opened. Cases about former keys hold for whatever former keys there are.
 */
export function keyServiceContract(open: () => Promise<KeyService>): ContractCase[] {
  const proving = (name: string, prove: (service: KeyService) => Promise<void>): ContractCase => ({
    name,
    run: () => withOpened(open, prove),
  });
  return [
    proving('names its provider and its keys, exactly one of them current', async (service) => {
      assert.match(service.provider, /^[a-z][a-z0-9-]{0,31}$/);
      const keys = await service.keys();
      for (const { masterKeyId } of keys) assert.match(masterKeyId, /^[A-Za-z0-9_/:.@-]{1,300}$/);
      assert.equal(new Set(keys.map(({ masterKeyId }) => masterKeyId)).size, keys.length, 'no id occurs twice');
      assert.equal(keys.filter(({ state }) => state === 'current').length, 1);
    }),
    proving('wraps under the current key, says which it is, and unwraps to the same bytes', async (service) => {
      const current = (await service.keys()).find(({ state }) => state === 'current');
      const wrapped = await service.wrap(KEY, NORTH);
      assert.equal(wrapped.masterKeyId, current?.masterKeyId);
      assert.ok(wrapped.wrapped.length >= 1 && wrapped.wrapped.length <= 8192);
      assert.equal(hex(await service.unwrap(wrapped, NORTH)), hex(KEY));
    }),
    proving('wraps under every key that is not disabled, when it is named', async (service) => {
      for (const { masterKeyId, state } of await service.keys()) {
        if (state === 'disabled') continue;
        const wrapped = await service.wrap(KEY, NORTH, { masterKeyId });
        assert.equal(wrapped.masterKeyId, masterKeyId);
        assert.equal(hex(await service.unwrap(wrapped, NORTH)), hex(KEY));
      }
    }),
    proving('neither keeps nor changes the bytes that it is given, and gives bytes of their own', async (service) => {
      const mine = Uint8Array.from(KEY);
      const wrapped = await service.wrap(mine, NORTH);
      assert.equal(hex(mine), hex(KEY));
      mine.fill(0); // Callers wipe what they hold.
      const first = await service.unwrap(wrapped, NORTH);
      first.fill(0);
      assert.equal(hex(await service.unwrap(wrapped, NORTH)), hex(KEY));
    }),
    proving('shows nothing of the key in what it gives to be kept', async (service) => {
      const { wrapped } = await service.wrap(KEY, NORTH);
      for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
        assert.ok(!wrapped.includes(Buffer.from(KEY).toString(form).slice(0, 12)), `${form} of the key`);
    }),
    proving('does not unwrap for another tenant or another data key', async (service) => {
      const wrapped = await service.wrap(KEY, NORTH);
      for (const context of ELSEWHERE) await refuses(service.unwrap(wrapped, context), 'crypto.unwrap_refused');
    }),
    proving('does not unwrap what was changed, cut or never wrapped', async (service) => {
      const { masterKeyId, wrapped } = await service.wrap(KEY, NORTH);
      for (const changed of [swapped(wrapped), wrapped.slice(0, -8), 'not a wrapped key', ''])
        await refuses(service.unwrap({ masterKeyId, wrapped: changed }, NORTH), 'crypto.unwrap_refused');
    }),
    proving('fails with crypto.key_unknown for a master key that it does not hold', async (service) => {
      const { wrapped } = await service.wrap(KEY, NORTH);
      const masterKeyId = 'nobodys-key';
      await refuses(service.wrap(KEY, NORTH, { masterKeyId }), 'crypto.key_unknown');
      await refuses(service.unwrap({ masterKeyId, wrapped }, NORTH), 'crypto.key_unknown');
    }),
    {
      name: 'unwraps after it is opened anew',
      async run() {
        const wrapped = await withOpened(open, (service) => service.wrap(KEY, NORTH));
        assert.equal(hex(await withOpened(open, (service) => service.unwrap(wrapped, NORTH))), hex(KEY));
      },
    },
    proving('ends with the reason of a signal that is aborted', async (service) => {
      const reason = new Error('nobody waits any more');
      const signal = AbortSignal.abort(reason);
      const wrapped = await service.wrap(KEY, NORTH);
      await assert.rejects(service.wrap(KEY, NORTH, { signal }), (error) => error === reason);
      await assert.rejects(service.unwrap(wrapped, NORTH, { signal }), (error) => error === reason);
    }),
    proving('may be closed twice', async (service) => {
      await service.close();
    }),
  ];
}

async function withOpened<T>(open: () => Promise<KeyService>, use: (service: KeyService) => Promise<T>): Promise<T> {
  const service = await open();
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

async function refuses(asked: Promise<unknown>, code: FailureCode): Promise<void> {
  await assert.rejects(asked, (error) => isFailure(error, code), code);
}

/** The text with one character in its last third changed: past whatever names the form. */
function swapped(wrapped: string): string {
  const at = Math.floor((wrapped.length * 2) / 3);
  return wrapped.slice(0, at) + (wrapped[at] === 'A' ? 'B' : 'A') + wrapped.slice(at + 1);
}

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
