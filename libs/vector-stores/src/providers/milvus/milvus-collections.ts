// Finds, makes, loads and drops collections, and remembers what is known of them.
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { type CallOptions, type CollectionRef, type CollectionSpec, failure } from '#ports';
import { isRefusal, PROVIDER } from './milvus-failures.js';
import type { MilvusNames, Place } from './milvus-names.js';
import type { Found, MilvusRequests } from './milvus-requests.js';

const REMEMBERED = 10_000;
const LOADING_PAUSE_MS = 100;
/** Descriptions asked for at a time. */
const AT_A_TIME = 8;

/** A collection that is there, and where. */
export interface Known extends Found {
  place: Place;
}

export class MilvusCollections {
  private readonly known = new LRUCache<string, Known>({ max: REMEMBERED });

  constructor(
    private readonly requests: MilvusRequests,
    private readonly names: MilvusNames,
  ) {}

  /** What is known of it, asked for once. @throws Failure `vector.collection_absent` */
  async get(ref: CollectionRef, o?: CallOptions): Promise<Known> {
    const found = this.known.get(keyOf(ref)) ?? (await this.find(ref, o));
    if (!found) throw failure('vector.collection_absent', { collection: ref.collection });
    return found;
  }

  async find(ref: CollectionRef, o?: CallOptions): Promise<Known | undefined> {
    const place = this.names.placeOf(ref);
    const found = await this.requests.describe(place, ref.collection, o);
    if (!found?.indexed) return undefined;
    this.known.set(keyOf(ref), { ...found, place });
    return { ...found, place };
  }

  forget(ref: CollectionRef): void {
    this.known.delete(keyOf(ref));
  }

  /** Makes what is missing of it, and waits until it can be searched. */
  async open(ref: CollectionRef, spec: CollectionSpec, o?: CallOptions): Promise<Known> {
    const place = this.names.placeOf(ref);
    const there = await this.requests.describe(place, ref.collection, o);
    if (!there) await this.make(place, spec, o);
    // Whoever made it was stopped between the collection and its indexes.
    else if (!there.indexed) await this.requests.createIndexes(place, spec, there.hybrid, o);
    const made = await this.find(ref, o);
    if (!made) throw failure('vector.store_unavailable', { provider: PROVIDER, reason: 'a collection without index' });
    await this.ready(place, o).catch(async (error: unknown) => {
      // Or between one index and the next: those that are there already are left as they are.
      if (!isRefusal(error, 'not_indexed')) throw error;
      await this.requests.createIndexes(place, spec, made.hybrid, o);
      await this.ready(place, o);
    });
    return made;
  }

  /** Waits until the collection is in the memory of Milvus's query nodes, and has it loaded where nobody did. */
  async ready(place: Place, o: CallOptions = {}): Promise<void> {
    for (;;) {
      const state = await this.requests.loadState(place, o);
      if (state === 'LoadStateLoaded') return;
      if (state === 'LoadStateNotLoad') await this.requests.load(place, o);
      await pause(LOADING_PAUSE_MS, undefined, { signal: o.signal });
    }
  }

  async list(tenant: string, o?: CallOptions): Promise<Known[]> {
    const names = (await this.requests.collections(this.names.databaseOf(tenant), o))
      .map((physical) => this.names.collectionAt(tenant, physical))
      .filter((name) => name !== undefined);
    const found: Known[] = [];
    for (let at = 0; at < names.length; at += AT_A_TIME) {
      const batch = names.slice(at, at + AT_A_TIME);
      const described = await Promise.all(batch.map((collection) => this.find({ tenant, collection }, o)));
      found.push(...described.filter((one) => one !== undefined));
    }
    return found;
  }

  async drop(ref: CollectionRef, o?: CallOptions): Promise<boolean> {
    this.forget(ref);
    const place = this.names.placeOf(ref);
    const dropped = await this.requests.drop(place, o);
    if (dropped && this.names.hasDatabases) await this.dropEmpty(place.dbName, o);
    return dropped;
  }

  private async make(place: Place, spec: CollectionSpec, o?: CallOptions): Promise<void> {
    if (this.names.hasDatabases) await this.makeDatabase(place.dbName, o);
    await this.requests.create(place, spec, o).catch(async (error: unknown) => {
      // Another process may have made it meanwhile: what it made is compared as any that was there.
      if (!(await this.requests.describe(place, '', o))) throw error;
    });
  }

  private async makeDatabase(dbName: string, o?: CallOptions): Promise<void> {
    if ((await this.requests.databases(o)).includes(dbName)) return;
    await this.requests.createDatabase(dbName, o).catch(async (error: unknown) => {
      if (!(await this.requests.databases(o)).includes(dbName)) throw error;
    });
  }

  /** A server has room for 64 databases, unless it is told otherwise. Milvus itself refuses to drop one that is in use. */
  private async dropEmpty(dbName: string, o?: CallOptions): Promise<void> {
    try {
      if ((await this.requests.collections(dbName, o)).length === 0) await this.requests.dropDatabase(dbName, o);
    } catch (error) {
      if (!isRefusal(error, 'unavailable') && !isRefusal(error, 'input') && !isRefusal(error, 'absent')) throw error;
    }
  }
}

function keyOf({ tenant, collection }: CollectionRef): string {
  return `${tenant.length}:${tenant}${collection}`;
}
