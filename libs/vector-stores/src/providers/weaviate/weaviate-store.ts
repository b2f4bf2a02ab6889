// A Weaviate server as a vector store: a tenant's collection is a tenant of a class, a point one of its objects.
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  checkSearch,
  checkSpec,
  checkVector,
  failure,
  isFailure,
  type PointPage,
  type PointSelector,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from '#ports';
import { unknownCursor } from '../list-cursor.js';
import { about, after, current, ended, findable, selectedBy, withIds } from './conditions.js';
import { Keyword } from './graphql.js';
import { INDEX_SETTINGS, KEY } from './weaviate-class.js';
import { infoOf, type Place, type WeaviateCollections } from './weaviate-collections.js';
import { PROVIDER, refusedThere } from './weaviate-failures.js';
import { additionalOf, countOf, DOCUMENT_FIELDS, matchOf, objectOf, pointOf } from './weaviate-objects.js';
import type { Found, WeaviateRequests } from './weaviate-requests.js';
import { searchOf } from './weaviate-search.js';
import { allOf, graphqlWhere, type Where } from './where.js';

const MAX_BATCH = 500;
const IDS_AT_A_TIME = 500;
const SWEEP_EVERY_MS = 15 * 60_000;
/** No object has it; all come after. */
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface WeaviateStoreParts {
  requests: WeaviateRequests;
  collections: WeaviateCollections;
  now: () => number;
}

