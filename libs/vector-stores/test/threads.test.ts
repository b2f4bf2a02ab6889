// What search threads do, done here: rows read into memory, replies to requests, and what becomes of their failures.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { Arena } from '../src/providers/embedded/arena.js';
import { layoutOf, ROW_GONE, ROW_LIVE, ROW_PURPOSED, ROW_WITHHELD } from '../src/providers/embedded/block-layout.js';
import { type LoadRequest, loadRows } from '../src/providers/embedded/load-rows.js';
import { quantiseQuery } from '../src/providers/embedded/quantise.js';
import { type Candidates, Scanner, type ScannerData } from '../src/providers/embedded/scan.js';
import { Segment } from '../src/providers/embedded/segment.js';
import type { Segments } from '../src/providers/embedded/segments.js';
import { replyTo } from '../src/providers/embedded/thread-work.js';
import { aFolder, aStore, aVector, filled, HERE, MEBIBYTE, seeded } from './support/stores.js';

const KERNEL = new URL('../src/providers/embedded/kernel.wasm', import.meta.url);
const NOW = 1000;

async function aFilledFile(): Promise<string> {
  const folder = await aFolder();
  const store = await aStore({ folder, now: () => NOW });
  const vector = new Float32Array([1, 2]);
  await filled(
    store,
    [
      { id: 'plain', vector, lineage: { ingestedAt: 5 } },
      { id: 'withheld', vector, consent: false, lineage: { ingestedAt: 6 } },
      { id: 'ended', vector, expiresAt: NOW + 1, lineage: { ingestedAt: 7 } },
      { id: 'purposed', vector, purposes: ['a'], expiresAt: NOW + 9, lineage: { ingestedAt: 8 } },
    ],
    { metric: 'l2' },
  );
  return join(folder, 'vectors.sqlite');
}

function aRequest(file: string, arena: Arena, places: number): LoadRequest {
  const blocks = Uint32Array.of(arena.take()!);
  const upTo = Number.MAX_SAFE_INTEGER;
  return { file, collection: 1, after: 0, upTo, layout: layoutOf(2), metric: 'l2', blocks, places, now: NOW + 1 };
}

test('rows are read into their places; what has ended is passed over, and the places left are empty', async () => {
  const arena = new Arena(MEBIBYTE, 1);
  const request = aRequest(await aFilledFile(), arena, 5);
  const loaded = loadRows(request, arena.memory.buffer);
  expect(loaded).toEqual({
    numbers: Float64Array.of(1, 2, 4),
    ingested: Float64Array.of(5, 6, 8),
    purposed: true,
    ending: true,
  });
  const states = new Uint8Array(arena.memory.buffer, request.blocks[0]! + request.layout.states, 5);
  expect([...states]).toEqual([ROW_LIVE, ROW_WITHHELD, ROW_PURPOSED, ROW_GONE, ROW_GONE]);
  const segment = new Segment(arena, 2, 'l2');
  segment.adopt(loaded, 5);
  expect([segment.rows, segment.slotOf(4), segment.slotOf(3), segment.hasOlder(6)]).toEqual([5, 2, undefined, true]);
  expect(segment.presentAmong([0, 1, 2, 3, 4])).toEqual([1, 2, 4]);
});

test('a request is answered by its number, and so is its failure', async () => {
  const arena = new Arena(MEBIBYTE, 1);
  const data: ScannerData = {
    module: new WebAssembly.Module(readFileSync(KERNEL)),
    memory: arena.memory,
    scratch: arena.scratch(0),
  };
  const scanner = new Scanner(data);
  const load = aRequest(await aFilledFile(), arena, 4);
  expect(replyTo({ id: 7, load }, scanner, data)).toMatchObject({ id: 7, result: { purposed: true } });
  const query = quantiseQuery(new Float32Array([1, 2]), 'l2');
  const scan = { ...load, rows: 4, firstSlot: 0, query, byDistance: true, wanted: 1, now: NOW + 1 };
  const reply = replyTo({ id: 8, scan }, scanner, data) as { id: number; result: Candidates };
  expect([reply.id, reply.result.slots]).toEqual([8, [0]]);
  const nowhere = { ...load, file: join(await aFolder(), 'none', 'vectors.sqlite') };
  expect(replyTo({ id: 9, load: nowhere }, scanner, data)).toMatchObject({ id: 9, error: { errcode: 14 } });
});

test('a collection that threads cannot read fails by name, and is read by the next query that can', async () => {
  const folder = await aFolder();
  const store = await aStore({ folder, inlineBytes: 0 });
  const random = seeded(1);
  const points = Array.from({ length: 30_000 }, (_, i) => ({ id: `${i}`, vector: aVector(4, random) }));
  await filled(store, points);
  const { segments } = (store as unknown as { parts: { segments: Segments } }).parts;
  const { options } = segments as unknown as { options: { file: string } };
  const { file } = options;
  options.file = join(folder, 'none', 'vectors.sqlite');
  const query = { vector: points[4]!.vector, k: 1 };
  await expect(store.query(HERE, query)).rejects.toMatchObject({
    code: 'vector.store_unavailable',
    facts: { reason: 'its file cannot be opened' },
  });
  options.file = file;
  expect((await store.query(HERE, query))[0]?.id).toBe('4');
  expect(await store.count(HERE)).toBe(30_000);
});

test('a collection that shrinks under its reader is read as far as it is there', async () => {
  const folder = await aFolder();
  const store = await aStore({ folder, inlineBytes: 0 });
  const random = seeded(2);
  const points = Array.from({ length: 100 }, (_, i) => ({ id: `${i}`, vector: aVector(4, random) }));
  await filled(store, points);
  const asking = store.query(HERE, { vector: points[4]!.vector, k: 100 });
  const other = new DatabaseSync(join(folder, 'vectors.sqlite'));
  other.exec('DELETE FROM points WHERE number > 50');
  other.close();
  expect((await asking).length).toBeLessThanOrEqual(100);
  expect(await store.query(HERE, { vector: points[4]!.vector, k: 100 })).toHaveLength(50);
  expect(await store.count(HERE)).toBe(50);
});

test('a collection larger than what the machine gives is refused by name, by threads too', async () => {
  const store = await aStore({ inlineBytes: 0, memoryMaxBytes: MEBIBYTE });
  const random = seeded(3);
  const points = Array.from({ length: 5000 }, (_, i) => ({ id: `${i}`, vector: aVector(16, random) }));
  await filled(store, points);
  const { pool } = (store as unknown as { parts: { pool: { arena: Arena } } }).parts;
  const taken: number[] = [];
  for (let block = pool.arena.take(); block !== undefined; block = pool.arena.take()) taken.push(block);
  pool.arena.give(taken.splice(0, 1));
  const query = { vector: points[0]!.vector, k: 1 };
  await expect(store.query(HERE, query)).rejects.toMatchObject({ code: 'vector.memory_exceeded' });
  pool.arena.give(taken);
  expect((await store.query(HERE, query))[0]?.id).toBe('0');
});
