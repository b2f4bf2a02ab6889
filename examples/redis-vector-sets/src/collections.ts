// Which collections there are: lines of a tenant's registry, remembered so that a query is one round trip.
import { type CallOptions, type CollectionRef, failure, type Metric } from 'resk-caching/ports';
import type { Connection } from './connection.js';
import { isChanged } from './failures.js';
import { keysOf, registryKey } from './keys.js';
import type { RedisVectorOptions } from './options.js';
import { DROP, MAKE } from './scripts.js';

const REMEMBERED = 10_000;

export interface Kind {
  dimension: number;
  metric: Metric;
  index: Record<string, number>;
  quantisation: RedisVectorOptions['quantisation'];
}

export interface Collection extends Kind {
  name: string;
  /** As it stands in the registry: scripts compare it. */
  line: string;
  keys: string[];
}

export class Collections {
  private readonly remembered = new Map<string, Collection>();

  constructor(
    private readonly connection: Connection,
    private readonly prefix: string,
  ) {}

  /** Makes the collection where it is absent; of several that do so at once, one makes it and all find it. */
  async open(ref: CollectionRef, kind: Kind, options?: CallOptions): Promise<Collection> {
    const keys = keysOf(this.prefix, ref);
    const line = await this.connection.script<string>(
      MAKE,
      keys,
      [ref.collection, JSON.stringify({ ...kind, madeAt: Date.now() })],
      options,
    );
    return this.remember(ref, line);
  }

  async find(ref: CollectionRef, options?: CallOptions): Promise<Collection | undefined> {
    const key = registryKey(this.prefix, ref.tenant);
    const line = await this.connection.command<string | null>(['HGET', key, ref.collection], options);
    return line === null ? undefined : this.remember(ref, line);
  }

  async list(tenant: string, options?: CallOptions): Promise<Collection[]> {
    const key = registryKey(this.prefix, tenant);
    const pairs = await this.connection.command<string[]>(['HGETALL', key], options);
    return pairs.flatMap((collection, at) =>
      at % 2 === 0 ? [this.remember({ tenant, collection }, pairs[at + 1]!)] : [],
    );
  }

  async drop(ref: CollectionRef, options?: CallOptions): Promise<boolean> {
    this.remembered.delete(keyOf(ref));
    const dropped = await this.connection.script<number>(DROP, keysOf(this.prefix, ref), [ref.collection], options);
    return dropped === 1;
  }

  /**
   * Works on a collection. One that another instance has dropped, and perhaps made anew, is looked up again.
   * @throws Failure `vector.collection_absent`
   */
  async on<T>(ref: CollectionRef, options: CallOptions | undefined, work: (one: Collection) => Promise<T>): Promise<T> {
    const remembered = this.remembered.get(keyOf(ref));
    try {
      return await work(remembered ?? (await this.required(ref, options)));
    } catch (error) {
      if (!isChanged(error)) throw error;
      this.remembered.delete(keyOf(ref));
      return work(await this.required(ref, options));
    }
  }

  private async required(ref: CollectionRef, options?: CallOptions): Promise<Collection> {
    const found = await this.find(ref, options);
    if (!found) throw failure('vector.collection_absent', { collection: ref.collection });
    return found;
  }

  private remember(ref: CollectionRef, line: string): Collection {
    const kind = JSON.parse(line) as Kind;
    const found = { ...kind, name: ref.collection, line, keys: keysOf(this.prefix, ref) };
    if (this.remembered.size >= REMEMBERED) this.remembered.clear();
    this.remembered.set(keyOf(ref), found);
    return found;
  }
}

function keyOf({ tenant, collection }: CollectionRef): string {
  return JSON.stringify([tenant, collection]);
}
