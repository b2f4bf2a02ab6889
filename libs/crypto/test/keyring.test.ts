// What is sealed opens only where it belongs, and only unchanged.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unreadableReason } from '#crypto';
import { MemoryRecords } from '#records';
import { aKeyring, aPlace, text } from './crypto-builders.js';

const PLAIN = Buffer.from('{"answer":"nine to five"}');
/** Magic, version, length of the key id, key id. */
const HEADER_BYTES = 16;

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

  test('keeps its bytes over versions, and so does the wrapped key that opens it', async () => {
    // Computed apart, with Python's cryptography: the data key wrapped; then magic and version, key id, nonce, ciphertext with tag.
    const records = new MemoryRecords();
    const stored = {
      dataKeyId: 'dk-000000001',
      createdAt: 0,
      masterKeyId: 'vzbn2yw3',
      wrapped: 'v1.paWlpaWlpaWlpaWlynJYNP3i8msGVh0DidcKs9jNsFOLgiQ48MUPK60RSINipQXT-7NTz2sO0dXs6iJJ',
    };
    const record = { v: 1, tenant: 'north', current: stored.dataKeyId, keys: [stored] };
    await records.put('keys/tenant/north', JSON.stringify(record));
    const ring = aKeyring([0], { records, random: (bytes) => new Uint8Array(bytes).fill(0xa5) });
    const sealed = await ring.seal(PLAIN, aPlace());
    expect(Buffer.from(sealed).toString('hex')).toBe(
      [
        '524b02',
        '0c646b2d303030303030303031',
        'a5'.repeat(12),
        '09c0207a3ca8583c7a1e1b6b86e0c9979d7870ef1927fbc09e470788c12253aa4ff76df4ab546fc3a7',
      ].join(''),
    );
    expect(text(await aKeyring([0], { records }).open(sealed, aPlace()))).toBe(text(PLAIN));
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
        if (at >= HEADER_BYTES) expect(await reasonOf(ring.open(changed, aPlace()))).toBe('tampered');
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

  test.each([{ purpose: 'vector-payload' }, { name: 'entry-2' }, { purpose: 'cache-entryentry', name: '-1' }])(
    'does not open after it was moved to %o',
    async (elsewhere) => {
      const ring = aKeyring();
      const sealed = await ring.seal(PLAIN, aPlace());
      expect(await reasonOf(ring.open(sealed, aPlace(elsewhere)))).toBe('tampered');
    },
  );

  test('does not open for another tenant, not even one that has been given the wrapped key', async () => {
    const records = new MemoryRecords();
    const ring = aKeyring([0], { records });
    const sealed = await ring.seal(PLAIN, aPlace());
    const south = aPlace({ tenant: 'south' });
    await ring.seal(PLAIN, south);
    expect(await reasonOf(ring.open(sealed, south))).toBe('unknown_key');
    const stolen = JSON.parse((await records.get('keys/tenant/north'))!);
    await records.put('keys/tenant/south', JSON.stringify({ ...stolen, tenant: 'south' }));
    await expect(aKeyring([0], { records }).open(sealed, south)).rejects.toMatchObject({
      code: 'crypto.unwrap_refused',
    });
  });

  test('does not open when it claims another key of its tenant', async () => {
    const ring = aKeyring();
    const former = Buffer.from(await ring.seal(PLAIN, aPlace()));
    await ring.keys.begin('north', await ring.keys.currentId('north'));
    const sealed = Buffer.from(await ring.seal(PLAIN, aPlace()));
    former.copy(sealed, 4, 4, 16);
    expect(await reasonOf(ring.open(sealed, aPlace()))).toBe('tampered');
  });

  test('of a master key that is not configured is told apart', async () => {
    const records = new MemoryRecords();
    const sealed = await aKeyring([9], { records }).seal(PLAIN, aPlace());
    expect(await reasonOf(aKeyring([0], { records }).open(sealed, aPlace()))).toBe('unknown_key');
    expect(await reasonOf(aKeyring([9]).open(sealed, aPlace()))).toBe('unknown_key');
  });

  test('of another version, or with an impossible key id, is malformed', async () => {
    const ring = aKeyring();
    const sealed = Buffer.from(await ring.seal(PLAIN, aPlace()));
    const [older, newer] = [1, 3].map((version) => Buffer.from(sealed).fill(version, 2, 3));
    const nameless = Buffer.concat([sealed.subarray(0, 3), Buffer.from([0]), sealed.subarray(4)]);
    const odd = Buffer.from(sealed).fill(0x2a, 4, 5);
    for (const bytes of [older!, newer!, nameless, odd])
      expect(await reasonOf(ring.open(bytes, aPlace()))).toBe('malformed');
  });

  test.each(['{"answer":"planted"}', '', 'R'])(
    'is never taken from bytes that were not sealed: %j',
    async (planted) => {
      expect(await reasonOf(aKeyring().open(Buffer.from(planted), aPlace()))).toBe('unsealed');
    },
  );

  test('says neither its content nor its tenant when it fails', async () => {
    const ring = aKeyring();
    const sealed = Buffer.from(await ring.seal(PLAIN, aPlace({ tenant: 'acme-secret' })));
    sealed[sealed.length - 1]! ^= 1;
    const error = await ring.open(sealed, aPlace({ tenant: 'acme-secret' })).catch((thrown: Error) => thrown);
    expect(String(error)).toBe(
      'Failure: A sealed cache-entry entry could not be opened (its bytes or its place were changed).',
    );
  });
});

describe('a master key that was replaced', () => {
  test('opens what it sealed, and wraps no new data keys', async () => {
    const records = new MemoryRecords();
    const before = aKeyring([0], { records });
    const after = aKeyring([1, 0], { records });
    const old = await before.seal(PLAIN, aPlace());
    expect(text(await after.open(old, aPlace()))).toBe(text(PLAIN));
    const south = aPlace({ tenant: 'south' });
    expect(await reasonOf(before.open(await after.seal(PLAIN, south), south))).toBe('unknown_key');
  });
});
