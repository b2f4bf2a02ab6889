// What is sealed opens only where it belongs, and only unchanged.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Keyring, LocalKeyService, unreadableReason } from '#crypto';
import { type DataKey, failure, type KeyContext, type KeyDescription, KeyService } from '#ports';
import { aKeyring, aMasterKey, aPlace, text } from './crypto-builders.js';

const PLAIN = Buffer.from('{"answer":"nine to five"}');

async function reasonOf(opening: Promise<unknown>) {
  const error = await opening.then(
    () => expect.unreachable('it opened'),
    (thrown: unknown) => thrown,
  );
  return unreadableReason(error);
}

describe('an envelope', () => {
  test('opens to what was sealed, for every content and place', async () => {
    const ring = aKeyring();
    const word = fc.string({ unit: 'grapheme', maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), word, word, word, async (plain, tenant, purpose, name) => {
        const at = { tenant, purpose, name };
        expect(Buffer.from(await ring.open(await ring.seal(plain, at), at)).equals(plain)).toBe(true);
      }),
    );
  });

  test('keeps its bytes over versions', async () => {
    const ring = aKeyring([0], { random: (bytes) => new Uint8Array(bytes).fill(0xa5) });
    const sealed = await ring.seal(PLAIN, aPlace());
    // Computed apart, with Python's cryptography: magic and version, key id, nonce, ciphertext with tag.
    expect(Buffer.from(sealed).toString('hex')).toBe(
      [
        '524b01',
        '08767a626e32797733',
        'a5'.repeat(12),
        'bd8c4f7c754f00422ad28fbf80de99b936fb50bf4629ebb6a4fd6b30c04a6d16c687bd91e138f782dc',
      ].join(''),
    );
  });

  test('never is the same twice', async () => {
    const ring = aKeyring();
    const sealed = await Promise.all(Array.from({ length: 100 }, () => ring.seal(PLAIN, aPlace())));
    expect(new Set(sealed.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(100);
  });

  test('shows nothing of its content or its place', async () => {
    const sealed = text(await aKeyring().seal(PLAIN, aPlace()));
    for (const shown of ['answer', 'nine', 'north', 'cache-entry', 'entry-1']) expect(sealed).not.toContain(shown);
  });

  test('does not open when a byte is changed, wherever it is', async () => {
    const ring = aKeyring();
    const sealed = Buffer.from(await ring.seal(PLAIN, aPlace()));
    for (let at = 0; at < sealed.length; at++) {
      for (const flip of [0x01, 0x80]) {
        const changed = Buffer.from(sealed);
        changed[at]! ^= flip;
        expect(await reasonOf(ring.open(changed, aPlace()))).toMatch(/^(unsealed|malformed|unknown_key|tampered)$/);
        if (at >= 12) expect(await reasonOf(ring.open(changed, aPlace()))).toBe('tampered');
      }
    }
  });

  test('does not open when it is cut, at every length, or when something is added', async () => {
    const ring = aKeyring();
    const sealed = Buffer.from(await ring.seal(PLAIN, aPlace()));
    for (let length = 0; length < sealed.length; length++) {
      expect(await reasonOf(ring.open(sealed.subarray(0, length), aPlace()))).toMatch(
        /^(unsealed|malformed|tampered)$/,
      );
    }
    expect(await reasonOf(ring.open(Buffer.concat([sealed, Buffer.alloc(1)]), aPlace()))).toBe('tampered');
  });

  test.each([
    { tenant: 'south' },
    { purpose: 'vector-payload' },
    { name: 'entry-2' },
    { tenant: 'northcache', purpose: '-entry' },
  ])('does not open after it was moved to %o', async (elsewhere) => {
    const ring = aKeyring();
    const sealed = await ring.seal(PLAIN, aPlace());
    expect(await reasonOf(ring.open(sealed, aPlace(elsewhere)))).toBe('tampered');
  });

  test('does not open when it claims another key that is configured too', async () => {
    const ring = aKeyring([0, 1]);
    const sealed = Buffer.from(await ring.seal(PLAIN, aPlace()));
    sealed.write(aMasterKey(1).id, 4, 'latin1');
    expect(await reasonOf(ring.open(sealed, aPlace()))).toBe('tampered');
  });

  test('of a key that is not configured is told apart', async () => {
    const sealed = await aKeyring([9]).seal(PLAIN, aPlace());
    expect(await reasonOf(aKeyring([0]).open(sealed, aPlace()))).toBe('unknown_key');
  });

  test('of another version, or with an impossible key id, is malformed', async () => {
    const ring = aKeyring();
    const sealed = Buffer.from(await ring.seal(PLAIN, aPlace()));
    const newer = Buffer.from(sealed).fill(2, 2, 3);
    const nameless = Buffer.concat([sealed.subarray(0, 3), Buffer.from([0]), sealed.subarray(4)]);
    const odd = Buffer.from(sealed).fill(0x2a, 4, 5);
    for (const bytes of [newer, nameless, odd]) expect(await reasonOf(ring.open(bytes, aPlace()))).toBe('malformed');
  });

  test.each(['{"answer":"planted"}', '', 'R'])(
    'is never taken from bytes that were not sealed: %j',
    async (planted) => {
      expect(await reasonOf(aKeyring().open(Buffer.from(planted), aPlace()))).toBe('unsealed');
    },
  );

  test('says neither its content nor its tenant when it fails', async () => {
    const sealed = await aKeyring().seal(PLAIN, aPlace());
    const error = await aKeyring()
      .open(sealed, aPlace({ tenant: 'acme-secret' }))
      .catch((thrown: Error) => thrown);
    expect(String(error)).toBe(
      'Failure: A sealed cache-entry entry could not be opened (its bytes or its place were changed).',
    );
  });
});

describe('a key that was replaced', () => {
  test('opens what it sealed, and seals nothing new', async () => {
    const before = aKeyring([0]);
    const after = aKeyring([1, 0]);
    const old = await before.seal(PLAIN, aPlace());
    expect(text(await after.open(old, aPlace()))).toBe(text(PLAIN));
    expect(await reasonOf(before.open(await after.seal(PLAIN, aPlace()), aPlace()))).toBe('unknown_key');
  });
});

/** A key service that counts, hands out the bytes it is asked about, and can fail. */
class CountingKeys extends KeyService {
  readonly provider = 'counting';
  readonly given: DataKey[] = [];
  closed = 0;
  broken = false;
  private readonly inner = new LocalKeyService(aMasterKey());

  keys(): Promise<KeyDescription[]> {
    return this.inner.keys();
  }

  async dataKey(context: KeyContext, keyId?: string): Promise<DataKey> {
    if (this.broken) throw failure('provider.load_failed', { package: 'kms' });
    const key = await this.inner.dataKey(context, keyId);
    this.given.push(key);
    return key;
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

const isWiped = ({ key }: DataKey) => key.every((byte) => byte === 0);

describe('the data keys of a ring', () => {
  test('are asked for once a tenant, purpose and key, however often they seal', async () => {
    const service = new CountingKeys();
    const ring = new Keyring(service);
    for (let count = 0; count < 5; count++) await ring.seal(PLAIN, aPlace({ name: `entry-${count}` }));
    expect(service.given).toHaveLength(1);
    await ring.seal(PLAIN, aPlace({ tenant: 'south' }));
    expect(service.given).toHaveLength(2);
  });

  test('are bounded, and the one least used is asked for again', async () => {
    const service = new CountingKeys();
    const ring = new Keyring(service, { maxDataKeys: 2 });
    for (const tenant of ['a', 'b', 'c', 'b', 'c']) await ring.seal(PLAIN, aPlace({ tenant }));
    expect(service.given).toHaveLength(3);
    await ring.seal(PLAIN, aPlace({ tenant: 'a' }));
    expect(service.given).toHaveLength(4);
  });

  test('seal rightly though many tenants crowd one place', async () => {
    const ring = aKeyring([0], { maxDataKeys: 1 });
    const places = Array.from({ length: 200 }, (_, index) =>
      aPlace({ tenant: `tenant-${index % 7}`, name: `entry-${index}` }),
    );
    const sealed = await Promise.all(places.map((at) => ring.seal(PLAIN, at)));
    const opened = await Promise.all(places.map((at, index) => aKeyring().open(sealed[index]!, at)));
    expect(new Set(opened.map(text))).toEqual(new Set([text(PLAIN)]));
  });

  test('leave no bytes behind where they were handed over', async () => {
    const service = new CountingKeys();
    await new Keyring(service).seal(PLAIN, aPlace());
    expect(service.given.map(isWiped)).toEqual([true]);
  });

  test('are asked for again after a rotation, and after the ring was closed, which may be twice', async () => {
    const service = new CountingKeys();
    const ring = new Keyring(service);
    await ring.seal(PLAIN, aPlace());
    ring.forgetKeys();
    await ring.seal(PLAIN, aPlace());
    expect(service.given).toHaveLength(2);
    await ring.close();
    await ring.close();
    await ring.seal(PLAIN, aPlace());
    expect(service.given).toHaveLength(3);
    expect(service.closed).toBe(2);
  });

  test('that cannot be had are no reason to call an entry unreadable', async () => {
    const service = new CountingKeys();
    const sealed = await new Keyring(service).seal(PLAIN, aPlace());
    service.broken = true;
    const error = await new Keyring(service).open(sealed, aPlace()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'provider.load_failed' });
    expect(unreadableReason(error)).toBeUndefined();
  });
});
