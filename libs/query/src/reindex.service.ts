// Moves documents to the model of now, collection by collection and tenant by tenant: stopped anywhere, it goes on from there.
import type { Embedder } from '#embeddings';
import { type CallOptions, type CollectionRef, failure } from '#ports';
import { type Records, withLease } from '#records';
import { estimatedTokens, type TenantTurns } from '#resilience';
import { moneyText, type Prices } from '#usage';
import { isInternal, type SegmentedStore, type SegmentMigration, type SegmentTag } from '#vector-stores';
import { openedStore } from './documents.service.js';
import type { KnownTenants } from './privacy/known-tenants.js';
import {
  begunPlace,
  begunRun,
  progressOf,
  type ReindexPlace,
  type ReindexProgress,
  type ReindexRun,
} from './reindex-run.js';
import { Reindexer, tagOfEmbedder } from './reindexer.js';

/** Whose documents: of one tenant, or of all; of one collection, or of all. */
export interface ReindexScope {
  tenant?: string | undefined;
  collection?: string | undefined;
}

export interface ReindexStep extends ReindexScope {
  /** Documents looked at in this step, about. */
  limit: number;
  /** Forgets how far an earlier run came; what that has moved stays moved. */
  restart?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** What a reindex would take. */
export interface ReindexEstimate {
  provider: string;
  model: string;
  collections: Array<{ tenant: string; collection: string; documents: number; tokens: number }>;
  documents: number;
  /** A rule of thumb over a sample of the texts: the provider counts otherwise. */
  tokens: number;
  /** Of USAGE_PRICES, exact decimal number; `null` where there is no price, or nobody to pay. */
  money: string | null;
  currency: string | null;
}

export interface ReindexParts {
  embedder: Embedder;
  store: SegmentedStore | null;
  records: Records;
  tenants: Pick<KnownTenants, 'all'>;
  turns: TenantTurns;
  prices: Prices;
  now?: () => number;
}

type Found = CollectionRef & { segments: Array<{ name: string; count: number }> };

const RUNS = 'reindex/run/';
/** One for each tenant, and one for all: nobody waits for, or hears of, another tenant's. */
const LEASES = 'reindex/lease/';
/** A run that nobody goes on with is forgotten. */
const RUN_TTL_MS = 30 * 86_400_000;
const SAMPLE = 200;

/** Methods fail with `vector.store_disabled` where the server runs without a vector store; and as that and the records fail. */
export class ReindexService {
  private readonly now: () => number;

  constructor(private readonly parts: ReindexParts) {
    this.now = parts.now ?? Date.now;
  }

  /** What there is to do, and what it would cost. Changes nothing. */
  async estimate(scope: ReindexScope, options: CallOptions = {}): Promise<ReindexEstimate> {
    const { embedder, prices } = this.parts;
    const tag = await tagOfEmbedder(embedder, options);
    const collections: ReindexEstimate['collections'] = [];
    for await (const { tenant, collection, segments } of this.behind(scope, tag, undefined, options)) {
      const documents = segments.reduce((sum, { count }) => sum + count, 0);
      const tokens = await this.tokensOf({ tenant, collection }, segments, options);
      collections.push({ tenant, collection, documents, tokens });
    }
    const tokens = collections.reduce((sum, one) => sum + one.tokens, 0);
    const { provider, model, billed } = embedder;
    const day = new Date(this.now()).toISOString().slice(0, 10);
    const money = billed ? prices.costOf(tokens, { provider, model, day }) : undefined;
    const documents = collections.reduce((sum, one) => sum + one.documents, 0);
    const cost = { money: money === undefined ? null : moneyText(money), currency: prices.currency ?? null };
    return { provider, model, collections, documents, tokens, ...cost };
  }

  /**
   * The next step. What it has done is kept, also where it fails half-way.
   * @throws Failure `vector.reindex_running` where another is at a step; `embedding.*`, `vector.*`, `quota.exceeded`
   */
  async step(step: ReindexStep): Promise<ReindexProgress> {
    openedStore(this.parts.store);
    const run = (signal: AbortSignal) => this.stepAlone(step, { signal });
    const held = await withLease(this.parts.records, `${LEASES}${step.tenant ?? '~all'}`, run, { signal: step.signal });
    if (!held) throw failure('vector.reindex_running', {});
    return held.value;
  }

