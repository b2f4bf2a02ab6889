// Answers queries and selections over one collection: candidates from memory, truth from the file, payloads opened last.
import type { Filter, VectorMatch, VectorQuery } from '#ports';
import { matchesFilter } from '../../matches-filter.js';
import { shownOf } from '../stored-document.js';
import type { CollectionRow } from './collection-table.js';
import { eligibleRows, isEligible, needsIndex } from './eligible-rows.js';
import { isRejected, metadataOf, type Payload, type Payloads } from './payload.js';
import { PayloadIndexes } from './payload-indexes.js';
import type { PointRow, PointTable } from './point-table.js';
import { hybridRanking, type Ranked, vectorRanking } from './ranking.js';
import type { ScanPool } from './scan-pool.js';
import type { Segment } from './segment.js';
import type { Segments } from './segments.js';
import { Slices } from './slices.js';

const PAYLOADS_AT_A_TIME = 256;

export interface RetrievalParts {
  segments: Segments;
  points: PointTable;
  pool: ScanPool;
  payloads: Payloads;
  now: () => number;
}

type Opened = [row: PointRow, payload: Payload];

export class Retrieval {
  private readonly indexes: PayloadIndexes;

  constructor(private readonly parts: RetrievalParts) {
    this.indexes = new PayloadIndexes({
      segments: parts.segments,
      eachOpened: (collection, numbers, use) => this.eachOpened(collection, numbers, undefined, use),
    });
  }

  query(collection: CollectionRow, query: VectorQuery, signal?: AbortSignal): Promise<VectorMatch[]> {
    return this.parts.segments.use(collection, async (segment) => {
      const index = needsIndex(query, segment) ? await this.indexes.filterIndex(collection, segment) : undefined;
      const words = query.hybrid && (await this.indexes.wordIndex(collection, segment));
      const purposed = query.purpose !== undefined && index !== undefined;
      const ranking = words ? hybridRanking : vectorRanking;
      // Some of the best may turn out not to be readable, or to be gone: then twice as many are asked for.
      for (let count = query.k; ; count *= 2) {
        const eligible = eligibleRows(query, segment, index);
        const wanted = { vector: query.vector, count, now: this.parts.now(), eligible, purposed, signal };
        const ranked = await ranking(this.parts, { collection, segment, words }, wanted, query.hybrid);
        const matches = await this.matches(collection, segment, ranked, query);
        if (matches.length >= query.k || ranked.length < count) return cut(matches, query);
      }
    });
  }

  /** Numbers of the points about a person, in no order; some may be written anew meanwhile. */
  about(collection: CollectionRow, subject: string): Promise<number[]> {
    return this.parts.segments.use(collection, async (segment) => {
      const index = await this.indexes.filterIndex(collection, segment);
      return segment.presentAmong(index.about(subject));
    });
  }

  /** Deletes what a filter or a subject selects. Gives how many points that were. */
  async deleteMatching(
    collection: CollectionRow,
    by: Filter | { subject: string },
    signal?: AbortSignal,
  ): Promise<number> {
    const numbers = 'op' in by ? await this.selected(collection, by) : await this.about(collection, by.subject);
    // Looked at again, one by one: a point may have been written anew meanwhile.
    const holds = (payload: Payload) =>
      'op' in by ? matchesFilter(by, metadataOf(payload)) : payload.subject === by.subject;
    let deleted = 0;
    for (let left = numbers; left.length > 0; ) {
      const changed: number[] = [];
      await this.eachOpened(collection, left, signal, (opened) => {
        const rows = opened.flatMap(([row, payload]) => (holds(payload) ? [row] : []));
        deleted += this.deleteUnchanged(collection, rows, changed);
      });
      left = changed;
    }
    return deleted;
  }

