// What lies on disk says nothing to those without the key, opens only in its place, and is believed only when it opens.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { PlainSealer } from '#crypto';
import { listen, type VectorPoint } from '#ports';
import { plainSealer, sealerOf } from './support/sealers.js';
import { aFolder, aStore, filled, HERE } from './support/stores.js';

const A = new Float32Array([1, 0]);
const B = new Float32Array([0, 1]);
const DOCUMENTS: VectorPoint[] = [
  {
    id: 'a',
    vector: A,
    text: 'opening-hours-text',
    metadata: { lang: 'metadata-value' },
    subject: 'subject-name',
    source: 'source-name',
  },
  { id: 'b', vector: B, text: 'second', metadata: { lang: 'en' }, consent: false, expiresAt: 4e12 },
];

/** A sealed store with two documents, and its file in the hands of somebody else. */
async function aTamperedStore(sql: string, ...values: SQLInputValue[]) {
  const folder = await aFolder();
  const sealer = sealerOf(randomBytes(32));
  const store = await aStore({ folder, sealer });
  await filled(store, DOCUMENTS);
  await filled(store, [{ ...DOCUMENTS[0]!, text: 'of another tenant' }], { ref: { ...HERE, tenant: 'south' } });
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  onTestFinished(() => file.close());
  file.prepare(sql).run(...values);
  return { store, file };
}

function rejections(): string[] {
  const heard: string[] = [];
  onTestFinished(listen('vector.rejected', ({ provider, reason }) => heard.push(`${provider} ${reason}`)));
  return heard;
}

const TOLD = ['opening-hours-text', 'metadata-value', 'subject-name', 'source-name'].concat([
  'purpose-name',
  'run-name',
  'model-name',
]);

test('no text, metadata, subject, source, purpose or lineage is on the disk in the clear', async () => {
  const folder = await aFolder();
  const store = await aStore({ folder, sealer: sealerOf(randomBytes(32)) });
  const lineage = { ingestRun: 'run-name', model: 'model-name', ingestedAt: 1 };
  await filled(store, [...DOCUMENTS, { id: 'c', vector: B, purposes: ['purpose-name'], lineage }]);
  await store.close();
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name));
    for (const word of TOLD) {
      expect(bytes.includes(word), `${word} in ${name}`).toBe(false);
    }
  }
});

const SWAPS: Array<[string, string, string]> = [
  [
    'of another document',
    "UPDATE points SET payload = (SELECT payload FROM points WHERE id = 'b') WHERE id = 'a'",
    'tampered',
  ],
  [
    'of the same document of another tenant',
    "UPDATE points SET payload = (SELECT payload FROM points WHERE id = 'a' AND collection = 2) WHERE id = 'a' AND collection = 1",
    'tampered',
  ],
  [
    'with one changed byte',
    "UPDATE points SET payload = CAST(substr(payload, 1, 40) || x'00' || substr(payload, 42) AS BLOB) WHERE id = 'a'",
    'tampered',
  ],
  ['that is cut off', "UPDATE points SET payload = substr(payload, 1, length(payload) - 1) WHERE id = 'a'", 'tampered'],
  ['that was never sealed', "UPDATE points SET payload = x'007b7d' WHERE id = 'a'", 'unsealed'],
];

test.each(SWAPS)('a payload %s is not served, but deleted and counted', async (_name, sql, reason) => {
  const heard = rejections();
  const { store, file } = await aTamperedStore(sql);
  const matches = await store.query(HERE, { vector: A, k: 5 });
  expect(matches).toEqual([]);
  expect(heard).toEqual([`embedded ${reason}`]);
  expect(file.prepare("SELECT 1 FROM points WHERE id = 'a' AND collection = 1").get()).toBeUndefined();
  const [theirs] = await store.query({ ...HERE, tenant: 'south' }, { vector: A, k: 5 });
  expect(theirs?.text ?? 'tampered too').toMatch(/another tenant|tampered too/);
});

test('consent and end of life are believed as sealed, not as the column beside says', async () => {
  for (const change of ['consent = 1', 'expires_at = NULL', 'consent = 1, expires_at = NULL']) {
    const heard = rejections();
    const { store } = await aTamperedStore(`UPDATE points SET ${change} WHERE id = 'b'`);
    const ids = (await store.query(HERE, { vector: B, k: 5 })).map(({ id }) => id);
    expect(ids).toEqual(['a']);
    expect(await store.get(HERE, ['b'])).toEqual([]);
    expect(heard).toEqual(['embedded tampered']);
  }
});

