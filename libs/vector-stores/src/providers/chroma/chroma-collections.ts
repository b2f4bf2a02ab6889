// Where a tenant's collections are in Chroma: a database of its own for each tenant, or one database for all.
import { LRUCache } from 'lru-cache';
import { type CollectionInfo, type CollectionRef, type CollectionSpec, failure, type Metric } from '#ports';
import { escapedName, type NameGrammar, unescapedName } from '../vendor-name.js';
import { isAbsent, isTaken, PROVIDER } from './chroma-failures.js';
import type { ChromaRequests, CollectionReply } from './chroma-requests.js';

/**
 * Chroma's names are 3 to 512 of letters, digits, `.`, `_`, `-` and begin and end with a letter or digit. The dots are
 * ours: they part the pieces of a name.
 */
const GRAMMAR: NameGrammar = { plain: /[A-Za-z0-9-]/, mark: '_' };
const NAME = /^resk\.([^.]+)\.([^.]+)\.v1$/;

const SPACES: Record<Metric, 'cosine' | 'l2' | 'ip'> = { cosine: 'cosine', l2: 'l2', dot: 'ip' };
const METRICS: Record<string, Metric | undefined> = { cosine: 'cosine', l2: 'l2', ip: 'dot' };

/** Our names of the settings of an index, and Chroma's. */
const SETTINGS = { efConstruction: 'ef_construction', M: 'max_neighbors', efSearch: 'ef_search' } as const;
export const INDEX_SETTINGS = Object.keys(SETTINGS);

const DIMENSION = 'resk_dimension';
const COLLECTIONS_A_PAGE = 100;
const MAX_KNOWN = 10_000;

/** A collection as it is asked: by the path of its id, which another collection of the same name does not have. */
export interface KnownCollection extends CollectionSpec {
  name: string;
  path: string;
}

export interface Placement {
  /** Chroma's tenant, in which all of ours are. */
  tenant: string;
  /** The database for all of our tenants; each has its own where this is absent. */
  database: string | undefined;
}

export class ChromaCollections {
  private readonly known = new LRUCache<string, KnownCollection>({ max: MAX_KNOWN });

  constructor(
    private readonly requests: ChromaRequests,
    private readonly placement: Placement,
  ) {}

