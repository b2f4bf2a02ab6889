// What every byte store promises, as cases that any test runner can run against a live one.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ByteStore } from '../byte-store.js';
import { isFailure } from '../failure.js';
import type { ContractCase } from './contract-case.js';

const MINUTE_MS = 60_000;
/** A mebibyte of every kind of character that texts have. */
const LONG_TEXT = 'a"\\\n\u0000é€😀'.repeat(100_000);

/**
 * The cases of the port. `open` gives a store that answers, over the same data each time; each case closes what it
 * opened, and keeps to keys under a prefix of its own, so that a store in use may be tried. `under`: what keys must begin
 * with, where the store lets its user have those alone.
 */
export function byteStoreContract(open: () => Promise<ByteStore>, { under = '' } = {}): ContractCase[] {
  const proving = (
    name: string,
    prove: (store: ByteStore, key: (name: string) => string) => Promise<void>,
  ): ContractCase => ({
    name,
    async run() {
      const prefix = `${under}contract:${randomUUID()}:`;
      const store = await open();
      try {
        await prove(store, (name) => prefix + name);
      } finally {
        await store.close();
      }
    },
  });
  return [
    proving('names its tier, and answers', async (store) => {
      assert.match(store.tier, /^[a-z][a-z0-9-]{0,31}$/);
      await store.health();
    }),
    proving('gives values in the order of the keys, and undefined for one that is absent', async (store, key) => {
      await store.set(key('a'), 'first', MINUTE_MS);
      await store.set(key('b'), 'second', MINUTE_MS);
      assert.deepEqual(await store.getMany([key('b'), key('c'), key('a'), key('b')]), [
        'second',
        undefined,
        'first',
        'second',
      ]);
      assert.deepEqual(await store.getMany([]), []);
    }),
    proving('gives back every text as it was, and the last one set under a key', async (store, key) => {
      for (const text of ['before', '', '12', 'null', '{"value":1}', LONG_TEXT]) {
        await store.set(key('a'), text, MINUTE_MS);
        assert.equal((await store.getMany([key('a')]))[0], text);
      }
    }),
    proving('takes keys of 200 characters', async (store, key) => {
      const long = key('-_.:Zz9').padEnd(200, 'k');
      await store.set(long, 'kept', MINUTE_MS);
      assert.deepEqual(await store.getMany([long, `${long.slice(0, -1)}K`]), ['kept', undefined]);
    }),
    proving('gives a value until its end, and not after', async (store, key) => {
      await store.set(key('short'), 'gone', 30);
      await store.set(key('long'), 'kept', MINUTE_MS);
      await pause(60);
      assert.deepEqual(await store.getMany([key('short'), key('long')]), [undefined, 'kept']);
    }),
    proving('deletes the keys that are given, and no other', async (store, key) => {
      for (const name of ['a', 'b', 'c']) await store.set(key(name), name, MINUTE_MS);
      const deleted = await store.delete([key('a'), key('c'), key('d')]);
      assert.ok(deleted === undefined || deleted === 2, 'the number of keys deleted, or nothing');
      assert.deepEqual(await store.getMany([key('a'), key('b'), key('c')]), [undefined, 'b', undefined]);
    }),
    proving('replaces and deletes a value only where it stands as expected', async (store, key) => {
      await store.set(key('a'), 'first', MINUTE_MS);
      assert.equal(await store.replace(key('a'), 'other', 'second'), false);
      assert.equal(await store.replace(key('none'), '', 'second'), false);
      assert.equal(await store.replace(key('a'), 'first', LONG_TEXT), true);
      assert.equal(await store.replace(key('a'), 'first', undefined), false);
      assert.deepEqual(await store.getMany([key('a'), key('none')]), [LONG_TEXT, undefined]);
      assert.equal(await store.replace(key('a'), LONG_TEXT, undefined), true);
      assert.deepEqual(await store.getMany([key('a')]), [undefined]);
    }),
    proving('gives a replaced value the life that was left, and finds none past its end', async (store, key) => {
      for (const name of ['a', 'b']) await store.set(key(name), 'first', 50);
      assert.equal(await store.replace(key('a'), 'first', 'second'), true);
      await pause(90);
      assert.deepEqual(await store.getMany([key('a')]), [undefined]);
      assert.equal(await store.replace(key('b'), 'first', 'second'), false);
    }),
    proving('counts from 1, one by one, whoever else counts', async (store, key) => {
      const other = await open();
      try {
        const counted = await Promise.all(
          Array.from({ length: 40 }, (_, at) => (at % 2 ? store : other).increment(key('n'))),
        );
        assert.deepEqual(new Set(counted), new Set(Array.from({ length: 40 }, (_, at) => at + 1)));
        assert.deepEqual(await store.counters([key('none'), key('n')]), [0, 40]);
        assert.deepEqual(await store.getMany([key('n')]), ['40'], 'a counter reads as its decimal text');
      } finally {
        await other.close();
      }
    }),
    proving('ends a counter after its idle time, and begins it anew', async (store, key) => {
      assert.deepEqual(
        [await store.increment(key('n'), { idleMs: 40 }), await store.increment(key('n'), { idleMs: 40 })],
        [1, 2],
      );
      await pause(80);
      assert.deepEqual(await store.counters([key('n')]), [0]);
      assert.equal(await store.increment(key('n')), 1);
    }),
    proving('lists each key under a prefix, page by page, and no other', async (store, key) => {
      const names = Array.from({ length: 25 }, (_, at) => key(`list:${at}`));
      for (const one of [...names, key('lisp'), key('list'), key('lists')]) await store.set(one, 'x', MINUTE_MS);
      const seen = new Set<string>();
      let cursor: string | undefined;
      do {
        const page = await store.list(key('list:'), { limit: 10, ...(cursor !== undefined && { cursor }) });
        for (const one of page.keys) seen.add(one);
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.deepEqual(seen, new Set(names));
    }),
    proving('takes a prefix as it is, whatever its characters mean elsewhere', async (store, key) => {
      await store.set(key('a.b_c'), 'x', MINUTE_MS);
      assert.deepEqual((await store.list(key('a.b_'), { limit: 100 })).keys, [key('a.b_c')]);
      assert.deepEqual((await store.list(key('a%b'), { limit: 100 })).keys, []);
      assert.deepEqual((await store.list(key('a*'), { limit: 100 })).keys, []);
    }),
    proving('keeps what is set after its prefix was retired', async (store, key) => {
      await store.set(key('r:old'), 'old', MINUTE_MS);
      await store.set(key('other'), 'other', MINUTE_MS);
      const retired = await store.retire(key('r:'));
      assert.ok(retired === undefined || retired === 1, 'the number of keys there were, or nothing');
      await store.set(key('r:new'), 'new', MINUTE_MS);
      assert.equal((await store.retire(key('none:'))) ?? 0, 0);
      await pause(60);
      assert.deepEqual(await store.getMany([key('r:new'), key('other')]), ['new', 'other']);
    }),
    proving('keeps values over its closing, and closes twice', async (store, key) => {
      await store.set(key('a'), 'kept', MINUTE_MS);
      await store.close();
      await store.close();
      const again = await open();
      try {
        assert.deepEqual(await again.getMany([key('a')]), ['kept']);
      } finally {
        await again.close();
      }
    }),
    proving('fails with cache.store_unavailable when the signal is aborted before the call', async (store, key) => {
      const signal = AbortSignal.abort();
      await assert.rejects(store.getMany([key('a')], { signal }), (error) =>
        isFailure(error, 'cache.store_unavailable'),
      );
      await assert.rejects(store.set(key('a'), 'x', MINUTE_MS, { signal }), (error) =>
        isFailure(error, 'cache.store_unavailable'),
      );
    }),
    proving('fails with cache.store_unavailable once it is closed', async (store, key) => {
      await store.close();
      await assert.rejects(store.getMany([key('a')]), (error) => isFailure(error, 'cache.store_unavailable'));
      await assert.rejects(store.health(), (error) => isFailure(error, 'cache.store_unavailable'));
    }),
  ];
}
