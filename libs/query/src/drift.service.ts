// Watches whether the embedding model still is what it was: embeds a sample of each collection again, and compares.
import { randomUUID } from 'node:crypto';
import type { Embedder } from '#embeddings';
import { announce, type CallOptions, type CollectionRef, cosine, followed, isFailure, type VectorPoint } from '#ports';
import type { Records } from '#records';
import { isInternal, type SegmentedStore, type SegmentTag } from '#vector-stores';
import { openedStore } from './documents.service.js';
import type { DriftConfig } from './drift.section.js';
import { embeddedTexts } from './embedded-texts.js';
import type { KnownTenants } from './privacy/known-tenants.js';
import type { ReindexScope } from './reindex.service.js';
import { tagOfEmbedder } from './reindexer.js';

export interface DriftReport {
  tenant: string;
  collection: string;
  /** Documents that were embedded again. */
  sampled: number;
  /** Mean cosine of their new and their stored vectors, -1..1. */
  similarity: number;
  threshold: number;
  drifted: boolean;
}

export interface DriftParts {
  embedder: Embedder;
  store: SegmentedStore | null;
  records: Records;
  tenants: Pick<KnownTenants, 'all'>;
  random?: () => number;
}

const TURN = 'drift/turn';
/** Less than the whole, so that a timer that is early finds the turn free again. */
const TURN_SHARE = 0.9;
const PLACES = 'drift/at/';
const PLACE_TTL_MS = 90 * 86_400_000;
/** The sample is taken at random from so many times as many, and those after them the next time. */
const PAGES_OF_SAMPLE = 5;
const MOST_LISTED = 1000;

export class DriftService {
  private readonly instance = randomUUID();
  private readonly random: () => number;
  private readonly ended = new AbortController();
  /** Collections that had drifted when they were last checked here. */
  private readonly drifts = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<unknown> | undefined;

  constructor(
    private readonly parts: DriftParts,
    private readonly config: DriftConfig,
  ) {
    this.random = parts.random ?? Math.random;
  }

  /** How many collections had drifted when they were last checked by this instance. */
  get drifted(): number {
    return this.drifts.size;
  }

  /** Checks from now on, again and again, where that is configured. */
  open(): void {
    const { everyMs } = this.config;
    if (everyMs === 0 || !this.parts.store) return;
    const check = () => {
      this.checking = this.checkInTurn().catch(() => undefined); // Announced where it matters, and asked again.
    };
    this.timer ??= setInterval(check, everyMs).unref();
  }

  /**
   * Checks the collections that hold documents of the model of now. Every collection with such a document is reported.
   * @throws Failure `vector.store_disabled`, `embedding.*`, `vector.*`, `records.unavailable`
   */
  async check(scope: ReindexScope, options: CallOptions = {}): Promise<DriftReport[]> {
    const store = openedStore(this.parts.store) as SegmentedStore;
    const tag = await tagOfEmbedder(this.parts.embedder, options);
    const tenants = scope.tenant === undefined ? await this.parts.tenants.all() : [scope.tenant];
    const reports: DriftReport[] = [];
    for (const tenant of tenants.sort()) {
      const found = await store.listCollections(tenant, options);
      const names = found.map(({ name }) => name).filter((name) => (scope.collection ?? name) === name);
      for (const collection of names.sort()) {
        options.signal?.throwIfAborted();
        if (isInternal(collection)) continue;
        const report = await this.checkOne({ tenant, collection }, tag, options);
        if (report) reports.push(report);
      }
    }
    return reports;
  }

  /** Ends a check that is under way. May be called twice. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.ended.abort();
    await this.checking;
  }

  /** All instances come here as often: the first of them checks for all. */
  private async checkInTurn(): Promise<void> {
    const ttlMs = Math.ceil(this.config.everyMs * TURN_SHARE);
    const { claimed } = await this.parts.records.claim(TURN, this.instance, { ttlMs });
    const check = () => this.check({}, { signal: this.ended.signal });
    if (claimed) await followed({ kind: 'background', task: 'drift' }, check);
  }

  private async checkOne(ref: CollectionRef, tag: SegmentTag, options: CallOptions): Promise<DriftReport | undefined> {
    const { tenant, collection } = ref;
    const points = await this.sampled(ref, tag, options);
    // On the account of the service: no tenant asked for it. What is remembered would never drift.
    const { embedded } = await embeddedTexts(points, (texts) =>
      this.parts.embedder.embed(texts, { ...options, purpose: 'document', fresh: true }),
    );
    if (embedded.length === 0) return undefined;
    const cosines = embedded.map(({ point, vector }) => cosine(point.vector, vector));
    const similarity = rounded(cosines.reduce((sum, one) => sum + one, 0) / cosines.length);
    const { threshold } = this.config;
    const report = { tenant, collection, similarity, threshold, drifted: similarity < threshold };
    announce('embedding.drift', report);
    const key = `${tenant}/${collection}`;
    if (report.drifted) this.drifts.add(key);
    else this.drifts.delete(key);
    return { ...report, sampled: embedded.length };
  }

  /** At random from the next part of the collection: check by check, all of it has its turn. */
  private async sampled(ref: CollectionRef, tag: SegmentTag, options: CallOptions): Promise<VectorPoint[]> {
    const { records } = this.parts;
    const { migration } = openedStore(this.parts.store) as SegmentedStore;
    const segment = await migration.current(ref, tag, options);
    if (segment === undefined) return [];
    const { sample } = this.config;
    const limit = Math.min(MOST_LISTED, sample * PAGES_OF_SAMPLE);
    const place = `${PLACES}${ref.tenant}/${ref.collection}`;
    const from = await records.get(place);
    const first = () => migration.page(ref, segment, { limit }, options);
    const page = await (from === undefined ? first() : migration.page(ref, segment, { cursor: from, limit }, options))
      // A cursor of a segment that is gone begins anew.
      .catch((error: unknown) => (isFailure(error, 'request.invalid') ? first() : Promise.reject(error)));
    const { points } = page.points.length === 0 && from !== undefined ? await first() : page;
    if (page.cursor === undefined) await records.delete([place]);
    else await records.put(place, page.cursor, { ttlMs: PLACE_TTL_MS });
    const worded = points.filter(({ text, lineage }) => text?.trim() && lineage?.model === tag.model);
    return shuffled(worded, this.random).slice(0, sample);
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}

/** Beyond that, floats tell only the order in which they were added. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