  /**
   * Does something with a collection. What is known of it is believed until Chroma says that it is gone; then it is
   * looked up once more, for another process may have made it anew.
   * @throws Failure `vector.collection_absent`
   */
  async use<T>(ref: CollectionRef, run: (collection: KnownCollection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const known = this.known.get(keyOf(ref));
    try {
      return await run(known ?? (await this.required(ref, signal)));
    } catch (error) {
      if (!isAbsent(error)) throw error;
      this.known.delete(keyOf(ref));
      if (known) return this.use(ref, run, signal);
      throw absent(ref);
    }
  }

  async find(ref: CollectionRef, signal?: AbortSignal): Promise<KnownCollection | undefined> {
    try {
      return this.keep(ref, await this.requests.collection(this.placeOf(ref.tenant), this.nameOf(ref), signal));
    } catch (error) {
      if (!isAbsent(error)) throw error;
      this.known.delete(keyOf(ref));
      return undefined;
    }
  }

  /** @throws Failure `vector.collection_conflict` */
  async open(ref: CollectionRef, spec: CollectionSpec, signal?: AbortSignal): Promise<KnownCollection> {
    const found = (await this.find(ref, signal)) ?? (await this.make(ref, spec, signal));
    const { dimension, metric } = found;
    if (dimension === spec.dimension && metric === spec.metric) return found;
    throw failure('vector.collection_conflict', { collection: ref.collection, dimension, metric });
  }

  async list(tenant: string, signal?: AbortSignal): Promise<KnownCollection[]> {
    const found: KnownCollection[] = [];
    for (let offset = 0; ; offset += COLLECTIONS_A_PAGE) {
      const page = await this.page(tenant, offset, signal);
      for (const reply of page) {
        const name = collectionIn(reply.name, tenant);
        if (name !== undefined) found.push(this.keep({ tenant, collection: name }, reply));
      }
      if (page.length < COLLECTIONS_A_PAGE) return found;
    }
  }

  /** `false` where there was none. */
  async drop(ref: CollectionRef, signal?: AbortSignal): Promise<boolean> {
    this.known.delete(keyOf(ref));
    try {
      await this.requests.dropCollection(this.placeOf(ref.tenant), this.nameOf(ref), signal);
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  private async required(ref: CollectionRef, signal?: AbortSignal): Promise<KnownCollection> {
    const found = await this.find(ref, signal);
    if (!found) throw absent(ref);
    return found;
  }

  private async make(ref: CollectionRef, spec: CollectionSpec, signal?: AbortSignal): Promise<KnownCollection> {
    const { tenant, database } = this.placement;
    if (database === undefined) await this.makeDatabase(tenant, databaseOf(ref.tenant), signal);
    const { dimension, metric, index = {} } = spec;
    const hnsw: { [name: string]: string | number } = { space: SPACES[metric] };
    for (const [ours, theirs] of Object.entries(SETTINGS)) {
      const value = index[ours];
      if (value !== undefined) hnsw[theirs] = value;
    }
    const wanted = { name: this.nameOf(ref), metadata: { [DIMENSION]: dimension }, configuration: { hnsw } };
    return this.keep(ref, await this.requests.makeCollection(this.placeOf(ref.tenant), wanted, signal));
  }

  private async makeDatabase(tenant: string, name: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.requests.makeDatabase(tenant, name, signal);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }

  /** A tenant without a database has no collections. */
  private async page(tenant: string, offset: number, signal?: AbortSignal): Promise<CollectionReply[]> {
    try {
      return await this.requests.collections(this.placeOf(tenant), { limit: COLLECTIONS_A_PAGE, offset }, signal);
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  private keep(ref: CollectionRef, reply: CollectionReply): KnownCollection {
    const collection = collectionOf(ref, reply, `${this.placeOf(ref.tenant)}/${encodeURIComponent(reply.id)}`);
    this.known.set(keyOf(ref), collection);
    return collection;
  }

  private placeOf(tenant: string): string {
    const database = this.placement.database ?? databaseOf(tenant);
    const parts = [this.placement.tenant, database].map(encodeURIComponent);
    return `/tenants/${parts[0]}/databases/${parts[1]}/collections`;
  }

  /** The tenant is part of the name wherever it is: a mistake in one database then reaches nobody else's. */
  private nameOf({ tenant, collection }: CollectionRef): string {
    return `resk.${escapedName(tenant, GRAMMAR)}.${escapedName(collection, GRAMMAR)}.v1`;
  }
}

export function infoOf({ name, dimension, metric, index }: KnownCollection, count: number): CollectionInfo {
  return { name, dimension, metric, count, ...(index && { index }) };
}

function databaseOf(tenant: string): string {
  return `resk_${escapedName(tenant, GRAMMAR)}`;
}

/** Our name of a collection of the tenant; `undefined` for another tenant's, and for what is not ours. */
function collectionIn(name: string, tenant: string): string | undefined {
  const [, owner = '', collection = ''] = NAME.exec(name) ?? [];
  return unescapedName(owner, GRAMMAR) === tenant ? unescapedName(collection, GRAMMAR) : undefined;
}

function collectionOf({ collection }: CollectionRef, reply: CollectionReply, path: string): KnownCollection {
  const settings = reply.configuration_json.hnsw ?? reply.configuration_json.spann;
  const metric = METRICS[settings?.space ?? ''];
  const dimension = reply.metadata?.[DIMENSION];
  if (metric === undefined || typeof dimension !== 'number') {
    throw failure('vector.reply_invalid', { provider: PROVIDER, reason: 'a collection without metric or dimension' });
  }
  const index: Record<string, number> = {};
  for (const [ours, theirs] of Object.entries(SETTINGS)) {
    const value = settings?.[theirs];
    if (typeof value === 'number') index[ours] = value;
  }
  return { name: collection, path, dimension, metric, index };
}

function keyOf({ tenant, collection }: CollectionRef): string {
  return `${tenant.length}:${tenant}${collection}`;
}

function absent({ collection }: CollectionRef) {
  return failure('vector.collection_absent', { collection });
}
