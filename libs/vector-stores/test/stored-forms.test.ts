// The forms on disk do not change unnoticed: golden bytes of vector, payload and place, and the schema's version.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { PayloadSealer, SealPlace } from '#vector-stores';
import { plainSealer } from './support/sealers.js';
import { aFolder, aStore, filled, HERE } from './support/stores.js';

const NOW = 1_800_000_000_000;
const VECTOR = new Float32Array([1, -0.5, 3.140625, 0]);

test('a document is stored in the bytes of version 2', async () => {
  const folder = await aFolder();
  const places: SealPlace[] = [];
  const sealer: PayloadSealer = {
    ...plainSealer,
    seal: (plain, at) => {
      places.push(at);
      return plainSealer.seal(plain);
    },
  };
  const store = await aStore({ folder, sealer, now: () => NOW });
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
      purposes: ['support'],
      lineage: { version: '2', model: 'm', provider: 'local', ingestRun: 'run-1', ingestedAt: 1_700_000_000_000.9 },
    },
    { id: 'bare', vector: VECTOR },
  ]);
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  const rows = file
    .prepare(
      'SELECT id, expires_at, consent, purposed, ingested_at, hex(vector) AS vector, payload FROM points ORDER BY number',
    )
    .all();
  expect(rows.map(({ payload, ...row }) => ({ ...row }))).toEqual([
    {
      id: 'é1',
      expires_at: 4_000_000_000_000,
      consent: 1,
      purposed: 1,
      ingested_at: 1_700_000_000_000,
      vector: '0000803F000000BF0000494000000000',
    },
    {
      id: 'bare',
      expires_at: null,
      consent: 1,
      purposed: 0,
      ingested_at: NOW,
      vector: '0000803F000000BF0000494000000000',
    },
  ]);
  expect(
    rows.map(({ payload }) =>
      Buffer.from(payload as Uint8Array)
        .subarray(1)
        .toString(),
    ),
  ).toEqual([
    '{"v":2,"text":"Grüße","metadata":{"lang":"de","n":1},"subject":"person","source":"file.csv","expiresAt":4000000000000,"consent":true,"purposes":["support"],"lineage":{"ingestRun":"run-1","provider":"local","model":"m","version":"2","ingestedAt":1700000000000}}',
    '{"v":2,"consent":true,"lineage":{"ingestedAt":1800000000000}}',
  ]);
  expect(places).toEqual([
    { tenant: 'north', purpose: 'vector-payload', name: '9:documentsé1' },
    { tenant: 'north', purpose: 'vector-payload', name: '9:documentsbare' },
  ]);
  expect(file.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 2 });
  expect(file.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
  file.close();
});

test('a file of version 2 is read: written here byte by byte, by no code of ours', async () => {
  const folder = await aFolder();
  await (await aStore({ folder })).close();
  const lineage = { ingestRun: 'run-1', provider: 'local', model: 'm', version: '2', ingestedAt: NOW };
  const payload = JSON.stringify({
    v: 2,
    text: 'kept',
    subject: 'p',
    source: 's',
    consent: true,
    purposes: ['a'],
    lineage,
  });
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  file.exec(`
    INSERT INTO collections (tenant, name, dimension, metric) VALUES ('${HERE.tenant}', '${HERE.collection}', 4, 'l2');
    INSERT INTO points (collection, id, expires_at, consent, purposed, ingested_at, vector, payload) VALUES
      (1, 'new', NULL, 1, 1, ${NOW}, x'0000803F000000BF0000494000000000', CAST(x'00' || '${payload}' AS BLOB));
  `);
  file.close();
  const store = await aStore({ folder });
  expect(await store.query(HERE, { vector: VECTOR, k: 1, purpose: 'a' })).toEqual([
    { id: 'new', score: 1, text: 'kept', metadata: {}, subject: 'p', source: 's', lineage },
  ]);
});

/** The schema as version 1 made it, and two documents of its. */
const VERSION_1 = `
  PRAGMA application_id = ${0x52566563};
  PRAGMA user_version = 1;
  CREATE TABLE collections (number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, name TEXT NOT NULL,
    dimension INTEGER NOT NULL, metric TEXT NOT NULL, UNIQUE (tenant, name)) STRICT;
  CREATE TABLE points (number INTEGER PRIMARY KEY, collection INTEGER NOT NULL, id TEXT NOT NULL, expires_at INTEGER,
    consent INTEGER NOT NULL, vector BLOB NOT NULL, payload BLOB NOT NULL, UNIQUE (collection, id)) STRICT;
  CREATE INDEX points_of_collection ON points (collection);
  CREATE INDEX points_that_expire ON points (expires_at) WHERE expires_at IS NOT NULL;
  INSERT INTO collections (tenant, name, dimension, metric) VALUES ('${HERE.tenant}', '${HERE.collection}', 4, 'l2');
  INSERT INTO points (collection, id, expires_at, consent, vector, payload) VALUES
    (1, 'old', 4000000000000, 1, x'0000803F000000BF0000494000000000',
      CAST(x'00' || '{"v":1,"text":"kept","subject":"p","expiresAt":4000000000000,"consent":true}' AS BLOB)),
    (1, 'withheld', NULL, 0, x'0000803F000000BF0000494000000000', CAST(x'00' || '{"v":1,"consent":false}' AS BLOB));
`;

test('a file of version 1 becomes one of version 2 and keeps its documents, which count as ingested then', async () => {
  const folder = await aFolder();
  const before = new DatabaseSync(join(folder, 'vectors.sqlite'));
  before.exec(VERSION_1);
  before.close();
  const from = Date.now();
  await (await aStore({ folder })).close();
  const store = await aStore({ folder });
  const old = { id: 'old', score: 1, text: 'kept', metadata: {}, subject: 'p' };
  expect(await store.query(HERE, { vector: VECTOR, k: 5 })).toEqual([old]);
  expect(await store.query(HERE, { vector: VECTOR, k: 5, ingestedSince: from - 1 })).toEqual([old]);
  expect((await store.list(HERE, { limit: 5 })).points.map(({ id }) => id)).toEqual(['old', 'withheld']);
  expect(await store.delete(HERE, { ingestedBefore: Date.now() + 1 })).toBe(2);
  const after = new DatabaseSync(join(folder, 'vectors.sqlite'));
  expect(after.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 2 });
  expect(after.prepare("SELECT name FROM sqlite_schema WHERE name = 'former_points'").get()).toBeUndefined();
  after.close();
});

test('a file of version 1 that cannot be brought to version 2 stays as it is', async () => {
  const folder = await aFolder();
  const before = new DatabaseSync(join(folder, 'vectors.sqlite'));
  before.exec(`${VERSION_1}; CREATE TABLE points_by_age (x)`);
  before.close();
  await expect(aStore({ folder })).rejects.toMatchObject({ code: 'vector.store_refused' });
  const after = new DatabaseSync(join(folder, 'vectors.sqlite'));
  expect(after.prepare('SELECT id FROM points').all()).toHaveLength(2);
  expect(after.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 1 });
  after.close();
});
