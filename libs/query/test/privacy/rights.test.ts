// A person is shown all that a tenant keeps about them, and it is erased wherever it lies, also while it is being written.
import { describe, expect, it } from 'vitest';
import { KeyNames, PlainSealer, Signer } from '#crypto';
import { failure, type JsonObject, listen, type VectorStore } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { ExportCursors, type ExportedItem, PrivacyService, Receipts, type SubjectRecords } from '../../src/index.js';
import { aRoom, asker, type Room, type Shared } from '../support.js';

const signer = new Signer({ records: new MemoryRecords(), sealer: new PlainSealer(), seed: Buffer.alloc(32, 5) });
const receipts = new Receipts(signer);
const cursors = new ExportCursors(new KeyNames(Buffer.alloc(32, 7)));

/** What a room above keeps: two replies, on two pages. */
function kept(replies: Record<string, JsonObject[]>): SubjectRecords {
  return {
    about: async (_, subject, { cursor = '0', limit }) => {
      const records = (replies[subject] ?? []).slice(Number(cursor), Number(cursor) + limit);
      const next = Number(cursor) + records.length;
      return { records, cursor: next < (replies[subject]?.length ?? 0) ? String(next) : undefined };
    },
    erase: async (_, subject) => {
      const { length } = replies[subject] ?? [];
      delete replies[subject];
      return length;
    },
  };
}

async function rights(replies: Record<string, JsonObject[]> | null = {}, shared: Shared = {}) {
  const room = await aRoom({}, shared);
  const records = replies && kept(replies);
  return { room, privacy: new PrivacyService(room.cache, room.personal, records, cursors, room.erasures, receipts) };
}

async function everything(privacy: PrivacyService, subject: string, limit = 1, who = asker): Promise<ExportedItem[]> {
  const items: ExportedItem[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 100; pages++) {
    const page = await privacy.export(subject, { limit, ...(cursor !== undefined && { cursor }) }, who);
    items.push(...page.items);
    cursor = page.cursor;
    if (cursor === undefined) return items;
  }
  throw new Error('the export has no end');
}

/** Ann and Bob are in answers written and retrieved, and in two collections; somebody else is called Ann in the south. */
async function fill({ answers, documents, queries }: Room): Promise<void> {
  await answers.write({ query: 'ann?', response: { tea: true }, subject: 'ann', tags: ['t'] }, asker);
  await answers.write({ query: 'bob?', response: 2, subject: 'bob' }, asker);
  await answers.write({ query: 'ann?', response: 'south', subject: 'ann' }, { ...asker, tenant: 'south' });
  const ann = {
    id: 'a',
    text: 'Ann likes tea.',
    subject: 'ann',
    source: 'crm',
    ingestRun: 'r1',
    metadata: { year: 2024 },
  };
  await documents.upsert([ann, { id: 'b', text: 'Bob likes tea.', subject: 'bob' }], undefined, 'north');
  const more = { id: 'c', text: 'Ann moved.', subject: 'ann', consent: false, purposes: ['crm'], ttl: 3600 };
  await documents.upsert([more, { id: 'n', text: 'Nobody.' }], 'hr', 'north');
  await documents.upsert([{ id: 'a', text: 'Ann of the south.', subject: 'ann' }], undefined, 'south');
  await queries.ask({ query: 'Who likes tea?' }, asker);
}

