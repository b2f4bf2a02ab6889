// Ranks the rows of a collection for a query: by vectors, or by vectors and words.
import type { Hybrid } from '#ports';
import { fused, type Scored } from '../../fused.js';
import { similarity } from '../../similarity.js';
import type { CollectionRow } from './collection-table.js';
import { exactly, nearest, type Wanted } from './nearest.js';
import type { PointRow, PointTable } from './point-table.js';
import type { ScanPool } from './scan-pool.js';
import type { Segment } from './segment.js';
import type { WordIndex, WordScores } from './word-index.js';

/** How far down both rankings are read at least before they are fused: ranks beyond it count as none. */
const FUSED_DEPTH = 100;
/** Of a score: thousands of equal ones must not be read to the last. */
const ROUNDING = 1e-12;

interface Parts {
  pool: ScanPool;
  points: PointTable;
}

interface Searched {
  collection: CollectionRow;
  segment: Segment;
  /** There where the query is hybrid. */
  words: WordIndex | undefined;
}

export interface Ranked {
  row: PointRow;
  /** 0..1, larger is better. */
  score: number;
}

/** The `count` nearest, nearest first; fewer where there are not so many. */
export async function vectorRanking(parts: Parts, { collection, segment }: Searched, wanted: Wanted) {
  const found = await nearest(parts, collection, segment, wanted);
  return found.map(({ row, raw }): Ranked => ({ row, score: similarity(collection.metric, raw) }));
}

/**
 * The best by vectors and words together (see `fused`), best first; at least `count` where there are so many.
 *
 * With `alpha` the first `count` are those that a comparison of all rows would give: whatever one ranking brings is
 * scored by the other as well, and both are read further down until no unread row can reach the last of them. Without,
 * each row counts by its ranks among the first 100 (or `count`) of both.
 */
export async function hybridRanking(
  parts: Parts,
  searched: Searched,
  wanted: Wanted,
  { text, alpha }: Hybrid = { text: '' },
): Promise<Ranked[]> {
  const { segment, words } = searched;
  const findable = segment.findable(wanted.eligible, wanted);
  const scores = await words!.scores(text, findable, wanted.signal);
  const rankings = new Rankings(parts, searched, wanted, scores);
  for (let depth = Math.max(FUSED_DEPTH, wanted.count); ; depth *= 4) {
    const found = await rankings.read(depth, alpha);
    const last = found.ranked[wanted.count - 1]?.score ?? Number.NEGATIVE_INFINITY;
    if (alpha === undefined || found.all || last + ROUNDING >= found.unreadAtMost) return found.ranked;
  }
}

class Rankings {
  constructor(
    private readonly parts: Parts,
    private readonly searched: Searched,
    private readonly wanted: Wanted,
    private readonly scores: WordScores,
  ) {}

  /** Both rankings down to a depth, fused; the most that a row beyond it can score; whether there is none beyond it. */
  async read(
    depth: number,
    alpha: number | undefined,
  ): Promise<{ ranked: Ranked[]; unreadAtMost: number; all: boolean }> {
    const { parts, searched, wanted } = this;
    // What has no share is not looked at.
    const near = alpha === 0 ? [] : await vectorRanking(parts, searched, { ...wanted, count: depth });
    const best = alpha === 1 ? [] : this.scores.best(depth);
    const fitting = this.rowsOf(best);
    const rows = new Map([...near, ...fitting].map(({ row }) => [row.number, row]));
    const [byVector, byWords] = [scoredOf(near), scoredOf(fitting)];
    const unreadAtMost =
      (alpha ?? 1) * lastOf(near, depth) + (1 - (alpha ?? 1)) * (lastOf(best, depth) / (best[0]?.score ?? 1));
    if (alpha !== undefined) this.complete(byVector, byWords, alpha, rows);
    const ranked = fused(byVector, byWords, alpha).map(({ key, score }) => ({ row: rows.get(key)!, score }));
    return { ranked, unreadAtMost, all: near.length < depth && best.length < depth };
  }

  /** Those of the slots that are in the file as they are in memory. */
  private rowsOf(best: readonly Scored<number>[]): Ranked[] {
    const { points } = this.parts;
    const { collection, segment } = this.searched;
    return best.flatMap(({ key: slot, score }) => {
      const number = segment.numberAt(slot);
      const row = segment.slotOf(number) === slot ? points.byNumber(collection.number, number) : undefined;
      const current = row?.consent && (row.expiresAt === undefined || row.expiresAt > this.wanted.now);
      return current ? [{ row, score }] : [];
    });
  }

  /** Gives each row of one ranking its score in the other. */
  private complete(
    byVector: Scored<number>[],
    byWords: Scored<number>[],
    alpha: number,
    rows: ReadonlyMap<number, PointRow>,
  ): void {
    const { collection, segment } = this.searched;
    const { measure } = exactly(collection.metric, this.wanted.vector);
    const [near, fitting] = [keysOf(byVector), keysOf(byWords)];
    for (const key of alpha === 0 ? [] : fitting) {
      if (near.has(key)) continue;
      byVector.push({ key, score: similarity(collection.metric, measure(rows.get(key)!.vector).raw) });
    }
    for (const key of alpha === 1 ? [] : near) {
      if (!fitting.has(key)) byWords.push({ key, score: this.scores.of(segment.slotOf(key) ?? -1) });
    }
  }
}

/** The most that a row scores which a ranking of this depth did not bring. */
function lastOf(ranking: ReadonlyArray<{ score: number }>, depth: number): number {
  return ranking.length < depth ? 0 : ranking.at(-1)!.score;
}

function scoredOf(ranked: readonly Ranked[]): Scored<number>[] {
  return ranked.map(({ row, score }) => ({ key: row.number, score }));
}

function keysOf(scored: readonly Scored<number>[]): Set<number> {
  return new Set(scored.map(({ key }) => key));
}
