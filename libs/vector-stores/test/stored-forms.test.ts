// The forms on disk do not change unnoticed: golden bytes of vector, payload and place, and the schema's version.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { PayloadSealer, SealPlace } from '#vector-stores';
import { plainSealer } from './support/sealers.js';
import { aFolder, aStore, filled, HERE } from './support/stores.js';

const VECTOR = new Float32Array([1, -0.5, 3.140625, 0]);

test('a document is stored in the bytes of version 1', async () => {
  const folder = await aFolder();
  const places: SealPlace[] = [];
  const sealer: PayloadSealer = {
    open: plainSealer.open,
    seal: (plain, at) => {
      places.push(at);
      return plainSealer.seal(plain, at);
    },
  };
  const store = await aStore({ folder, sealer });
  await filled(store, [
    {
      id: 'é1',
      vector: VECTOR,
      text: 'Grüße',
      metadata: { lang: 'de', n: 1 },
      subject: 'person',
      source: 'file.csv',
      expiresAt: 4_000_000_000_000,
      consent: true,
    },
    { id: 'bare', vector: VECTOR },
  ]);
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  const rows = file
    .prepare('SELECT id, expires_at, consent, hex(vector) AS vector, payload FROM points ORDER BY number')
    .all();
  expect(rows.map(({ payload, ...row }) => ({ ...row }))).toEqual([
    { id: 'é1', expires_at: 4_000_000_000_000, consent: 1, vector: '0000803F000000BF0000494000000000' },
    { id: 'bare', expires_at: null, consent: 1, vector: '0000803F000000BF0000494000000000' },
  ]);
  expect(
    rows.map(({ payload }) =>
      Buffer.from(payload as Uint8Array)
        .subarray(1)
        .toString(),
    ),
  ).toEqual([
    '{"v":1,"text":"Grüße","metadata":{"lang":"de","n":1},"subject":"person","source":"file.csv","expiresAt":4000000000000,"consent":true}',
    '{"v":1,"consent":true}',
  ]);
  expect(places).toEqual([
    { tenant: 'north', purpose: 'vector-payload', name: '9:documentsé1' },
    { tenant: 'north', purpose: 'vector-payload', name: '9:documentsbare' },
  ]);
  expect(file.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 1 });
  expect(file.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
  file.close();
});

test('a file of version 1 is read: written here byte by byte, by no code of ours', async () => {
  const folder = await aFolder();
  await (await aStore({ folder })).close();
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  file.exec(`
    INSERT INTO collections (tenant, name, dimension, metric) VALUES ('${HERE.tenant}', '${HERE.collection}', 4, 'l2');
    INSERT INTO points (collection, id, expires_at, consent, vector, payload) VALUES
      (1, 'old', NULL, 1, x'0000803F000000BF0000494000000000', CAST(x'00' || '{"v":1,"text":"kept","consent":true}' AS BLOB));
  `);
  file.close();
  const store = await aStore({ folder });
  const [match] = await store.query(HERE, { vector: VECTOR, k: 1 });
  expect(match).toEqual({ id: 'old', score: 1, text: 'kept', metadata: {} });
});