describe('the export', () => {
  it('holds all of it, of that person and that tenant alone, whatever the page', async () => {
    const { room, privacy } = await rights({ ann: [{ state: 'kept' }, { state: 'under way' }] });
    await fill(room);
    for (const limit of [1, 2, 100]) {
      const items = await everything(privacy, 'ann', limit);
      expect(items.map(({ kind }) => kind)).toEqual([
        'entry',
        'entry',
        'document',
        'document',
        'idempotency',
        'idempotency',
      ]);
      expect(JSON.stringify(items)).not.toContain('south');
    }
    expect((await everything(privacy, 'ann', 10, { ...asker, tenant: 'south' })).map(({ kind }) => kind)).toEqual([
      'entry',
      'document',
      'idempotency',
      'idempotency',
    ]);
    expect(await everything(privacy, 'carl')).toEqual([]);
  });

  it('tells of each what it is, and where it comes from', async () => {
    const { room, privacy } = await rights({});
    await fill(room);
    const items = await everything(privacy, 'ann', 100);
    const written = items.find(({ data }) => data.key === room.names.written({ query: 'ann?' }, 'north').name)!;
    expect(written.data).toEqual({
      key: expect.any(String),
      value: { tea: true },
      subjects: ['ann'],
      tags: ['t'],
      provenance: { origin: 'written' },
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
      staleUntil: expect.any(String),
    });
    const documents = items.filter(({ kind }) => kind === 'document').map(({ data }) => data);
    expect(documents).toMatchObject([
      {
        collection: 'default',
        id: 'a',
        text: 'Ann likes tea.',
        source: 'crm',
        metadata: { year: 2024 },
        expiresAt: null,
      },
      { collection: 'hr', id: 'c', consent: false, purposes: ['crm'], expiresAt: expect.any(String) },
    ]);
    expect(documents[0]).toMatchObject({
      subject: 'ann',
      lineage: { ingestRun: 'r1', ingestedAt: expect.any(String) },
    });
    expect(documents[0]!.vector).toHaveLength(64);
  });

  it('takes no cursor but its own: neither one made up, nor that of another person or tenant', async () => {
    const { room, privacy } = await rights({});
    await fill(room);
    const { cursor } = await privacy.export('ann', { limit: 1 }, asker);
    expect((await privacy.export('ann', { cursor: cursor!, limit: 1 }, asker)).items).toHaveLength(1);
    const madeUp = Buffer.from(JSON.stringify({ section: 'idempotency', cursor: 'idem/' })).toString('base64url');
    const [, mark] = cursor!.split('.');
    const odd = ['', '*', '.', madeUp, `${madeUp}.${mark}`, `${madeUp}.${'é'.repeat(43)}`, `${cursor}x`];
    const others = [
      ...odd.map((one) => privacy.export('ann', { cursor: one, limit: 1 }, asker)),
      privacy.export('bob', { cursor: cursor!, limit: 1 }, asker),
      privacy.export('ann', { cursor: cursor!, limit: 1 }, { ...asker, tenant: 'south' }),
    ];
    for (const one of others) {
      await expect(one).rejects.toMatchObject({ code: 'request.invalid', problems: [{ path: 'cursor' }] });
    }
  });

  it('goes without what is not there: no records above, no vector store', async () => {
    const room = await aRoom({ VECTORDB_TYPE: 'none' });
    const privacy = new PrivacyService(room.cache, room.personal, null, cursors, room.erasures, receipts);
    await room.answers.write({ query: 'q', response: 1, subject: 'ann' }, asker);
    expect(await everything(privacy, 'ann')).toHaveLength(1);
    const cursor = cursors.textOf({ section: 'idempotency' }, { tenant: 'north', subject: 'ann' })!;
    expect(await privacy.export('ann', { cursor, limit: 1 }, asker)).toEqual({ items: [], cursor: undefined });
    expect((await privacy.erase('ann', asker)).erased).toEqual({ entries: 1, documents: 0, idempotency: 0 });
  });
});

