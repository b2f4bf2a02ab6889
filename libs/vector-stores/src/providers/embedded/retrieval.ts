// Answers queries and selections over one collection: candidates from memory, truth from the file, payloads opened last.
import type { Filter, VectorMatch, VectorQuery } from '#ports';
import { matchesFilter } from '../../matches-filter.js';
import { similarity } from '../../similarity.js';
import type { CollectionRow } from './collection-table.js';
import { FilterIndex } from './filter-index.js';
import { nearest, type Ranked } from './nearest.js';
import { isRejected, metadataOf, type Payload, type Payloads } from './payload.js';
import type { PointRow, PointTable } from './point-table.js';
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
  constructor(private readonly parts: RetrievalParts) {}

  query(collection: CollectionRow, query: VectorQuery, signal?: AbortSignal): Promise<VectorMatch[]> {
    return this.parts.segments.use(collection, async (segment) => {
      const index = query.filter && (await this.indexOf(collection, segment));
      // Some of the nearest may turn out not to be readable, or to be gone: then twice as many are asked for.
      for (let count = query.k; ; count *= 2) {
        const eligible = query.filter && index?.select(query.filter, segment.rows);
        const wanted = { vector: query.vector, count, now: this.parts.now(), eligible, signal };
        const ranked = await nearest(this.parts, collection, segment, wanted);
        const matches = await this.matches(collection, segment, ranked, query);
        if (matches.length >= query.k || ranked.length < count) return cut(matches, query);
      }
    });
  }

  /** Deletes what a filter or a subject selects. Gives how many points that were. */
  async deleteMatching(
    collection: CollectionRow,
    by: Filter | { subject: string },
    signal?: AbortSignal,
  ): Promise<number> {
    const { segments } = this.parts;
    const numbers = await segments.use(collection, async (segment) => {
      const index = await this.indexOf(collection, segment);
      return segment.presentAmong('op' in by ? marked(index.select(by, segment.rows)) : index.about(by.subject));
    });
    // Looked at again, one by one: a point may have been written anew meanwhile.
    const holds = (payload: Payload) =>
      'op' in by ? matchesFilter(by, metadataOf(payload)) : payload.subject === by.subject;
    let deleted = 0;
    await this.eachOpened(collection, numbers, signal, (opened) => {
      deleted += this.deleteUnchanged(
        collection,
        opened.filter(([, payload]) => holds(payload)).map(([row]) => row),
      );
    });
    return deleted;
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

  private async matches(collection: CollectionRow, segment: Segment, ranked: readonly Ranked[], query: VectorQuery) {
    const rows = ranked.map(({ row }) => row);
    const scores = new Map(ranked.map(({ row, raw }) => [row.number, similarity(collection.metric, raw)]));
    const matches: VectorMatch[] = [];
    for (const [{ id, number }, payload] of await this.open(collection, rows, segment)) {
      const metadata = metadataOf(payload);
      if (query.filter && !matchesFilter(query.filter, metadata)) continue;
      const text = payload.text === undefined ? {} : { text: payload.text };
      matches.push({ id, score: scores.get(number)!, ...text, metadata });
    }
    return matches;
  }

  /** The index over a segment's metadata, made when first needed: it must open every payload. */
  private async indexOf(collection: CollectionRow, segment: Segment): Promise<FilterIndex> {
    return (
      segment.index ?? this.parts.segments.exclusively(collection.number, () => this.makeIndex(collection, segment))
    );
  }

  private async makeIndex(collection: CollectionRow, segment: Segment): Promise<FilterIndex> {
    // Another query may have made it while this one waited its turn.
    if (segment.index) return segment.index;
    const index = new FilterIndex();
    const slots = new Map(segment.present());
    await this.eachOpened(collection, [...slots.keys()], undefined, (opened) => {
      for (const [row, payload] of opened) index.add(slots.get(row.number)!, metadataOf(payload), payload.subject);
    });
    segment.index = index;
    this.parts.segments.trim(collection.number);
    return index;
  }

  private async eachOpened(
    collection: CollectionRow,
    numbers: readonly number[],
    signal: AbortSignal | undefined,
    use: (opened: Opened[]) => void,
  ): Promise<void> {
    const slices = new Slices();
    for (let at = 0; at < numbers.length; at += PAYLOADS_AT_A_TIME) {
      const some = numbers.slice(at, at + PAYLOADS_AT_A_TIME);
      const rows = some.flatMap((number) => this.parts.points.byNumber(collection.number, number) ?? []);
      use(await this.open(collection, rows));
      await slices.rest(signal);
    }
  }

  /** Deletes those of the points that have not been written since they were read. */
  private deleteUnchanged(collection: CollectionRow, rows: readonly PointRow[]): number {
    const { points, segments } = this.parts;
    const same = rows.filter(({ number, payload }) => {
      const current = points.byNumber(collection.number, number);
      return current && Buffer.compare(current.payload, payload) === 0;
    });
    const numbers = same.map(({ number }) => number);
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
