// Knows which class of Weaviate holds a tenant's collection, makes it, and drops it.
import { LRUCache } from 'lru-cache';
import { type CollectionInfo, type CollectionRef, type CollectionSpec, failure } from '#ports';
import { classDefinition, indexSettings } from './weaviate-class.js';
import { PROVIDER } from './weaviate-failures.js';
import { classNameOf, type Shape, shapeOf, tenantNameOf } from './weaviate-names.js';
import type { Shard, WeaviateRequests } from './weaviate-requests.js';

const MOST_REMEMBERED = 10_000;
const AT_ONCE = 8;
const MADE_ELSEWHERE = 'another process is making or dropping the collection';

/** A collection of a tenant, and where it is. */
export interface Place extends Shard, Shape {
  index: Record<string, number>;
  /** When what had ended was last deleted. Epoch milliseconds. */
  sweptAt: number;
}

export interface Opened {
  place: Place;
  /** Whether it was not there before. */
  made: boolean;
}

export interface WeaviateCollectionsOptions {
  classPrefix: string;
  replicas: number | undefined;
}

/** Remembers where collections are, so that a question is one request; what another process drops is noticed by its failure. */
export class WeaviateCollections {
  private readonly places = new LRUCache<string, Place>({ max: MOST_REMEMBERED });

  constructor(
    private readonly requests: WeaviateRequests,
    private readonly options: WeaviateCollectionsOptions,
  ) {}

  async find(ref: CollectionRef, signal?: AbortSignal): Promise<Place | undefined> {
    const known = this.places.get(nameOf(ref));
    if (known) return known;
    const [found] = await this.search(ref.tenant, signal, (shape) => shape.collection === ref.collection);
    if (found) this.places.set(nameOf(ref), found);
    return found;
  }

  /** It is looked up anew when it is next asked for. */
  forget(ref: CollectionRef): void {
    this.places.delete(nameOf(ref));
  }

  list(tenant: string, signal?: AbortSignal): Promise<Place[]> {
    return this.search(tenant, signal, () => true);
  }

  /**
   * The collection, made where it is absent. Another process may be making it in another class: whoever sees the other
   * withdraws, so never do both stay, and trying again finds one.
   * @throws Failure `vector.collection_conflict`
   */
  async open(ref: CollectionRef, spec: CollectionSpec, signal?: AbortSignal): Promise<Opened> {
    this.forget(ref);
    const existing = await this.find(ref, signal);
    if (existing) return { place: agreeing(existing, spec), made: false };
    const shard = {
      className: classNameOf(this.options.classPrefix, ref.collection, spec),
      tenant: tenantNameOf(ref.tenant),
    };
    await this.makeClass(shard.className, spec, signal);
    await this.requests.createTenant(shard, signal);
    const made = await this.search(ref.tenant, signal, (shape) => shape.collection === ref.collection);
    const other = made.find(({ className }) => className !== shard.className);
    if (other) {
      await this.requests.deleteTenant(shard, signal);
      agreeing(other, spec);
    }
    const [place] = made;
    if (other || !place) throw failure('vector.store_unavailable', { provider: PROVIDER, reason: MADE_ELSEWHERE });
    this.places.set(nameOf(ref), place);
    return { place, made: true };
  }

  /** The class stays for other tenants: one that is just being added would be lost with it. */
  async drop(ref: CollectionRef, signal?: AbortSignal): Promise<boolean> {
    this.forget(ref);
    const found = await this.find(ref, signal);
    this.forget(ref);
    if (found) await this.requests.deleteTenant(found, signal);
    return found !== undefined;
  }

  private async makeClass(className: string, spec: CollectionSpec, signal?: AbortSignal): Promise<void> {
    const exists = async () => (await this.requests.classes(signal)).some((one) => one.class === className);
    if (await exists()) return;
    try {
      await this.requests.createClass(classDefinition(className, spec, this.options.replicas), signal);
    } catch (error) {
      // Refused because somebody made it meanwhile, or for another reason: what is there tells.
      signal?.throwIfAborted();
      if (!(await exists())) throw error;
    }
  }

  /** The tenant's places among the classes that are ours, a few asked at a time. */
  private async search(
    tenant: string,
    signal: AbortSignal | undefined,
    fits: (shape: Shape) => boolean,
  ): Promise<Place[]> {
    const candidates = (await this.requests.classes(signal)).flatMap(({ class: className, vectorIndexConfig }) => {
      const shape = shapeOf(this.options.classPrefix, className);
      if (!shape || !fits(shape)) return [];
      return [
        { className, tenant: tenantNameOf(tenant), ...shape, index: indexSettings(vectorIndexConfig), sweptAt: 0 },
      ];
    });
    const found: Place[] = [];
    for (let at = 0; at < candidates.length; at += AT_ONCE) {
      const some = candidates.slice(at, at + AT_ONCE);
      const there = await Promise.all(some.map((one) => this.requests.hasTenant(one, signal)));
      found.push(...some.filter((_, position) => there[position]));
    }
    return found;
  }
}

export function infoOf({ collection, dimension, metric, index }: Place, count: number | undefined): CollectionInfo {
  return { name: collection, dimension, metric, index, count };
}

function agreeing(place: Place, { dimension, metric }: CollectionSpec): Place {
  if (place.dimension === dimension && place.metric === metric) return place;
  const { collection } = place;
  throw failure('vector.collection_conflict', { collection, dimension: place.dimension, metric: place.metric });
}

function nameOf({ tenant, collection }: CollectionRef): string {
  return JSON.stringify([tenant, collection]);
}
