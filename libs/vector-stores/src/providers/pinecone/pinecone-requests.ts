// The requests of Pinecone's control plane and data plane that are used, with the fields of their replies that are read.
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { OptionsSchema, Secret } from '#ports';
import { type HttpCall, HttpClient } from '#resilience';
import { PROVIDER, translated } from './pinecone-failures.js';

/** https://docs.pinecone.io/reference/api/versioning: the version of both APIs that these requests are of. */
export const API_VERSION = '2025-10';

/** https://docs.pinecone.io/guides/search/filter-by-metadata */
export type Condition = { [name: string]: unknown };

export type Metadata = { [name: string]: string | number | boolean | readonly string[] };

export interface PineconeRecord {
  id: string;
  values: number[];
  metadata: Metadata;
}

const Index = z.object({
  name: z.string(),
  dimension: z.int().min(1).optional(),
  metric: z.enum(['cosine', 'euclidean', 'dotproduct']),
  host: z.string().min(1),
  status: z.object({ ready: z.boolean() }),
});
export type IndexReply = z.output<typeof Index>;

// Replies are written by protobuf's rules for JSON: what is empty or zero may be left out.
const Fields = z.record(z.string(), z.unknown()).default({});
const Numbers = z.array(z.number()).default([]);
const Pagination = z.object({ next: z.string().default('') }).optional();
const Found = z.object({ id: z.string(), values: Numbers, metadata: Fields });
export type FoundRecord = z.output<typeof Found>;
const Founds = z.object({ vectors: z.record(z.string(), Found).default({}), pagination: Pagination });
const Match = z.object({ id: z.string(), score: z.number().default(0), values: Numbers, metadata: Fields });
export type MatchReply = z.output<typeof Match>;
const Matches = z.object({ matches: z.array(Match).default([]) });
const Namespace = z.object({ name: z.string(), record_count: z.coerce.number().default(0) });
const Namespaces = z.object({ namespaces: z.array(Namespace).default([]), pagination: Pagination });
const Stats = z.object({
  dimension: z.int().min(1).optional(),
  metric: z.enum(['cosine', 'euclidean', 'dotproduct']).optional(),
});
const Nothing = z.unknown();

export interface Reply<T> {
  body: T;
  headers: IncomingHttpHeaders;
}

interface Call<T> extends Pick<HttpCall<T>, 'json' | 'query'> {
  signal?: AbortSignal | undefined;
  reply: OptionsSchema<T>;
}

/** One client of one host, with the key and the version that every request carries. */
class Plane {
  private readonly http: HttpClient;

  constructor(baseUrl: string, apiKey: Secret) {
    const headers = { 'api-key': apiKey, 'x-pinecone-api-version': API_VERSION };
    this.http = new HttpClient({ target: PROVIDER, baseUrl, headers });
  }

  close(): Promise<void> {
    return this.http.close();
  }

  protected async send<T>(method: 'GET' | 'POST' | 'DELETE', path: string, call: Call<T>): Promise<Reply<T>> {
    try {
      return await this.http.request({ method, path, ...call });
    } catch (error) {
      throw translated(error);
    }
  }
}

/** https://docs.pinecone.io/reference/api/2025-10/control-plane */
export class ControlPlane extends Plane {
  async indexes(signal?: AbortSignal): Promise<IndexReply[]> {
    // Of another kind, such as sparse ones, they may lack what ours have.
    const reply = z.object({ indexes: z.array(z.looseObject({ name: z.string() })).default([]) });
    const { body } = await this.send('GET', '/indexes', { signal, reply });
    return body.indexes.flatMap((one) => Index.safeParse(one).data ?? []);
  }

  index(name: string, signal?: AbortSignal): Promise<Reply<IndexReply>> {
    return this.send('GET', `/indexes/${encodeURIComponent(name)}`, { signal, reply: Index });
  }

  makeIndex(
    json: { name: string; dimension: number; metric: string; spec: { serverless: { cloud: string; region: string } } },
    signal?: AbortSignal,
  ): Promise<Reply<IndexReply>> {
    return this.send('POST', '/indexes', { json, signal, reply: Index });
  }
}

/** https://docs.pinecone.io/reference/api/2025-10/data-plane */
export class DataPlane extends Plane {
  stats(signal?: AbortSignal) {
    return this.send('POST', '/describe_index_stats', { json: {}, signal, reply: Stats });
  }

  namespace(name: string, signal?: AbortSignal) {
    return this.send('GET', `/namespaces/${encodeURIComponent(name)}`, { signal, reply: Namespace });
  }

  namespaces(query: { prefix: string; limit: number; paginationToken?: string }, signal?: AbortSignal) {
    return this.send('GET', '/namespaces', { query, signal, reply: Namespaces });
  }

  makeNamespace(name: string, signal?: AbortSignal) {
    return this.send('POST', '/namespaces', { json: { name }, signal, reply: Nothing });
  }

  dropNamespace(name: string, signal?: AbortSignal) {
    return this.send('DELETE', `/namespaces/${encodeURIComponent(name)}`, { signal, reply: Nothing });
  }

  upsert(namespace: string, vectors: readonly PineconeRecord[], signal?: AbortSignal) {
    return this.send('POST', '/vectors/upsert', { json: { vectors, namespace }, signal, reply: Nothing });
  }

  query(
    json: {
      namespace: string;
      vector: number[];
      topK: number;
      filter?: Condition;
      includeMetadata: boolean;
      includeValues: boolean;
    },
    signal?: AbortSignal,
  ) {
    return this.send('POST', '/query', { json, signal, reply: Matches });
  }

  fetch(namespace: string, ids: readonly string[], signal?: AbortSignal) {
    const query: Array<[string, string]> = [
      ...ids.map((id): [string, string] => ['ids', id]),
      ['namespace', namespace],
    ];
    return this.send('GET', `/vectors/fetch?${new URLSearchParams(query).toString()}`, { signal, reply: Founds });
  }

  fetchWhere(
    json: { namespace: string; filter: Condition; limit: number; paginationToken?: string },
    signal?: AbortSignal,
  ) {
    return this.send('POST', '/vectors/fetch_by_metadata', { json, signal, reply: Founds });
  }

  deleteIds(namespace: string, ids: readonly string[], signal?: AbortSignal) {
    return this.send('POST', '/vectors/delete', { json: { ids, namespace }, signal, reply: Nothing });
  }
}