  /** Deletes what was ingested before a time. Gives how many points that were. */
  async deleteOlder(collection: CollectionRow, time: number, limit: number, signal?: AbortSignal): Promise<number> {
    const { points, segments } = this.parts;
    const slices = new Slices();
    let deleted = 0;
    for (;;) {
      await segments.settled(collection.number);
      const numbers = points.older(collection.number, time, limit);
      if (numbers.length === 0) return deleted;
      deleted += this.deleteNumbers(collection, numbers);
      await slices.rest(signal);
    }
  }

  /** Opens payloads; those that cannot be trusted are put out and left out. */
  async open(collection: CollectionRow, rows: readonly PointRow[], segment?: Segment): Promise<Opened[]> {
    const found = await Promise.all(rows.map((row) => this.parts.payloads.open(collection, row)));
    return rows.flatMap((row, i): Opened[] => {
      const payload = found[i]!;
      if (!isRejected(payload)) return [[row, payload]];
      segment?.withhold(row.number);
      this.parts.segments.resident(collection.number)?.withhold(row.number);
      // With the right key configured again, such a document is as good as before: it stays in the file.
      if (payload.rejected !== 'unknown_key') this.deleteUnchanged(collection, [row]);
      return [];
    });
  }

  /** The best `k` of a ranking that can be served; payloads further down are not opened. */
  private async matches(collection: CollectionRow, segment: Segment, ranked: readonly Ranked[], query: VectorQuery) {
    const matches: VectorMatch[] = [];
    for (let at = 0; at < ranked.length && matches.length < query.k; at += query.k) {
      const some = ranked.slice(at, at + query.k);
      const scores = new Map(some.map(({ row, score }) => [row.number, score]));
      const rows = some.map(({ row }) => row);
      for (const [row, payload] of await this.open(collection, rows, segment)) {
        if (!isEligible(query, payload, row.ingestedAt)) continue;
        const vector = query.withVectors && { vector: row.vector };
        matches.push({ id: row.id, score: scores.get(row.number)!, ...vector, ...shownOf(payload) });
      }
    }
    return matches;
  }

  private selected(collection: CollectionRow, filter: Filter): Promise<number[]> {
    return this.parts.segments.use(collection, async (segment) => {
      const index = await this.indexes.filterIndex(collection, segment);
      return segment.presentAmong(marked(index.select(filter, segment.rows)));
    });
  }

  /** Opens points by their numbers, some at a time; those that cannot be trusted are left out. */
  async eachOpened(
    collection: CollectionRow,
    numbers: readonly number[],
    signal: AbortSignal | undefined,
    use: (opened: Opened[]) => void | Promise<void>,
  ): Promise<void> {
    const slices = new Slices();
    for (let at = 0; at < numbers.length; at += PAYLOADS_AT_A_TIME) {
      const some = numbers.slice(at, at + PAYLOADS_AT_A_TIME);
      const rows = some.flatMap((number) => this.parts.points.byNumber(collection.number, number) ?? []);
      await use(await this.open(collection, rows));
      await slices.rest(signal);
    }
  }

  /** Deletes those of the points that are as they were read; numbers of those written since go to `changed`. */
  private deleteUnchanged(collection: CollectionRow, rows: readonly PointRow[], changed: number[] = []): number {
    const same: number[] = [];
    for (const { number, payload } of rows) {
      const current = this.parts.points.byNumber(collection.number, number);
      if (current) (Buffer.compare(current.payload, payload) === 0 ? same : changed).push(number);
    }
    return this.deleteNumbers(collection, same);
  }

  private deleteNumbers(collection: CollectionRow, numbers: readonly number[]): number {
    const { points, segments } = this.parts;
    const deleted = points.deleteNumbers(collection.number, numbers);
    for (const number of numbers) segments.resident(collection.number)?.remove(number);
    return deleted;
  }
}

function cut(matches: VectorMatch[], { k, threshold = 0 }: VectorQuery): VectorMatch[] {
  return matches.slice(0, k).filter(({ score }) => score >= threshold);
}

function* marked(selected: Uint8Array): Iterable<number> {
  for (let slot = 0; slot < selected.length; slot++) if (selected[slot] === 1) yield slot;
}
