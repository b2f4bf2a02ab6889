// Walks through points page by page: to list them, and to seal them anew.
import { failure, type PointPage } from '#ports';
import type { CollectionRow } from './collection-table.js';
import type { Payloads } from './payload.js';
import type { PointRow, PointTable } from './point-table.js';
import type { Retrieval } from './retrieval.js';
import { Slices } from './slices.js';

/** Where a walk stands: after this point of this collection, by their numbers. */
interface Place {
  collection: number;
  point: number;
}

interface PointPagesParts {
  points: PointTable;
  payloads: Payloads;
  retrieval: Retrieval;
  now: () => number;
}

export interface Resealing {
  seen: number;
  resealed: number;
  cursor: string | undefined;
}

export class PointPages {
  constructor(private readonly parts: PointPagesParts) {}

  /** Points that are not past their end, in the order of their numbers: one that is replaced keeps its place. */
  async list(
    collection: CollectionRow,
    { subject, cursor, limit }: { subject?: string; cursor?: string; limit: number },
    signal?: AbortSignal,
  ): Promise<PointPage> {
    const { retrieval, points, now } = this.parts;
    const last = placeOf(cursor).point;
    const numbers =
      subject === undefined
        ? points.numbers(collection.number, last, limit)
        : firstAfter(last, await retrieval.about(collection, subject), limit);
    const page: PointPage = { points: [], cursor: cursorAfter(collection.number, numbers, limit) };
    await retrieval.eachOpened(collection, numbers, signal, (opened) => {
      for (const [{ id, vector, expiresAt }, payload] of opened) {
        if (expiresAt !== undefined && expiresAt <= now()) continue;
        if (subject === undefined || payload.subject === subject) page.points.push({ id, vector, ...payload });
      }
    });
    return page;
  }

  /** Goes on from the cursor through the collections, which are in the order of their numbers. */
  async reseal(
    collections: readonly CollectionRow[],
    { cursor, limit }: { cursor?: string; limit: number },
    signal?: AbortSignal,
  ): Promise<Resealing> {
    const from = placeOf(cursor);
    const done: Resealing = { seen: 0, resealed: 0, cursor: undefined };
    for (const collection of collections) {
      if (collection.number < from.collection) continue;
      const last = collection.number === from.collection ? from.point : 0;
      const left = limit - done.seen;
      const numbers = this.parts.points.numbers(collection.number, last, left);
      done.resealed += await this.resealSome(collection, numbers, signal);
      done.seen += numbers.length;
      done.cursor = cursorAfter(collection.number, numbers, left);
      if (done.cursor !== undefined) break;
    }
    return done;
  }

  private async resealSome(collection: CollectionRow, numbers: readonly number[], signal?: AbortSignal) {
    const slices = new Slices();
    let resealed = 0;
    for (const number of numbers) {
      const row = this.parts.points.byNumber(collection.number, number);
      if (row && (await this.resealOne(collection, row))) resealed++;
      await slices.rest(signal);
    }
    return resealed;
  }

  /** `false` where there is nothing to do; a point that is written meanwhile is sealed by its writer. */
  private async resealOne(collection: CollectionRow, row: PointRow): Promise<boolean> {
    const { payloads, points } = this.parts;
    const resealed = await payloads.resealed(collection, row);
    return resealed !== undefined && points.replacePayload(collection.number, row, resealed);
  }
}

function firstAfter(last: number, numbers: readonly number[], limit: number): number[] {
  const after = numbers.filter((number) => number > last);
  return after.sort((a, b) => a - b).slice(0, limit);
}

function cursorAfter(collection: number, numbers: readonly number[], limit: number): string | undefined {
  return numbers.length < limit ? undefined : `${collection}.${numbers.at(-1) ?? 0}`;
}

function placeOf(cursor = '0.0'): Place {
  const [, collection, point] = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? [];
  if (collection !== undefined) return { collection: Number(collection), point: Number(point) };
  const problems = [
    {
      path: 'cursor',
      code: 'vector.cursor_unknown',
      message: 'Must be the cursor of a page before. Leave it out to begin.',
    },
  ];
  throw failure('request.invalid', { part: 'cursor', count: problems.length }, { problems });
}
