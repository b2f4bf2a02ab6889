// Any remote store, so that texts, sources and, where asked for, metadata leave this process only sealed.
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  type Filter,
  failure,
  matchesFilter,
  type PointPage,
  type PointSelector,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from '#ports';
import type { PayloadSealer } from '../payload-sealer.js';
import { unknownCursor } from '../providers/list-cursor.js';
import { type SealedPayload, SealedPayloads, type SealMode } from './sealed-payload.js';

export interface SealedOptions {
  mode: SealMode;
  now?: () => number;
}

/**
 * The same store, sealed. Documents that were not sealed here, or not for their place, are never given: they are announced
 * as `vector.rejected`. Vectors and subjects stay readable. Hybrid queries fail with `vector.hybrid_unsupported`; filters,
 * where metadata is sealed, with `vector.filter_unsupported`.
 */
export function sealed(store: VectorStore, sealer: PayloadSealer, options: SealedOptions): VectorStore {
  return new SealedStore(store, sealer, options);
}

class SealedStore extends VectorStore {
  readonly provider: string;
  readonly capabilities: VectorStoreCapabilities;
  private readonly payloads: SealedPayloads;
  private readonly now: () => number;
  private readonly filters: boolean;

  constructor(
    private readonly store: VectorStore,
    sealer: PayloadSealer,
    { mode, now = Date.now }: SealedOptions,
  ) {
    super();
    const { provider, capabilities } = store;
    this.provider = provider;
    this.filters = mode === 'text';
    this.capabilities = { ...capabilities, hybrid: false, ...(!this.filters && { filters: [] }) };
    this.payloads = new SealedPayloads(sealer, { mode, provider, now });
    this.now = now;
  }

  openCollection(ref: CollectionRef, spec: CollectionSpec, options?: CallOptions): Promise<CollectionInfo> {
    return this.store.openCollection(ref, spec, options);
  }

  describeCollection(ref: CollectionRef, options?: CallOptions): Promise<CollectionInfo | undefined> {
    return this.store.describeCollection(ref, options);
  }

  listCollections(tenant: string, options?: CallOptions): Promise<CollectionInfo[]> {
    return this.store.listCollections(tenant, options);
  }

  dropCollection(ref: CollectionRef, options?: CallOptions): Promise<boolean> {
    return this.store.dropCollection(ref, options);
  }

  async upsert(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions): Promise<number> {
    const drafts = await Promise.all(points.map((point) => this.payloads.seal(ref, point)));
    return this.store.upsert(ref, drafts, options);
  }

  async query(ref: CollectionRef, query: VectorQuery, options?: CallOptions): Promise<VectorMatch[]> {
    if (query.hybrid) throw failure('vector.hybrid_unsupported', { provider: this.provider });
    this.checkFilter(query.filter);
    const matches = await this.store.query(ref, query, options);
    const opened = await Promise.all(matches.map((match) => this.matchOf(ref, match, query)));
    return opened.filter((match) => match !== undefined);
  }

  async get(ref: CollectionRef, ids: readonly string[], options?: CallOptions): Promise<VectorPoint[]> {
    return this.opened(ref, await this.store.get(ref, ids, options));
  }

  async list(
    ref: CollectionRef,
    page: { subject?: string; cursor?: string; limit: number },
    options?: CallOptions,
  ): Promise<PointPage> {
    const { points, cursor } = await this.store.list(ref, page, options);
    const opened = await this.opened(ref, points);
    const asked = opened.filter(({ subject }) => page.subject === undefined || subject === page.subject);
    return { points: asked, cursor };
  }

  async delete(ref: CollectionRef, selector: PointSelector, options?: CallOptions): Promise<number> {
    this.checkFilter(selector.filter);
    return this.store.delete(ref, selector, options);
  }

  count(ref: CollectionRef, options?: CallOptions): Promise<number> {
    return this.store.count(ref, options);
  }

  /** Collections come in the order of their names, one a page. */
  override async reseal(
    tenant: string,
    page: { cursor?: string; limit: number },
    options?: CallOptions,
  ): Promise<{ seen: number; resealed: number; cursor: string | undefined }> {
    const from = placeOf(page.cursor);
    const names = (await this.store.listCollections(tenant, options)).map(({ name }) => name).sort();
    const [first, second] = names.filter((name) => name >= (from?.name ?? ''));
    if (first === undefined) return { seen: 0, resealed: 0, cursor: undefined };
    const inner = first === from?.name && from.cursor !== undefined ? { cursor: from.cursor } : {};
    const ref = { tenant, collection: first };
    const { points, cursor } = await this.store.list(ref, { limit: page.limit, ...inner }, options);
    let resealed = 0;
    for (const point of points) if (await this.resealOne(ref, point, options)) resealed++;
    const next = cursor !== undefined ? { name: first, cursor } : second === undefined ? undefined : { name: second };
    return { seen: points.length, resealed, cursor: next && cursorOf(next) };
  }

  health(options?: CallOptions): Promise<void> {
    return this.store.health(options);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** What is sealed is believed, not what the store repeats beside it: whoever can write there could widen a document. */
  private async matchOf(ref: CollectionRef, match: VectorMatch, query: VectorQuery): Promise<VectorMatch | undefined> {
    const payload = await this.payloads.open(ref, match);
    if (!payload || !this.mayBeFound(payload, query)) return undefined;
    const { id, score, vector } = match;
    const { text, metadata = {}, subject, source, lineage } = payload;
    return {
      id,
      score,
      ...(vector && { vector }),
      ...(text !== undefined && { text }),
      metadata,
      ...(subject !== undefined && { subject }),
      ...(source !== undefined && { source }),
      ...(lineage && { lineage }),
    };
  }

  private mayBeFound(payload: SealedPayload, { filter, purpose, ingestedSince }: VectorQuery): boolean {
    const { metadata = {}, consent, purposes, lineage } = payload;
    if (consent === false || this.hasEnded(payload)) return false;
    if (purposes && (purpose === undefined || !purposes.includes(purpose))) return false;
    if (ingestedSince !== undefined && (lineage?.ingestedAt ?? 0) < ingestedSince) return false;
    return !filter || matchesFilter(filter, metadata);
  }

  private async opened(ref: CollectionRef, points: readonly VectorPoint[]): Promise<VectorPoint[]> {
    const opened = await Promise.all(
      points.map(async (point) => {
        const payload = await this.payloads.open(ref, point);
        return payload && !this.hasEnded(payload) ? { id: point.id, vector: point.vector, ...payload } : undefined;
      }),
    );
    return opened.filter((point) => point !== undefined);
  }

  private hasEnded({ expiresAt }: SealedPayload): boolean {
    return expiresAt !== undefined && expiresAt <= this.now();
  }

  /** Written only where nobody has written or deleted the point since it was read. */
  private async resealOne(ref: CollectionRef, point: VectorPoint, options?: CallOptions): Promise<boolean> {
    const text = await this.payloads.resealed(ref, point);
    if (text === undefined) return false;
    const [now] = await this.store.get(ref, [point.id], options);
    if (now?.text !== point.text) return false;
    await this.store.upsert(ref, [{ ...point, text }], options);
    return true;
  }

  private checkFilter(filter: Filter | undefined): void {
    if (filter && !this.filters) {
      throw failure('vector.filter_unsupported', { provider: this.provider, operator: filter.op });
    }
  }
}

interface Place {
  name: string;
  cursor?: string;
}

function cursorOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as Place;
    if (typeof place.name === 'string') return place;
  } catch {}
  throw unknownCursor();
}
