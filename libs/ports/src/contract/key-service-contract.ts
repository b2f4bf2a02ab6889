// What every key service promises, as cases that any test runner can run against a live one.
import assert from 'node:assert/strict';
import { isFailure } from '../failure.js';
import type { KeyContext, KeyService } from '../key-service.js';
import type { ContractCase } from './contract-case.js';

const NORTH: KeyContext = { tenant: 'north', purpose: 'cache-entry' };
const KEY_BYTES = 32;

/** The cases of the port. `open` gives a service that answers, over the same master keys each time; each case closes what it opened. */
export function keyServiceContract(open: () => Promise<KeyService>): ContractCase[] {
  const proving = (name: string, prove: (service: KeyService) => Promise<void>): ContractCase => ({
    name,
    async run() {
      const service = await open();
      try {
        await prove(service);
      } finally {
        await service.close();
      }
    },
  });
  return [
    proving('names its provider and its keys, exactly one of them current', async (service) => {
      assert.match(service.provider, /^[a-z][a-z0-9-]{0,31}$/);
      const keys = await service.keys();
      for (const { keyId } of keys) assert.match(keyId, /^[A-Za-z0-9_-]{1,32}$/);
      assert.equal(new Set(keys.map(({ keyId }) => keyId)).size, keys.length, 'no id occurs twice');
      assert.equal(keys.filter(({ state }) => state === 'current').length, 1);
    }),
    proving('gives 32 bytes under the current key, and says which it is', async (service) => {
      const current = (await service.keys()).find(({ state }) => state === 'current');
      const { keyId, key } = await service.dataKey(NORTH);
      assert.equal(keyId, current?.keyId);
      assert.equal(key.length, KEY_BYTES);
    }),
    proving('gives the same key for the same context and key id, each time in bytes of its own', async (service) => {
      const first = await service.dataKey(NORTH);
      const before = bytesOf(first.key);
      first.key.fill(0); // Callers wipe what they were given.
      assert.equal(bytesOf((await service.dataKey(NORTH)).key), before);
      assert.equal(bytesOf((await service.dataKey(NORTH, first.keyId)).key), before);
    }),
    proving('gives unrelated keys to other tenants and purposes, and under other master keys', async (service) => {
      const contexts = [NORTH, { ...NORTH, tenant: 'south' }, { ...NORTH, purpose: 'vector-payload' }];
      contexts.push({ tenant: 'northcache', purpose: '-entry' }, { tenant: '', purpose: 'northcache-entry' });
      const keys = await service.keys();
      const given = await Promise.all(contexts.flatMap((at) => keys.map(({ keyId }) => service.dataKey(at, keyId))));
      assert.equal(new Set(given.map(({ key }) => bytesOf(key))).size, contexts.length * keys.length);
    }),
    proving('fails with crypto.key_unknown for a key id that it does not hold', async (service) => {
      await assert.rejects(service.dataKey(NORTH, 'nobodys-key'), (error) => isFailure(error, 'crypto.key_unknown'));
    }),
    {
      name: 'gives the same key after it is opened anew',
      async run() {
        const keys = [await dataKeyOf(await open()), await dataKeyOf(await open())];
        assert.equal(keys[0], keys[1]);
      },
    },
    proving('may be closed twice', async (service) => {
      await service.close();
    }),
  ];
}

async function dataKeyOf(service: KeyService): Promise<string> {
  try {
    return bytesOf((await service.dataKey(NORTH)).key);
  } finally {
    await service.close();
  }
}

function bytesOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
