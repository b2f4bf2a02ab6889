// Moves one collection to the model of now, page by page: built beside what is there, switched, and the old one dropped.
import type { Embedder } from '#embeddings';
import { type CallOptions, type CollectionRef, followed, type VectorPoint } from '#ports';
import type { TenantTurns } from '#resilience';
import type { Replacement, SegmentMigration, SegmentTag } from '#vector-stores';
import { embeddedTexts } from './embedded-texts.js';
import { noteLeft, onceMore, type ReindexPlace, type ReindexRun, takeLeft } from './reindex-run.js';

/** Documents in a page: few enough that a stopped run has little to do again. */
const PAGE = 64;

export class Reindexer {
  constructor(
    private readonly embedder: Embedder,
    private readonly migration: SegmentMigration,
    private readonly turns: TenantTurns,
  ) {}

  /** Goes on with the collection at hand, by `limit` documents at most. Gives how many it looked at. */
  goOn(run: ReindexRun, at: ReindexPlace, limit: number, options: CallOptions): Promise<number> {
    const part = { kind: 'part', of: 'reindex', items: Math.min(limit, PAGE) } as const;
    return followed(part, () => this.page(run, at, limit, options));
  }

  private async page(run: ReindexRun, at: ReindexPlace, limit: number, options: CallOptions): Promise<number> {
    const ref = { tenant: at.tenant, collection: at.collection };
    const page = { cursor: at.cursor, limit: Math.min(limit, PAGE) };
    if (at.phase === 'copy') return this.copy(run, at, ref, page, options);
    at.cursor = await this.migration.clear(ref, at.segments[0]!, page, options);
    if (at.cursor === undefined) {
      await this.migration.settle(ref, at.segments[0]!, options);
      await this.segmentDone(run, at, ref);
    }
    return page.limit;
  }

  private async copy(
    run: ReindexRun,
    at: ReindexPlace,
    ref: CollectionRef,
    page: { cursor: string | undefined; limit: number },
    options: CallOptions,
  ): Promise<number> {
    const [from] = at.segments as [string];
    const { points, cursor } = await this.migration.page(ref, from, page, options);
    const missing = await this.migration.missing(ref, points, options);
    const replacements = await this.replacements(run, at, missing, options);
    const placed = await this.migration.place(ref, from, run.tag, replacements, options);
    run.seen += points.length;
    at.listed += points.length;
    at.cursor = cursor;
    if (placed === undefined)
      this.end(run, at); // The collection was dropped meanwhile.
    else run.moved += placed;
    if (placed !== undefined && cursor === undefined) await this.copied(run, at, ref, options);
    return points.length;
  }

  private async copied(run: ReindexRun, at: ReindexPlace, ref: CollectionRef, options: CallOptions): Promise<void> {
    const [from] = at.segments as [string];
    const count = await this.migration.countOf(ref, from, options);
    const complete = at.left.length === 0 && count === at.listed;
    if (!(await this.migration.finish(ref, from, { complete }, options))) {
      run.seen -= at.listed;
      Object.assign(at, onceMore(at));
    } else if (complete) await this.segmentDone(run, at, ref);
    else {
      at.leftCount.unreadable = Math.max(0, count - at.listed);
      at.phase = 'clear';
    }
  }

  private async segmentDone(run: ReindexRun, at: ReindexPlace, ref: CollectionRef): Promise<void> {
    takeLeft(run, at);
    Object.assign(at, onceMore({ ...at, segments: at.segments.slice(1) }));
    if (at.segments.length > 0) return;
    await this.migration.end(ref);
    this.end(run, at);
  }

  private end(run: ReindexRun, { tenant, collection }: ReindexPlace): void {
    run.after = { tenant, collection };
    run.at = undefined;
    run.collectionsDone++;
  }

  /** New vectors. What has no text, and what the model refuses, is left where it is. */
  private async replacements(
    run: ReindexRun,
    at: ReindexPlace,
    points: readonly VectorPoint[],
    options: CallOptions,
  ): Promise<Replacement[]> {
    const { tenant } = at;
    const embed = (texts: readonly string[]) =>
      this.turns.run(tenant, () => this.embedder.embed(texts, { ...options, tenant, purpose: 'document' }), options);
    const { embedded, wordless, refused, tokens } = await embeddedTexts(points, embed);
    for (const { id } of wordless) noteLeft(at, id, 'no_text');
    for (const { id } of refused) noteLeft(at, id, 'refused');
    run.tokens += tokens;
    return embedded.map(({ point, vector }) => ({ seen: point, vector }));
  }
}

/** What the vectors of the embedder are. Asks it for one, where only that tells how many numbers it has. */
export async function tagOfEmbedder(embedder: Embedder, options: CallOptions): Promise<SegmentTag> {
  const dimension = embedder.dimensions ?? (await embedder.embed(['dimension'], options)).vectors[0]!.length;
  const { normalised } = embedder;
  return { ...embedder.tag, dimension, ...(normalised !== undefined && { normalised }) };
}
