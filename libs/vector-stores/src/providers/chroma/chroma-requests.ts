// The requests of Chroma's REST API v2 that are used, with the fields of their replies that are read.
import { z } from 'zod';
import type { OptionsSchema } from '#ports';
import type { HttpCall, HttpClient } from '#resilience';
import { translated } from './chroma-failures.js';

/** A condition on metadata: https://docs.trychroma.com/docs/querying-collections/metadata-filtering */
export type Where = { [name: string]: unknown };

export type Metadata = { [name: string]: string | number | boolean | null };

const Space = z.enum(['cosine', 'l2', 'ip']);
const Nothing = z.unknown();

const IndexSettings = z.object({
  space: Space.nullish(),
  ef_construction: z.number().nullish(),
  max_neighbors: z.number().nullish(),
  ef_search: z.number().nullish(),
});

const Collection = z.object({
  id: z.string().min(1),
  name: z.string(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  configuration_json: z.object({ hnsw: IndexSettings.nullish(), spann: IndexSettings.nullish() }),
});
export type CollectionReply = z.output<typeof Collection>;

const Vector = z.array(z.number());
const Fields = z.record(z.string(), z.unknown()).nullable();

const Records = z.object({
  ids: z.array(z.string()),
  embeddings: z.array(Vector).nullish(),
  documents: z.array(z.string().nullable()).nullish(),
  metadatas: z.array(Fields).nullish(),
});
export type RecordsReply = z.output<typeof Records>;

const Neighbours = z.object({
  ids: z.array(z.array(z.string())).length(1),
  distances: z.array(z.array(z.number().nullable())).length(1),
  embeddings: z.array(z.array(Vector.nullable())).nullish(),
  documents: z.array(z.array(z.string().nullable())).nullish(),
  metadatas: z.array(z.array(Fields)).length(1),
});

export interface RecordsRequest {
  ids: string[];
  /** Numbers, or base64 of little-endian 32-bit floats where the server says that it reads them. */
  embeddings: number[][] | string[];
  documents: string[];
  metadatas: Metadata[];
}

export interface CollectionRequest {
  name: string;
  metadata: Metadata;
  configuration: { hnsw: { [name: string]: string | number } };
}

export type Include = Array<'metadatas' | 'documents' | 'embeddings' | 'distances'>;

export class ChromaRequests {
  constructor(private readonly http: HttpClient) {}

  heartbeat(signal?: AbortSignal) {
    return this.send('GET', '/heartbeat', { signal, reply: z.object({ 'nanosecond heartbeat': z.number() }) });
  }

  /** Whose key it is: the tenant that it belongs to. Fails where the key is refused. */
  identity(signal?: AbortSignal) {
    return this.send('GET', '/auth/identity', { signal, reply: z.object({ tenant: z.string().min(1) }) });
  }

  limits(signal?: AbortSignal) {
    const reply = z.object({ max_batch_size: z.int().min(1), supports_base64_encoding: z.boolean().default(false) });
    return this.send('GET', '/pre-flight-checks', { signal, reply });
  }

  makeDatabase(tenant: string, name: string, signal?: AbortSignal) {
    const path = `/tenants/${encodeURIComponent(tenant)}/databases`;
    return this.send('POST', path, { json: { name }, signal, reply: Nothing });
  }

  collection(place: string, name: string, signal?: AbortSignal) {
    return this.send('GET', `${place}/${encodeURIComponent(name)}`, { signal, reply: Collection });
  }

  collections(place: string, page: { limit: number; offset: number }, signal?: AbortSignal) {
    return this.send('GET', place, { query: page, signal, reply: z.array(Collection) });
  }

  /** Gives the one of that name where there is one, whatever its configuration. */
  makeCollection(place: string, wanted: CollectionRequest, signal?: AbortSignal) {
    return this.send('POST', place, { json: { ...wanted, get_or_create: true }, signal, reply: Collection });
  }

  dropCollection(place: string, name: string, signal?: AbortSignal) {
    return this.send('DELETE', `${place}/${encodeURIComponent(name)}`, { signal, reply: Nothing });
  }

  upsert(path: string, json: RecordsRequest, signal?: AbortSignal) {
    return this.send('POST', `${path}/upsert`, { json, signal, reply: Nothing });
  }

  query(
    path: string,
    json: { query_embeddings: number[][]; n_results: number; where?: Where; include: Include },
    signal?: AbortSignal,
  ) {
    return this.send('POST', `${path}/query`, { json, signal, reply: Neighbours });
  }

  get(
    path: string,
    json: { ids?: readonly string[]; where?: Where; limit?: number; include: Include },
    signal?: AbortSignal,
  ) {
    return this.send('POST', `${path}/get`, { json, signal, reply: Records });
  }

  delete(path: string, json: { ids: readonly string[]; where?: Where }, signal?: AbortSignal) {
    return this.send('POST', `${path}/delete`, { json, signal, reply: Nothing });
  }

  count(path: string, signal?: AbortSignal) {
    return this.send('GET', `${path}/count`, { signal, reply: z.int().min(0) });
  }

  private async send<T>(
    method: HttpCall<T>['method'],
    path: string,
    call: Pick<HttpCall<T>, 'json' | 'query' | 'signal'> & { reply: OptionsSchema<T> },
  ): Promise<T> {
    try {
      return (await this.http.request({ method, path: `/api/v2${path}`, ...call })).body;
    } catch (error) {
      throw translated(error);
    }
  }
}
