// One index of the Pinecone double: its namespaces, its routes, and the limits that Pinecone documents.
import type { VendorReply } from './loopback-vendor.js';
import {
  inOrderOfIds,
  type Metadata,
  Namespace,
  Refused,
  type StoredRecord,
  satisfies,
  scoreOf,
} from './pinecone-records.js';

const MAX_METADATA_BYTES = 40_960;
const MAX_REPLY_BYTES = 4 * 1024 ** 2;

interface Body {
  namespace: string;
  name: string;
  vectors: Array<{ id: string; values: number[]; metadata?: Metadata }>;
  vector: number[];
  topK: number;
  filter?: Metadata;
  includeValues?: boolean;
  includeMetadata?: boolean;
  ids?: string[];
  deleteAll?: boolean;
  limit?: number;
  paginationToken?: string;
}

export interface Asked {
  route: string;
  name: string;
  body: Body;
  parameters: URLSearchParams;
  bytes: number;
}

export class PineconeIndexDouble {
  readonly namespaces = new Map<string, Namespace>();
  /** How many of the next reads do not see the last write. */
  staleReads = 0;

  constructor(
    readonly dimension: number,
    readonly metric: string,
  ) {}

  answer(asked: Asked): VendorReply {
    const { route, name, body, parameters } = asked;
    switch (route) {
      case 'POST /describe_index_stats':
        return ok(this.stats());
      case 'POST /vectors/upsert':
        return this.upsert(asked);
      case 'POST /query':
        return this.query(body);
      case 'POST /vectors/delete':
        return this.delete(body);
      case 'GET /vectors/fetch':
        return this.fetch(parameters);
      case 'POST /vectors/fetch_by_metadata':
        return this.fetchWhere(body);
      case 'GET /vectors/list':
        return this.list(parameters);
      case 'GET /namespaces':
        return this.listNamespaces(parameters);
      case 'POST /namespaces':
        if (this.namespaces.has(body.name)) return status(409, 6);
        return ok(described(body.name, this.made(body.name)));
      case 'GET /namespaces/NAME': {
        const found = this.namespaces.get(name);
        return found ? ok(described(name, found)) : status(404, 5);
      }
      case 'DELETE /namespaces/NAME':
        return this.namespaces.delete(name) ? ok({}) : status(404, 5);
      default:
        return status(404, 5);
    }
  }

  private stats() {
    const namespaces = [...this.namespaces].map(
      ([name, { records }]) => [name, { vectorCount: records.size }] as const,
    );
    const totalVectorCount = namespaces.reduce((sum, [, { vectorCount }]) => sum + vectorCount, 0);
    const { dimension, metric } = this;
    const all = Object.fromEntries(namespaces);
    return { namespaces: all, dimension, metric, indexFullness: 0, totalVectorCount, vectorType: 'dense' };
  }

  private upsert({ body, bytes }: Asked): VendorReply {
    if (bytes > 2_000_000) throw new Refused('Request size exceeds the maximum supported size of 2097152 bytes');
    if (body.vectors.length > 1000) throw new Refused('Batch size exceeds 1000');
    const records = body.vectors.map((one) => this.checked(one));
    const namespace = this.made(body.namespace);
    const lsn = namespace.change((kept) => {
      for (const record of records) kept.set(record.id, record);
    });
    return { ...ok({ upsertedCount: records.length }), headers: { 'x-pinecone-request-lsn': `${lsn}` } };
  }

  private checked({ id, values, metadata = {} }: Body['vectors'][number]): StoredRecord {
    if (!/^[\x20-\x7e]{1,512}$/.test(id)) throw new Refused(`Vector ID must be ASCII`);
    this.checkVector(values);
    if (Buffer.byteLength(JSON.stringify(metadata)) > MAX_METADATA_BYTES) {
      throw new Refused('Metadata size exceeds the limit of 40960 bytes per vector');
    }
    for (const [name, value] of Object.entries(metadata)) {
      const texts = Array.isArray(value) && value.every((one) => typeof one === 'string');
      const single = ['string', 'number', 'boolean'].includes(typeof value);
      if (name.startsWith('$') || !(texts || single)) throw new Refused('Invalid metadata');
    }
    return { id, values: Float32Array.from(values), metadata };
  }

  private checkVector(values: readonly number[]): void {
    if (values.length !== this.dimension) {
      throw new Refused(
        `Vector dimension ${values.length} does not match the dimension of the index ${this.dimension}`,
      );
    }
    if (values.every((one) => one === 0)) {
      throw new Refused('Dense vectors must contain at least one non-zero value.');
    }
  }