  private async stepAlone({ limit, restart = false, ...scope }: ReindexStep, options: CallOptions) {
    const { records, embedder, turns } = this.parts;
    const place = `${RUNS}${scope.tenant ?? '~all'}/${scope.collection ?? '~all'}`;
    const tag = await tagOfEmbedder(embedder, options);
    const kept = restart ? undefined : readRun(await records.get(place), tag);
    const run = kept ?? begunRun(tag, await this.total(scope, tag, options));
    const reindexer = new Reindexer(embedder, this.migration, turns);
    for (let left = limit; left > 0; ) {
      options.signal?.throwIfAborted();
      run.at ??= await this.next(run, scope, options);
      if (!run.at) break;
      left -= Math.max(1, await reindexer.goOn(run, run.at, left, options));
      // Kept after every page: a killed process has at most one to look at again.
      await records.put(place, JSON.stringify(run), { ttlMs: RUN_TTL_MS });
    }
    run.at ??= await this.next(run, scope, options);
    if (run.at) await records.put(place, JSON.stringify(run), { ttlMs: RUN_TTL_MS });
    else await records.delete([place]);
    return progressOf(run);
  }

  /** Begins with the next collection that has documents of former models. */
  private async next(run: ReindexRun, scope: ReindexScope, options: CallOptions): Promise<ReindexPlace | undefined> {
    for await (const { tenant, collection, segments } of this.behind(scope, run.tag, run.after, options)) {
      await this.migration.begin({ tenant, collection }, run.tag, this.now(), options);
      const names = segments.map(({ name }) => name);
      return begunPlace(tenant, collection, names);
    }
    return undefined;
  }

  private async total(scope: ReindexScope, tag: SegmentTag, options: CallOptions): Promise<number> {
    let total = 0;
    for await (const { segments } of this.behind(scope, tag, undefined, options))
      total += segments.reduce((sum, { count }) => sum + count, 0);
    return total;
  }

  /** Collections with documents of former models, in the order of tenants and names, after a place. */
  private async *behind(
    scope: ReindexScope,
    tag: SegmentTag,
    after: CollectionRef | undefined,
    options: CallOptions,
  ): AsyncGenerator<Found> {
    const tenants = scope.tenant === undefined ? await this.parts.tenants.all() : [scope.tenant];
    for (const tenant of tenants.sort()) {
      if (after && tenant < after.tenant) continue;
      for (const collection of await this.collections(tenant, scope.collection, options)) {
        if (after?.tenant === tenant && collection <= after.collection) continue;
        const segments = await this.migration.former({ tenant, collection }, tag, options);
        if (segments.length > 0) yield { tenant, collection, segments };
      }
    }
  }

  private async collections(tenant: string, only: string | undefined, options: CallOptions): Promise<string[]> {
    if (only !== undefined) return [only];
    const found = await openedStore(this.parts.store).listCollections(tenant, options);
    return found
      .map(({ name }) => name)
      .filter((name) => !isInternal(name))
      .sort();
  }

  private async tokensOf(ref: CollectionRef, segments: Found['segments'], options: CallOptions): Promise<number> {
    let tokens = 0;
    for (const { name, count } of segments) {
      const { points } = await this.migration.page(ref, name, { limit: SAMPLE }, options);
      const texts = points.flatMap(({ text }) => text ?? []);
      if (points.length > 0) tokens += Math.ceil((estimatedTokens(texts) / points.length) * count);
    }
    return tokens;
  }

  private get migration(): SegmentMigration {
    return (openedStore(this.parts.store) as SegmentedStore).migration;
  }
}

function readRun(text: string | undefined, tag: SegmentTag): ReindexRun | undefined {
  const run = text === undefined ? undefined : (JSON.parse(text) as ReindexRun);
  return run && JSON.stringify(run.tag) === JSON.stringify(tag) ? run : undefined;
}