describe('the erasure', () => {
  it('takes all of it, says how much, and leaves the rest', async () => {
    const { room, privacy } = await rights({ ann: [{}, {}], bob: [{}] });
    await fill(room);
    const receipt = await privacy.erase('ann', asker, { now: () => 0 });
    expect(receipt).toMatchObject({ tenant: 'north', erased: { entries: 2, documents: 2, idempotency: 2 } });
    expect(receipt.at).toBe('1970-01-01T00:00:00.000Z');
    expect(await everything(privacy, 'ann')).toEqual([]);
    // What was retrieved for all is made anew, of the documents of others.
    expect(JSON.stringify(await everything(privacy, 'bob', 100))).toContain('"value":2');
    const again = await room.queries.ask({ query: 'Who likes tea?' }, asker);
    expect(again).toMatchObject({ source: 'vectordb' });
    expect(again.resultJson).not.toContain('Ann');
    expect(await everything(privacy, 'ann', 10, { ...asker, tenant: 'south' })).toHaveLength(2);
    expect((await privacy.erase('ann', asker)).erased).toEqual({ entries: 0, documents: 0, idempotency: 0 });
  });

  it('reaches an answer made of a document before it was known whom that is about', async () => {
    const { room, privacy } = await rights();
    await room.documents.upsert([{ id: 'a', text: 'Ann likes tea.' }], undefined, 'north');
    await room.queries.ask({ query: 'Who likes tea?' }, asker);
    await room.documents.upsert([{ id: 'a', text: 'Ann likes tea.', subject: 'ann' }], undefined, 'north');
    await privacy.erase('ann', asker);
    expect((await room.queries.ask({ query: 'Who likes tea?' }, asker)).source).toBe('none');
  });

  it('counts an answer that was made of the documents while they were being erased', async () => {
    let meanwhile: (() => Promise<unknown>) | undefined;
    const slow = (store: VectorStore) =>
      new Proxy(store, {
        get: (target, name) => {
          const value = Reflect.get(target, name) as unknown;
          if (name === 'delete' && meanwhile) {
            const ask = meanwhile;
            meanwhile = undefined;
            return async (...call: Parameters<VectorStore['delete']>) => {
              await ask();
              return target.delete(...call);
            };
          }
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const { room, privacy } = await rights({}, { store: slow });
    await room.documents.upsert([{ id: 'a', text: 'Ann likes tea.', subject: 'ann' }], undefined, 'north');
    meanwhile = () => room.queries.ask({ query: 'Who likes tea?' }, asker);
    await privacy.erase('ann', asker);
    expect(room.cache.stats()).toMatchObject([{ entries: 0 }]);
    expect((await room.queries.ask({ query: 'Who likes tea?' }, asker)).source).toBe('none');
  });

  it('passes over a collection that is dropped meanwhile, and fails with any other failure of the store', async () => {
    let code: 'vector.collection_absent' | 'vector.store_unavailable' = 'vector.collection_absent';
    const odd = (store: VectorStore) =>
      new Proxy(store, {
        get: (target, name) => {
          const facts = { collection: 'default', provider: 'odd', reason: 'down' };
          if (name === 'delete') return () => Promise.reject(failure(code, facts));
          const value = Reflect.get(target, name) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const { room, privacy } = await rights({}, { store: odd });
    await room.documents.upsert([{ id: 'a', text: 'Ann likes tea.', subject: 'ann' }], undefined, 'north');
    expect((await privacy.erase('ann', asker)).erased.documents).toBe(0);
    code = 'vector.store_unavailable';
    await expect(privacy.erase('ann', asker)).rejects.toMatchObject({ code });
  });
});

it('a receipt tells of what all attempts have erased, and the next one of nothing of that', async () => {
  const { room } = await rights();
  await fill(room);
  const replies = kept({ ann: [{}, {}] });
  let down = true;
  const records: SubjectRecords = {
    ...replies,
    erase: (...call) =>
      down ? Promise.reject(failure('records.unavailable', { backend: 'redis' })) : replies.erase(...call),
  };
  const privacy = new PrivacyService(room.cache, room.personal, records, cursors, room.erasures, receipts);
  await expect(privacy.erase('ann', asker)).rejects.toMatchObject({ code: 'records.unavailable' });
  down = false;
  expect((await privacy.erase('ann', asker)).erased).toEqual({ entries: 2, documents: 2, idempotency: 2 });
  expect((await privacy.erase('ann', asker)).erased).toEqual({ entries: 0, documents: 0, idempotency: 0 });
});

it('a receipt that nobody waits for any more is not the last word: the next one tells of the same', async () => {
  const { room, privacy } = await rights();
  await fill(room);
  const leaving = new AbortController();
  const stop = listen('cache.purge', () => leaving.abort(new Error('gone')));
  await expect(privacy.erase('ann', asker, { signal: leaving.signal })).rejects.toThrow('gone');
  stop();
  expect(await everything(privacy, 'ann')).toEqual([]);
  expect((await privacy.erase('ann', asker)).erased).toMatchObject({ entries: 2, documents: 2 });
});

describe('what was being written about a person while they were erased', () => {
  const meanwhile = async (privacy: PrivacyService, write: () => Promise<unknown>) => {
    const erased = Promise.withResolvers<unknown>();
    const stop = listen('provider.call', ({ family }) => {
      if (family === 'embedding-model') privacy.erase('ann', asker).then(erased.resolve, erased.reject);
    });
    const written = await write().catch((error: unknown) => error);
    stop();
    await erased.promise;
    return written;
  };

  it('is taken back: documents, and nothing of others', async () => {
    const { room, privacy } = await rights();
    const documents = [
      { id: 'a', text: 'Ann likes tea.', subject: 'ann' },
      { id: 'b', text: 'Bob likes tea.', subject: 'bob' },
    ];
    const failed = await meanwhile(privacy, () => room.documents.upsert(documents, undefined, 'north'));
    expect(failed).toMatchObject({ code: 'privacy.erased_meanwhile', facts: { count: 1 } });
    expect((await room.knowledge.search({ text: 'tea' }, 'north')).matches.map(({ id }) => id)).toEqual(['b']);
  });

  it('is taken back on whichever instance it was written', async () => {
    const shared = { records: new MemoryRecords(), bus: new LocalBus() };
    const [{ privacy }, { room: there }] = [await rights({}, shared), await rights({}, shared)];
    const write = () =>
      there.documents.upsert([{ id: 'a', text: 'Ann likes tea.', subject: 'ann' }], undefined, 'north');
    expect(await meanwhile(privacy, write)).toMatchObject({ code: 'privacy.erased_meanwhile' });
    expect((await there.knowledge.search({ text: 'tea' }, 'north')).matches).toEqual([]);
  });

  it('is taken back: answers written by hand', async () => {
    const { room, privacy } = await rights();
    const keep = room.cache.keep.bind(room.cache);
    room.cache.keep = async (...call) => {
      await privacy.erase('ann', asker);
      return keep(...call);
    };
    const write = room.answers.write({ query: 'ann?', response: 1, subject: 'ann' }, asker);
    await expect(write).rejects.toMatchObject({ code: 'privacy.erased_meanwhile' });
    expect(room.cache.stats()).toMatchObject([{ entries: 0 }]);
    // Who is about nobody, or somebody else, is not held up.
    expect((await room.answers.write({ query: 'bob?', response: 1, subject: 'bob' }, asker)).stored).toBe(true);
  });

  it('is not kept: answers retrieved', async () => {
    const { room, privacy } = await rights();
    await room.documents.upsert([{ id: 'a', text: 'Ann likes tea.', subject: 'ann' }], undefined, 'north');
    await meanwhile(privacy, () => room.queries.ask({ query: 'Who likes tea?' }, asker));
    expect(room.cache.stats()).toMatchObject([{ entries: 0 }]);
  });
});
