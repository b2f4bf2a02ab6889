// A tenant's collection is a namespace of an index: Pinecone's own wall between tenants.
import { LRUCache } from 'lru-cache';
import { type CollectionInfo, type CollectionRef, type CollectionSpec, failure, type Metric } from '#ports';
import { escapedName, type NameGrammar, unescapedName } from '../vendor-name.js';
import { isAbsent, isTaken } from './pinecone-failures.js';
import type { PineconeIndex, PineconeIndexes } from './pinecone-indexes.js';
import type { DataPlane } from './pinecone-requests.js';

/** The dots are ours: they part the pieces of a name. */
const GRAMMAR: NameGrammar = { plain: /[A-Za-z0-9-]/, mark: '_' };
const NAMESPACES_A_PAGE = 100;
const MAX_KNOWN = 10_000;
/** Pinecone does not say that a namespace is gone, so what is known of one is looked at again. Milliseconds. */
const KNOWN_FOR_MS = 60_000;

export interface KnownCollection {
  name: string;
  dimension: number;
  metric: Metric;
  namespace: string;
  plane: DataPlane;
  /** Names the namespace among those of all indexes. */
  place: string;
}

interface Found {
  collection: KnownCollection;
  records: number;
}

export class PineconeCollections {
  private readonly known = new LRUCache<string, KnownCollection>({ max: MAX_KNOWN, ttl: KNOWN_FOR_MS });

  constructor(private readonly indexes: PineconeIndexes) {}

  /** @throws Failure `vector.collection_absent` */
  async required(ref: CollectionRef, signal?: AbortSignal): Promise<KnownCollection> {
    const found = this.known.get(namespaceOf(ref)) ?? (await this.lookedUp(ref, signal))?.collection;
    if (!found) throw failure('vector.collection_absent', { collection: ref.collection });
    return found;
  }

  /** Looks where it is, and how many records it has. */
  async find(ref: CollectionRef, signal?: AbortSignal): Promise<Found | undefined> {
    const found = await this.among(await this.indexes.all(signal), ref, signal);
    if (!found) this.known.delete(namespaceOf(ref));
    return found;
  }

  /** The same, without the control plane where it can be: searching goes on while that is away. */
  private async lookedUp(ref: CollectionRef, signal?: AbortSignal): Promise<Found | undefined> {
    const seen = await this.among(this.indexes.seen(), ref, signal).catch(() => undefined);
    return seen ?? this.find(ref, signal);
  }

  private async among(
    indexes: readonly PineconeIndex[],
    ref: CollectionRef,
    signal?: AbortSignal,
  ): Promise<Found | undefined> {
    for (const index of indexes) {
      try {
        const { body } = await index.plane.namespace(namespaceOf(ref), signal);
        return { collection: this.keep(ref, index), records: body.record_count };
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    }
    return undefined;
  }

  /** @throws Failure `vector.collection_conflict` */
  async open(ref: CollectionRef, spec: CollectionSpec, signal?: AbortSignal): Promise<KnownCollection> {
    const found = (await this.find(ref, signal))?.collection ?? (await this.make(ref, spec, signal));
    const { dimension, metric } = found;
    if (dimension === spec.dimension && metric === spec.metric) return found;
    throw failure('vector.collection_conflict', { collection: ref.collection, dimension, metric });
  }

  async list(tenant: string, signal?: AbortSignal): Promise<CollectionInfo[]> {
    const infos: CollectionInfo[] = [];
    for (const index of await this.indexes.all(signal)) {
      for await (const { name, record_count } of namespaces(index, prefixOf(tenant), signal)) {
        const collection = unescapedName(name.slice(prefixOf(tenant).length), GRAMMAR);
        if (collection === undefined) continue;
        infos.push(infoOf(this.keep({ tenant, collection }, index), record_count));
      }
    }
    return infos;
  }

  /** `undefined` where there was none; else what is no more. */
  async drop(ref: CollectionRef, signal?: AbortSignal): Promise<KnownCollection | undefined> {
    const found = (await this.find(ref, signal))?.collection;
    this.known.delete(namespaceOf(ref));
    try {
      await found?.plane.dropNamespace(found.namespace, signal);
      return found;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  private async make(ref: CollectionRef, spec: CollectionSpec, signal?: AbortSignal): Promise<KnownCollection> {
    const index = await this.indexes.forSpec(spec, signal);
    try {
      await index.plane.makeNamespace(namespaceOf(ref), signal);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
    return this.keep(ref, index);
  }

  private keep(ref: CollectionRef, { dimension, metric, plane, host }: PineconeIndex): KnownCollection {
    const namespace = namespaceOf(ref);
    const known = { name: ref.collection, dimension, metric, namespace, plane, place: `${host}/${namespace}` };
    this.known.set(namespace, known);
    return known;
  }
}

export function infoOf({ name, dimension, metric }: KnownCollection, count: number): CollectionInfo {
  return { name, dimension, metric, count };
}

async function* namespaces({ plane }: PineconeIndex, prefix: string, signal?: AbortSignal) {
  for (let token = ''; ; ) {
    const page = { prefix, limit: NAMESPACES_A_PAGE, ...(token !== '' && { paginationToken: token }) };
    const { body } = await plane.namespaces(page, signal);
    // The prefix is asked for; that it is kept to is the wall between tenants, so it is looked at.
    yield* body.namespaces.filter(({ name }) => name.startsWith(prefix));
    token = body.pagination?.next ?? '';
    if (token === '') return;
  }
}

function prefixOf(tenant: string): string {
  return `resk.${escapedName(tenant, GRAMMAR)}.`;
}

function namespaceOf({ tenant, collection }: CollectionRef): string {
  return prefixOf(tenant) + escapedName(collection, GRAMMAR);
}
