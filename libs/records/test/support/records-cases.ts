// What records promise, wherever they are kept.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Records } from '../../src/index.js';

export interface Opened {
  records: Records;
  /** The same records as another process has them. */
  others: Records;
  /** Lets so much time go by. Milliseconds. */
  passes?: (ms: number) => void;
}

export function keepsThePromisesOfRecords(open: () => Promise<Opened>): void {
  const shortly = async ({ passes }: Opened, ms: number) => (passes ? passes(ms) : pause(ms));

  test('gives records in the order of the keys, and none for one that is absent', async () => {
    const { records } = await open();
    await records.put('a', 'first');
    await records.put('b', '');
    expect(await records.getMany(['b', 'none', 'a', 'a'])).toEqual(['', undefined, 'first', 'first']);
    expect(await records.getMany([])).toEqual([]);
    expect(await records.get('none')).toBeUndefined();
    await records.put('a', 'second');
    expect(await records.get('a')).toBe('second');
  });

  test('gives back every text as it was', async () => {
    const { records, others } = await open();
    const long = 'a"\\\n\u0000é€😀'.repeat(100_000);
    const key = `A0:._~/@-${'k'.repeat(391)}`;
    for (const text of ['12', 'null', '{"a":1}', ' ', long]) {
      await records.put(key, text);
      expect(await others.get(key)).toBe(text);
    }
  });

  test('ends a record, and a tally with all its fields, after their time', async () => {
    const opened = await open();
    const { records } = opened;
    await records.put('short', 'x', { ttlMs: 60 });
    await records.put('long', 'x', { ttlMs: 60_000 });
    await records.add([{ key: 'tally', field: 'a', by: 1, ttlMs: 60 }]);
    await records.add([{ key: 'tally', field: 'b', by: 1, ttlMs: 60_000 }]);
    await shortly(opened, 100);
    expect(await records.getMany(['short', 'long'])).toEqual([undefined, 'x']);
    expect(await records.tallies(['tally'])).toEqual([{}]);
    expect(await records.delete(['short', 'tally'])).toBe(0);
    expect(await records.claim('short', 'anew')).toEqual({ claimed: true, value: 'anew' });
    expect(await records.add([{ key: 'tally', field: 'a', by: 5 }])).toEqual([5]);
    await shortly(opened, 100);
    expect(await records.getMany(['short'])).toEqual(['anew']);
    expect(await records.tallies(['tally'])).toEqual([{ a: 5 }]);
  });

  test('lets one of many claim a record, and tells the others what stands there', async () => {
    const { records, others } = await open();
    const many = Array.from({ length: 20 }, (_, at) => (at % 2 ? records : others).claim('lock', `${at}`));
    const claims = await Promise.all(many);
    const won = claims.filter(({ claimed }) => claimed);
    expect(won).toHaveLength(1);
    expect(new Set(claims.map(({ value }) => value))).toEqual(new Set([won[0]!.value]));
  });

  test('replaces and deletes only what is expected', async () => {
    const { records, others } = await open();
    await records.put('a', 'one');
    expect(await others.replace('a', 'none', 'two')).toBe(false);
    expect(await records.replace('absent', '', 'two')).toBe(false);
    expect(await others.replace('a', 'one', 'two')).toBe(true);
    expect(await records.replace('a', 'one', undefined)).toBe(false);
    expect(await records.get('a')).toBe('two');
    expect(await records.replace('a', 'two', undefined)).toBe(true);
    expect(await records.get('a')).toBeUndefined();
    expect(await records.list('', { limit: 10 })).toEqual({ records: [], cursor: undefined });
  });

  test('gives a replaced record the life that is asked for', async () => {
    const opened = await open();
    const { records } = opened;
    await records.put('a', 'one', { ttlMs: 60 });
    await records.put('b', 'one');
    await records.replace('a', 'one', 'two');
    await records.replace('b', 'one', 'two', { ttlMs: 60 });
    await shortly(opened, 100);
    expect(await records.getMany(['a', 'b'])).toEqual(['two', undefined]);
  });

  test('lists records under a prefix in the order of keys, page by page, and no other', async () => {
    const opened = await open();
    const { records } = opened;
    const keys = Array.from({ length: 25 }, (_, at) => `list/${String(at).padStart(2, '0')}`);
    for (const key of [...keys].reverse()) await records.put(key, `of ${key}`);
    for (const key of ['lisp/0', 'list', 'list0', 'zz']) await records.put(key, 'x');
    await records.add([{ key: 'list/tally', field: 'n', by: 1 }]);
    for (const key of ['list/00x', 'list/11x', 'list/24x']) await records.put(key, 'ends', { ttlMs: 40 });
    await shortly(opened, 80);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await records.list('list/', { cursor, limit: 5 });
      expect(page.records).toHaveLength(5);
      for (const { key, value } of page.records) expect(value).toBe(`of ${key}`);
      seen.push(...page.records.map(({ key }) => key));
      cursor = page.cursor;
    } while (cursor);
    expect(seen).toEqual(keys);
    for (const before of ['', 'a', 'lisp/0', 'list']) {
      const { records: found } = await records.list('list/', { cursor: before, limit: 100 });
      expect(found.map(({ key }) => key)).toEqual(keys);
    }
    expect((await records.list('list/', { cursor: 'zz', limit: 100 })).records).toEqual([]);
    expect((await records.list('', { limit: 100 })).records).toHaveLength(29);
  });

  test('deletes records and tallies, and counts them', async () => {
    const { records } = await open();
    await records.put('a', 'x');
    await records.put('b', 'x');
    await records.add([{ key: 't', field: 'n', by: 1 }]);
    expect(await records.delete(['a', 't', 'none'])).toBe(2);
    expect(await records.delete([])).toBe(0);
    expect(await records.getMany(['a', 'b'])).toEqual([undefined, 'x']);
    expect(await records.tallies(['t'])).toEqual([{}]);
  });

  test('adds to numbers, whoever else adds', async () => {
    const { records, others } = await open();
    const change = { key: 't', field: 'n', by: 1 };
    await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 ? records : others).add([change, change])));
    expect(
      await records.add([
        { ...change, by: -100 },
        { key: 'big', field: 'ß|"', by: 2 ** 52 - 1 },
      ]),
    ).toEqual([0, 2 ** 52 - 1]);
    expect(await others.tallies(['t', 'none', 'big'])).toEqual([{ n: 0 }, {}, { 'ß|"': 2 ** 52 - 1 }]);
    expect(await records.add([])).toEqual([]);
    expect(await records.tallies([])).toEqual([]);
  });

  test('adds all within the limits, or nothing', async () => {
    const { records, others } = await open();
    const day = { key: 'day', field: 'n', by: 3, limit: 10 };
    const hour = { key: 'hour', field: 'n', by: 3, limit: 4 };
    expect(await records.addWithin([day, hour])).toEqual({ added: true, sums: [3, 3] });
    expect(await others.addWithin([day, hour])).toEqual({ added: false, sums: [3, 3], over: 1 });
    expect(await records.tallies(['day', 'hour'])).toEqual([{ n: 3 }, { n: 3 }]);
    expect(
      await records.addWithin([
        { ...hour, by: 1 },
        { ...hour, by: 1 },
      ]),
    ).toMatchObject({ added: false, over: 1 });
    expect(await records.addWithin([{ ...hour, by: -3 }])).toEqual({ added: true, sums: [0] });
    expect(await records.addWithin([{ key: 'free', field: 'n', by: 7 }])).toEqual({ added: true, sums: [7] });
  });

  test('never adds beyond a limit, whoever else adds', async () => {
    const { records, others } = await open();
    const change = { key: 'day', field: 'n', by: 1, limit: 10 };
    const added = await Promise.all(
      Array.from({ length: 40 }, (_, at) => (at % 2 ? records : others).addWithin([change])),
    );
    expect(added.filter((one) => one.added)).toHaveLength(10);
    expect(await records.tallies(['day'])).toEqual([{ n: 10 }]);
  });

  test('holds items within the limits, until their end, and replaces one that is held again', async () => {
    const { records, others } = await open();
    const held = (item: string, bytes: number, endsAt: number) => ({ item, bytes, endsAt });
    const limits = { items: 2, bytes: 100 };
    expect(await records.hold('north', held('a', 60, 1000), limits, 0)).toEqual({ held: true, items: 1, bytes: 60 });
    expect(await others.hold('north', held('b', 50, 1000), limits, 0)).toEqual({ held: false, items: 1, bytes: 60 });
    expect(await others.hold('north', held('b', 40, Infinity), limits, 0)).toEqual({
      held: true,
      items: 2,
      bytes: 100,
    });
    expect(await records.hold('north', held('c', 0, 1000), limits, 0)).toEqual({ held: false, items: 2, bytes: 100 });
    expect(await records.hold('north', held('a', 10, 500), limits, 0)).toEqual({ held: true, items: 2, bytes: 50 });
    expect(await records.hold('north', held('a', 70, 500), limits, 0)).toEqual({ held: false, items: 2, bytes: 50 });
    expect(await records.holding('north', 499)).toEqual({ items: 2, bytes: 50 });
    expect(await records.hold('north', held('c', 60, 1000), limits, 500)).toEqual({ held: true, items: 2, bytes: 100 });
    expect(await records.hold('south', held('a', 1, 1000), {}, 0)).toEqual({ held: true, items: 1, bytes: 1 });
    await records.release('north', ['b', 'none']);
    await records.release('north', []);
    expect(await others.holding('north', 500)).toEqual({ items: 1, bytes: 60 });
    await records.release('north');
    expect(await others.holding('north', 500)).toEqual({ items: 0, bytes: 0 });
    expect(await others.holding('south', 500)).toEqual({ items: 1, bytes: 1 });
  });

  test('never holds beyond the limits, whoever else holds', async () => {
    const { records, others } = await open();
    const many = Array.from({ length: 40 }, (_, at) =>
      (at % 2 ? records : others).hold('north', { item: `${at}`, bytes: 10, endsAt: 1000 }, { bytes: 100 }, 0),
    );
    expect((await Promise.all(many)).filter(({ held }) => held)).toHaveLength(10);
    expect(await records.holding('north', 0)).toEqual({ items: 10, bytes: 100 });
  });

  test('lets go of many items that end together', async () => {
    const { records } = await open();
    for (let at = 0; at < 2500; at += 250) {
      const some = Array.from({ length: 250 }, (_, more) => `${at + more}`);
      await Promise.all(some.map((item) => records.hold('north', { item, bytes: 1, endsAt: 1000 }, {}, 0)));
    }
    expect(await records.holding('north', 999)).toEqual({ items: 2500, bytes: 2500 });
    expect(await records.hold('north', { item: 'new', bytes: 1, endsAt: 2000 }, { items: 1 }, 1000)).toEqual({
      held: true,
      items: 1,
      bytes: 1,
    });
  });

  test('numbers the lines of a journal without gaps, whoever else appends', async () => {
    const { records, others } = await open();
    expect(await records.last('audit')).toBeUndefined();
    expect(await records.append('audit', 1, 'gap')).toBe(false);
    const append = async (to: Records, line: string) => {
      while (!(await to.append('audit', (await to.last('audit'))?.number ?? 0, line)));
    };
    await Promise.all(Array.from({ length: 20 }, (_, at) => append(at % 2 ? records : others, `${at}`)));
    const lines = await others.lines('audit', 1, 100);
    expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(new Set(lines.map(({ line }) => line)).size).toBe(20);
    expect(await records.append('audit', 5, 'again')).toBe(false);
    expect(await records.last('audit')).toEqual(lines.at(-1));
    expect(await records.lines('audit', 19, 1)).toEqual([lines[18]]);
    expect(await records.lines('audit', 21, 5)).toEqual([]);
    expect(await records.lines('audit', 1, 0)).toEqual([]);
    expect(await records.last('other')).toBeUndefined();
  });

  test('answers, and closes twice', async () => {
    const { records } = await open();
    await records.health();
    await records.close();
    await records.close();
  });
}

/** Of records that are kept outside of this process. */
export function failsOnceClosed(open: () => Promise<Opened>): void {
  test('fails with records.unavailable once it is closed, and loses nothing by it', async () => {
    const { records, others } = await open();
    await records.put('a', 'kept');
    await records.close();
    const unavailable = { code: 'records.unavailable', facts: { backend: records.backend } };
    await expect(records.get('a')).rejects.toMatchObject(unavailable);
    await expect(records.put('a', 'x')).rejects.toMatchObject(unavailable);
    await expect(records.add([{ key: 'a', field: 'n', by: 1 }])).rejects.toMatchObject(unavailable);
    await expect(records.health()).rejects.toMatchObject(unavailable);
    expect(await others.get('a')).toBe('kept');
  });
}