  private query({ namespace, vector, topK, filter = {}, includeValues, includeMetadata }: Body): VendorReply {
    this.checkVector(vector);
    if (topK > 10_000 || topK < 1) throw new Refused('top_k must be from 1 to 10000');
    // A condition that is refused is so for no records, too.
    satisfies({}, filter);
    const { records, lsn } = this.seen(namespace);
    const wanted = Float32Array.from(vector);
    const scored = [...records.values()]
      .filter(({ metadata }) => satisfies(metadata, filter))
      .map((record) => ({ record, score: scoreOf(this.metric, wanted, record.values) }));
    const sign = this.metric === 'euclidean' ? 1 : -1;
    const matches = scored
      .sort((a, b) => sign * (a.score - b.score))
      .slice(0, topK)
      .map(({ record, score }) => ({
        id: record.id,
        score,
        values: includeValues ? [...record.values] : [],
        ...(includeMetadata && { metadata: record.metadata }),
      }));
    const reply = { matches, namespace, usage: { readUnits: 1 } };
    if (JSON.stringify(reply).length > MAX_REPLY_BYTES) throw new Refused('Result size exceeds 4MB');
    return { ...ok(reply), headers: { 'x-pinecone-max-indexed-lsn': `${lsn}` } };
  }

  private delete({ namespace: name, ids, deleteAll, filter }: Body): VendorReply {
    if ([ids, deleteAll || undefined, filter].filter((one) => one !== undefined).length !== 1) {
      throw new Refused('Exactly one of ids, deleteAll and filter');
    }
    if (ids && (ids.length === 0 || ids.length > 1000)) throw new Refused('ids must be from 1 to 1000');
    const namespace = this.namespaces.get(name);
    if (!namespace) return status(404, 5);
    const lsn = namespace.change((records) => {
      for (const { id, metadata } of records.values()) {
        if (deleteAll || ids?.includes(id) || (filter && satisfies(metadata, filter))) records.delete(id);
      }
    });
    return { ...ok({}), headers: { 'x-pinecone-request-lsn': `${lsn}` } };
  }

  private fetch(parameters: URLSearchParams): VendorReply {
    const ids = parameters.getAll('ids');
    const namespace = parameters.get('namespace') ?? '';
    if (ids.length === 0 || ids.length > 1000) throw new Refused('ids must be from 1 to 1000');
    const { records } = this.seen(namespace);
    return ok({ vectors: written(ids.flatMap((id) => records.get(id) ?? [])), namespace, usage: { readUnits: 1 } });
  }

  private fetchWhere({ namespace, filter = {}, limit = 100, paginationToken }: Body): VendorReply {
    const { records } = this.seen(namespace);
    const chosen = [...records.values()].filter(({ metadata }) => satisfies(metadata, filter));
    const { page, pagination } = paged(chosen, limit, paginationToken);
    return ok({ vectors: written(page), namespace, usage: { readUnits: 1 }, ...pagination });
  }

  private list(parameters: URLSearchParams): VendorReply {
    const namespace = parameters.get('namespace') ?? '';
    const chosen = [...this.seen(namespace).records.values()].filter(({ id }) =>
      id.startsWith(parameters.get('prefix') ?? ''),
    );
    const limit = Number(parameters.get('limit') ?? 100);
    const { page, pagination } = paged(chosen, limit, parameters.get('paginationToken') ?? undefined);
    return ok({ vectors: page.map(({ id }) => ({ id })), namespace, usage: { readUnits: 1 }, ...pagination });
  }

  private listNamespaces(parameters: URLSearchParams): VendorReply {
    const names = [...this.namespaces.keys()].filter((name) => name.startsWith(parameters.get('prefix') ?? '')).sort();
    const from = Number(Buffer.from(parameters.get('paginationToken') ?? '', 'base64').toString() || 0);
    const until = from + Number(parameters.get('limit') ?? 100);
    const namespaces = names.slice(from, until).map((name) => described(name, this.namespaces.get(name)!));
    const next = Buffer.from(`${until}`).toString('base64');
    return ok({ namespaces, total_count: names.length, ...(until < names.length && { pagination: { next } }) });
  }

  private made(name: string): Namespace {
    const namespace = this.namespaces.get(name) ?? new Namespace();
    this.namespaces.set(name, namespace);
    return namespace;
  }

  private seen(name: string): ReturnType<Namespace['seen']> {
    const behind = this.staleReads > 0;
    if (behind) this.staleReads--;
    return this.namespaces.get(name)?.seen(behind) ?? new Namespace().seen(false);
  }
}

/** The token names the last record of its page, so pages go on where they were, whatever comes and goes. */
function paged(records: StoredRecord[], limit: number, token?: string) {
  const after = token === undefined ? undefined : /^after (.+)$/.exec(Buffer.from(token, 'base64').toString())?.[1];
  if (token !== undefined && after === undefined) throw new Refused('Invalid pagination token');
  const rest = inOrderOfIds(records).filter(({ id }) => after === undefined || id > after);
  const page = rest.slice(0, limit);
  const next = Buffer.from(`after ${page.at(-1)?.id}`).toString('base64');
  return { page, pagination: rest.length > limit ? { pagination: { next } } : {} };
}

function written(records: readonly StoredRecord[]) {
  return Object.fromEntries(records.map(({ id, values, metadata }) => [id, { id, values: [...values], metadata }]));
}

function described(name: string, { records }: Namespace) {
  return { name, record_count: records.size };
}

function ok(body: unknown): VendorReply {
  return { status: 200, body };
}

function status(code: number, grpc: number): VendorReply {
  return { status: code, body: { code: grpc, message: 'refused by the double', details: [] } };
}
