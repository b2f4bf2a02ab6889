// Guards any vector store: no call outlives its limit, repeats are bounded, large batches are cut to what the store takes.
import type {
  CallOptions,
  CollectionInfo,
  CollectionRef,
  CollectionSpec,
  PointPage,
  PointSelector,
  VectorMatch,
  VectorPoint,
  VectorQuery,
  VectorStoreCapabilities,
} from '#ports';
import { VectorStore } from '#ports';
import { Protection, type ProtectionOptions } from '#resilience';

export type Bounds = Omit<ProtectionOptions, 'target' | 'family' | 'provider'>;

/**
 * The same store behind a `Protection`: besides the store's own failures, calls fail with `call.timeout`,
 * `call.open_circuit` or `call.crowded`. Every method may be repeated without harm, so all are; `delete` then counts
 * what the last attempt found.
 */
export function bounded(store: VectorStore, bounds: Bounds): VectorStore {
  return new BoundedStore(store, bounds);
}

class BoundedStore extends VectorStore {
  readonly provider: string;
  readonly capabilities: VectorStoreCapabilities;
  /** There where the store has it. */
  override readonly reseal?: VectorStore['reseal'];
  private readonly protection: Protection;

  constructor(
    private readonly store: VectorStore,
    bounds: Bounds,
  ) {
    super();
    this.provider = store.provider;
    this.capabilities = store.capabilities;
    this.protection = new Protection({
      ...bounds,
      target: `vector store ${store.provider}`,
      family: 'vector-store',
      provider: store.provider,
    });
    if (store.reseal)
      this.reseal = (tenant, page, o) => this.run('reseal', o, (inner) => store.reseal!(tenant, page, inner));
  }

  openCollection(ref: CollectionRef, spec: CollectionSpec, options?: CallOptions): Promise<CollectionInfo> {
    return this.run('open_collection', options, (o) => this.store.openCollection(ref, spec, o));
  }

  describeCollection(ref: CollectionRef, options?: CallOptions): Promise<CollectionInfo | undefined> {
    return this.run('describe_collection', options, (o) => this.store.describeCollection(ref, o));
  }

  listCollections(tenant: string, options?: CallOptions): Promise<CollectionInfo[]> {
    return this.run('list_collections', options, (o) => this.store.listCollections(tenant, o));
  }

  dropCollection(ref: CollectionRef, options?: CallOptions): Promise<boolean> {
    return this.run('drop_collection', options, (o) => this.store.dropCollection(ref, o));
  }

  async upsert(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions): Promise<number> {
    let written = 0;
    for (let at = 0; at < points.length || at === 0; at += this.capabilities.maxBatch) {
      const batch = points.slice(at, at + this.capabilities.maxBatch);
      written += await this.run('upsert', options, (o) => this.store.upsert(ref, batch, o), batch.length);
    }
    return written;
  }

  query(ref: CollectionRef, query: VectorQuery, options?: CallOptions): Promise<VectorMatch[]> {
    return this.run('query', options, (o) => this.store.query(ref, query, o));
  }

  get(ref: CollectionRef, ids: readonly string[], options?: CallOptions): Promise<VectorPoint[]> {
    return this.run('get', options, (o) => this.store.get(ref, ids, o), ids.length);
  }

  list(
    ref: CollectionRef,
    page: { subject?: string; cursor?: string; limit: number },
    options?: CallOptions,
  ): Promise<PointPage> {
    return this.run('list', options, (o) => this.store.list(ref, page, o), page.limit);
  }

  delete(ref: CollectionRef, selector: PointSelector, options?: CallOptions): Promise<number> {
    return this.run('delete', options, (o) => this.store.delete(ref, selector, o));
  }

  count(ref: CollectionRef, options?: CallOptions): Promise<number> {
    return this.run('count', options, (o) => this.store.count(ref, o));
  }

  health(options?: CallOptions): Promise<void> {
    return this.run('health', options, (o) => this.store.health(o));
  }

  async close(): Promise<void> {
    this.protection.close();
    await this.store.close();
  }

  private run<T>(
    operation: string,
    options: CallOptions | undefined,
    call: (options: CallOptions) => Promise<T>,
    items?: number,
  ): Promise<T> {
    return this.protection.run(operation, (signal) => call({ signal }), {
      signal: options?.signal,
      ...(items !== undefined && { items }),
    });
  }
}