/** Every promise of `VectorStore`. A query is one request, once the collection's class is known. */
export class WeaviateStore extends VectorStore {
  readonly provider = PROVIDER;
  readonly capabilities: VectorStoreCapabilities = {
    metrics: ['cosine', 'l2', 'dot'],
    filters: ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'and', 'or', 'not'],
    maxBatch: MAX_BATCH,
    maxDimension: 65_535,
    index: INDEX_SETTINGS,
    hybrid: true,
  };

  constructor(private readonly parts: WeaviateStoreParts) {
    super();
  }

  async openCollection(
    ref: CollectionRef,
    spec: CollectionSpec,
    { signal }: CallOptions = {},
  ): Promise<CollectionInfo> {
    checkSpec(this, spec);
    const { place, made } = await this.parts.collections.open(ref, spec, signal);
    return infoOf(place, made ? 0 : await this.countIn(place, signal));
  }

  async describeCollection(ref: CollectionRef, { signal }: CallOptions = {}): Promise<CollectionInfo | undefined> {
    this.parts.collections.forget(ref);
    const place = await this.parts.collections.find(ref, signal);
    return place && infoOf(place, await this.countIn(place, signal));
  }

  async listCollections(tenant: string, { signal }: CallOptions = {}): Promise<CollectionInfo[]> {
    const places = await this.parts.collections.list(tenant, signal);
    return places.map((place) => infoOf(place, undefined));
  }

  dropCollection(ref: CollectionRef, { signal }: CallOptions = {}): Promise<boolean> {
    return this.parts.collections.drop(ref, signal);
  }

  upsert(ref: CollectionRef, points: readonly VectorPoint[], { signal }: CallOptions = {}): Promise<number> {
    return this.within(ref, signal, async (place) => {
      const collection = { ...place, name: place.collection };
      for (const [at, { vector }] of points.entries()) checkVector(vector, collection, `document ${at}`);
      // Of two with the same id the last one stays, whatever the order in which the server takes a batch.
      const latest = new Map(points.map((point) => [point.id, point]));
      const now = this.parts.now();
      const objects = [...latest.values()].map((point) => objectOf(point, now));
      if (objects.length > 0) await this.parts.requests.write(place, objects, signal);
      if (place.sweptAt + SWEEP_EVERY_MS <= now) await this.sweep(place, signal);
      return points.length;
    });
  }

  async query(ref: CollectionRef, query: VectorQuery, { signal }: CallOptions = {}): Promise<VectorMatch[]> {
    checkSearch(this, query);
    return this.within(ref, signal, async (place) => {
      checkVector(query.vector, { ...place, name: place.collection }, 'the query');
      const { k, threshold = 0, withVectors = false } = query;
      const { args, measured, scaleOf } = searchOf(query);
      const where = findable(query, this.provider, this.parts.now());
      const additional = withVectors ? `${measured} vector` : measured;
      const found = await this.find(place, { args: { limit: k, ...args }, where, additional }, signal);
      const scale = scaleOf(found);
      const matches = found.flatMap((one) => matchOf(one, place, scale) ?? []);
      return matches.filter(({ score }) => score >= threshold);
    });
  }

  get(ref: CollectionRef, ids: readonly string[], { signal }: CallOptions = {}): Promise<VectorPoint[]> {
    return this.within(ref, signal, async (place) => {
      const points = new Map<string, VectorPoint>();
      for (const some of inParts(ids)) {
        const where = allOf([withIds(some), current(this.parts.now())])!;
        const found = await this.find(place, { args: { limit: some.length }, where, additional: 'vector' }, signal);
        for (const point of pointsOf(found, place)) points.set(point.id, point);
      }
      return ids.flatMap((id) => points.get(id) ?? []);
    });
  }

  async list(
    ref: CollectionRef,
    { subject, cursor = BEFORE_ALL, limit }: { subject?: string; cursor?: string; limit: number },
    { signal }: CallOptions = {},
  ): Promise<PointPage> {
    if (!UUID.test(cursor)) throw unknownCursor();
    return this.within(ref, signal, (place) =>
      subject === undefined
        ? this.listAll(place, cursor, limit, signal)
        : this.listAbout(place, subject, cursor, limit, signal),
    );
  }

  /** What has ended is deleted first, and not counted. */
  delete(ref: CollectionRef, selector: PointSelector, { signal }: CallOptions = {}): Promise<number> {
    return this.within(ref, signal, async (place) => {
      await this.sweep(place, signal);
      const { ids = [] } = selector;
      const where = selectedBy(selector, this.provider);
      if (where) return this.deleteAll(place, where, signal);
      let deleted = 0;
      for (const some of inParts(ids)) deleted += await this.deleteAll(place, withIds(some), signal);
      return deleted;
    });
  }

  count(ref: CollectionRef, { signal }: CallOptions = {}): Promise<number> {
    return this.within(ref, signal, (place) => this.countIn(place, signal));
  }

  /**
   * Whether the server takes part, takes the key, and is new enough.
   * @throws Failure `vector.store_refused` for one that is too old
   */
  async health({ signal }: CallOptions = {}): Promise<void> {
    await this.parts.requests.ready(signal);
    checkVersion(await this.parts.requests.version(signal));
  }

  async close(): Promise<void> {
    await this.parts.requests.close();
  }

  /**
   * Runs a call in the collection's place. Weaviate says in many words that a class or a tenant is not there; so where it
   * refuses a call, the collection is looked up anew, and that is the answer: gone, elsewhere, or truly refused.
   */
  private async within<T>(
    ref: CollectionRef,
    signal: AbortSignal | undefined,
    run: (place: Place) => Promise<T>,
  ): Promise<T> {
    const place = await this.required(ref, signal);
    try {
      return await run(place);
    } catch (error) {
      if (!isFailure(error, 'vector.input_refused')) throw error;
      this.parts.collections.forget(ref);
      const found = await this.required(ref, signal);
      if (found.className === place.className) throw refusedThere(error);
      return run(found);
    }
  }

  private async required(ref: CollectionRef, signal: AbortSignal | undefined): Promise<Place> {
    const place = await this.parts.collections.find(ref, signal);
    if (!place) throw failure('vector.collection_absent', { collection: ref.collection });
    return place;
  }

  private async find(
    { className, tenant }: Place,
    { args, where, additional }: { args: Record<string, unknown>; where: Where; additional: string },
    signal: AbortSignal | undefined,
  ): Promise<Found[]> {
    const fields = `${DOCUMENT_FIELDS} _additional{id ${additional}}`;
    const selected = { className, args: { tenant, ...args, where: graphqlWhere(where) }, fields };
    return (await this.parts.requests.ask('Get', [selected], signal))[className]!;
  }

  private async countIn({ className, tenant }: Place, signal: AbortSignal | undefined): Promise<number> {
    const args = { tenant, where: graphqlWhere(current(this.parts.now())) };
    const selected = { className, args, fields: 'meta{count}' };
    const [found] = (await this.parts.requests.ask('Aggregate', [selected], signal))[className]!;
    return countOf(found);
  }

  private async listAll(
    place: Place,
    cursor: string,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<PointPage> {
    const objects = await this.parts.requests.list(place, { after: cursor, limit }, signal);
    const now = this.parts.now();
    const points = objects
      .flatMap(({ properties, vector }) => pointOf(properties ?? {}, vector, place) ?? [])
      .filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
    return { points, cursor: objects.length < limit ? undefined : objects.at(-1)!.id };
  }

  private async listAbout(
    place: Place,
    subject: string,
    cursor: string,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<PointPage> {
    const where = allOf([about(subject), current(this.parts.now()), after(cursor)])!;
    const args = { limit, sort: [{ path: [KEY], order: new Keyword('asc') }] };
    const found = await this.find(place, { args, where, additional: 'vector' }, signal);
    const last = found.at(-1);
    const next = found.length < limit || !last ? undefined : String(additionalOf(last).id);
    return { points: pointsOf(found, place), cursor: next };
  }

  private async sweep(place: Place, signal: AbortSignal | undefined): Promise<void> {
    place.sweptAt = this.parts.now();
    await this.deleteAll(place, ended(place.sweptAt), signal);
  }

  /** The server deletes up to a limit of its own at a time. */
  private async deleteAll(place: Place, where: Where, signal: AbortSignal | undefined): Promise<number> {
    for (let deleted = 0; ; ) {
      const { successful, failed, limit } = await this.parts.requests.delete(place, where, signal);
      deleted += successful;
      if (failed > 0)
        throw failure('vector.store_unavailable', { provider: PROVIDER, reason: `${failed} not deleted` });
      if (successful === 0 || successful < limit) return deleted;
    }
  }
}

function pointsOf(found: readonly Found[], place: Place): VectorPoint[] {
  return found.flatMap((one) => pointOf(one, additionalOf(one).vector, place) ?? []);
}

function* inParts(ids: readonly string[]): Iterable<readonly string[]> {
  for (let at = 0; at < ids.length; at += IDS_AT_A_TIME) yield ids.slice(at, at + IDS_AT_A_TIME);
}

/** v1.25 is the first that wakes sleeping tenants, and that can be asked for a single one. */
function checkVersion(version: string): void {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
  if (Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 25)) return;
  const reason = major ? `it is of version ${major}.${minor}` : 'it tells no version';
  throw failure('vector.store_refused', { provider: PROVIDER, reason, fix: 'Weaviate 1.25 or newer is needed' });
}