test('purposes and the time of ingestion are believed as sealed, not as the column beside says', async () => {
  for (const change of ['purposed = 0', 'ingested_at = 5000000000000']) {
    const heard = rejections();
    const { store, file } = await aTamperedStore("DELETE FROM points WHERE id <> 'b'");
    const told = { purposes: ['billing'], lineage: { ingestedAt: 1000 } };
    await store.upsert(HERE, [{ id: 'p', vector: A, ...told }]);
    file.prepare(`UPDATE points SET ${change} WHERE id = 'p'`).run();
    expect(await store.query(HERE, { vector: A, k: 5, ingestedSince: 2000, purpose: 'billing' })).toEqual([]);
    expect(await store.query(HERE, { vector: A, k: 5 })).toEqual([]);
    expect(await store.get(HERE, ['p'])).toEqual([]);
    expect(heard.every((one) => one === 'embedded tampered')).toBe(true);
  }
});

test('documents under a key of the real sealer that is missing are kept', async () => {
  const folder = await aFolder();
  const store = await aStore({ folder, sealer: new PlainSealer() });
  await filled(store, [{ id: 'a', vector: A }]);
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  onTestFinished(() => file.close());
  file.prepare('UPDATE points SET payload = ?').run(Buffer.concat([Buffer.from('RK\u0002'), randomBytes(60)]));
  const heard = rejections();
  expect(await store.query(HERE, { vector: A, k: 1 })).toEqual([]);
  expect(heard).toEqual(['embedded unknown_key']);
  expect(await store.count(HERE)).toBe(1);
});

test('unreadable documents take no place among the nearest, nor in an index', async () => {
  const { store } = await aTamperedStore(
    "UPDATE points SET payload = CAST(x'01' || zeroblob(60) AS BLOB) WHERE id = 'a'",
  );
  await store.upsert(HERE, [{ id: 'c', vector: new Float32Array([1, 1]), metadata: { lang: 'en' } }]);
  expect((await store.query(HERE, { vector: A, k: 1 })).map(({ id }) => id)).toEqual(['c']);
  const filter = { op: 'ne', field: 'lang', value: 'none' } as const;
  expect((await store.query(HERE, { vector: A, k: 1, filter })).map(({ id }) => id)).toEqual(['c']);
  expect(await store.delete(HERE, { filter: { op: 'ne', field: 'lang', value: 'none' } })).toBe(2);
});

test('documents under a key that is missing are kept, and come back with the key', async () => {
  const heard = rejections();
  const folder = await aFolder();
  const sealer = sealerOf(randomBytes(32));
  const sealed = await aStore({ folder, sealer });
  await filled(sealed, [{ id: 'a', vector: A, text: 'under the key' }]);
  await sealed.close();
  const keyless = await aStore({ folder, sealer: plainSealer });
  expect(await keyless.query(HERE, { vector: A, k: 1 })).toEqual([]);
  expect(await keyless.query(HERE, { vector: A, k: 1 })).toEqual([]);
  expect(await keyless.count(HERE)).toBe(1);
  expect(heard).toEqual(['embedded unknown_key']);
  await keyless.close();
  const again = await aStore({ folder, sealer });
  expect((await again.query(HERE, { vector: A, k: 1 }))[0]?.text).toBe('under the key');
});

test('a sealer that fails for other reasons loses no document', async () => {
  const folder = await aFolder();
  await filled(await aStore({ folder }), [{ id: 'a', vector: A }]);
  const down = { ...plainSealer, open: () => Promise.reject(new Error('key service down')) };
  const store = await aStore({ folder, sealer: down });
  await expect(store.query(HERE, { vector: A, k: 1 })).rejects.toThrow('key service down');
  expect(await store.count(HERE)).toBe(1);
});

test('a payload that is not in our form is malformed', async () => {
  const heard = rejections();
  for (const form of ['not json', '{"v":3}', 'null', '7']) {
    const folder = await aFolder();
    const store = await aStore({ folder });
    await filled(store, [{ id: 'a', vector: A }]);
    const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
    file.prepare('UPDATE points SET payload = ?').run(Buffer.concat([Uint8Array.of(0), Buffer.from(form)]));
    file.close();
    expect(await store.query(HERE, { vector: A, k: 1 })).toEqual([]);
  }
  expect(heard).toEqual(Array.from({ length: 4 }, () => 'embedded malformed'));
});
