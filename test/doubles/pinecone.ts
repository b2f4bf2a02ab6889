// A loopback server that speaks Pinecone's control plane and data plane of version 2025-10, and really stores and searches.
import { sharedFile } from '../support/shared-folder.js';
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { OpenApiForms } from './openapi-forms.js';
import { PineconeIndexDouble } from './pinecone-index.js';
import { Refused } from './pinecone-records.js';

const CONTROL = 'specs/pinecone/db_control_2025-10.oas.yaml';
const DATA = 'specs/pinecone/db_data_2025-10.oas.yaml';
const VERSION = '2025-10';

/** Forms of the requests and replies, by method and route. */
const CONTROL_FORMS: Record<string, { request?: string; reply?: string }> = {
  'GET /indexes': { reply: 'IndexList' },
  'POST /indexes': { request: 'CreateIndexRequest', reply: 'IndexModel' },
  'GET /indexes/NAME': { reply: 'IndexModel' },
};
const DATA_FORMS: Record<string, { request?: string; reply?: string }> = {
  'POST /describe_index_stats': { request: 'DescribeIndexStatsRequest', reply: 'IndexDescription' },
  'POST /query': { request: 'QueryRequest', reply: 'QueryResponse' },
  'POST /vectors/upsert': { request: 'UpsertRequest', reply: 'UpsertResponse' },
  'POST /vectors/delete': { request: 'DeleteRequest', reply: 'DeleteResponse' },
  'GET /vectors/fetch': { reply: 'FetchResponse' },
  'POST /vectors/fetch_by_metadata': { request: 'FetchByMetadataRequest', reply: 'FetchByMetadataResponse' },
  'GET /vectors/list': { reply: 'ListResponse' },
  'GET /namespaces': { reply: 'ListNamespacesResponse' },
  'POST /namespaces': { request: 'CreateNamespaceRequest', reply: 'NamespaceDescription' },
  'GET /namespaces/NAME': { reply: 'NamespaceDescription' },
  'DELETE /namespaces/NAME': { reply: 'DeleteResponse' },
};

interface CreateIndex {
  name: string;
  dimension: number;
  metric?: string;
  spec: { serverless: { cloud: string; region: string } };
}

export class PineconeDouble extends LoopbackVendor {
  /** Departures from the specification, in requests and in this double's own replies. A good test ends with none. */
  readonly complaints: string[] = [];
  readonly indexes = new Map<string, PineconeIndexDouble>();
  /** How many descriptions of a new index say that it is not ready yet. */
  slowToMake = 0;
  private readonly control = formsOf(CONTROL);
  private readonly data = formsOf(DATA);

  private constructor(private readonly apiKey: string) {
    super();
  }

  static start({ apiKey = 'pinecone-key' } = {}): Promise<PineconeDouble> {
    return new PineconeDouble(apiKey).listen();
  }

  /** Makes an index, as an operator does in the console. Gives its host. */
  makeIndex(name: string, dimension: number, metric: string): string {
    this.indexes.set(name, new PineconeIndexDouble(dimension, metric));
    return this.hostOf(name);
  }

  /** Where an index is reached. A real host has no path; clients that are given an address keep it. */
  hostOf(name: string, url = this.url): string {
    return `${url}/hosts/${name}`;
  }

  protected answer(request: VendorRequest): VendorReply {
    const { pathname, searchParams } = new URL(request.target, this.url);
    const [, host, rest = pathname] = /^\/hosts\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
    if (request.headers['x-pinecone-api-version'] !== VERSION) this.complaints.push('another API version');
    if (request.headers['api-key'] !== this.apiKey) return unauthorised(host !== undefined);
    const route = `${request.method} ${rest.replace(/^(\/indexes|\/namespaces)\/.+/, '$1/NAME')}`;
    const name = decodeURIComponent(/^\/(?:indexes|namespaces)\/(.+)/.exec(rest)?.[1] ?? '');
    const [forms, table] = host === undefined ? [this.control, CONTROL_FORMS] : [this.data, DATA_FORMS];
    const body: unknown = request.body === '' ? undefined : JSON.parse(request.body);
    const form = table[route];
    if (form?.request) this.complaints.push(...(forms?.problemsOf(form.request, body) ?? []));
    const reply =
      host === undefined
        ? this.controlled(route, name, body)
        : this.asked(host, { route, name, body: body as never, parameters: searchParams, bytes: request.body.length });
    if (form?.reply && reply.status < 300) this.complaints.push(...(forms?.problemsOf(form.reply, reply.body) ?? []));
    return reply;
  }

  private asked(host: string, asked: Parameters<PineconeIndexDouble['answer']>[0]): VendorReply {
    const index = this.indexes.get(host);
    if (!index) return { status: 404, body: { code: 5, message: 'Index not found', details: [] } };
    try {
      return index.answer(asked);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return { status: 400, body: { code: 3, message: error.message, details: [] } };
    }
  }

  private controlled(route: string, name: string, body: unknown): VendorReply {
    switch (route) {
      case 'GET /indexes':
        return { status: 200, body: { indexes: [...this.indexes.keys()].map((one) => this.described(one)) } };
      case 'POST /indexes':
        return this.created(body as CreateIndex);
      case 'GET /indexes/NAME':
        return this.indexes.has(name) ? { status: 200, body: this.described(name) } : refused(404, 'NOT_FOUND');
      case 'DELETE /indexes/NAME':
        return this.indexes.delete(name) ? { status: 202 } : refused(404, 'NOT_FOUND');
      default:
        return refused(404, 'NOT_FOUND');
    }
  }

  private created({ name, dimension, metric = 'cosine' }: CreateIndex): VendorReply {
    if (!/^[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?$/.test(name)) return refused(400, 'INVALID_ARGUMENT');
    if (this.indexes.has(name)) return refused(409, 'ALREADY_EXISTS');
    this.makeIndex(name, dimension, metric);
    return { status: 201, body: this.described(name) };
  }

  private described(name: string) {
    const { dimension, metric } = this.indexes.get(name)!;
    const ready = this.slowToMake-- <= 0;
    return {
      name,
      dimension,
      metric,
      host: this.hostOf(name),
      vector_type: 'dense',
      deletion_protection: 'disabled',
      spec: { serverless: { cloud: 'aws', region: 'us-east-1', read_capacity: ON_DEMAND } },
      status: { ready, state: ready ? 'Ready' : 'Initializing' },
    };
  }
}

const ON_DEMAND = { mode: 'OnDemand', status: { state: 'Ready' } };

function refused(status: number, code: string): VendorReply {
  return { status, body: { status, error: { code, message: 'refused by the double' } } };
}

function unauthorised(dataPlane: boolean): VendorReply {
  if (!dataPlane) return refused(401, 'UNAUTHENTICATED');
  return { status: 401, headers: { 'content-type': 'text/plain' }, body: 'Invalid API Key' };
}

function formsOf(specification: string): OpenApiForms | undefined {
  const file = sharedFile(specification);
  if (!file) console.warn(`NOT CHECKED: the Pinecone double runs without ../shared/${specification}.`);
  return file === undefined ? undefined : OpenApiForms.of(file);
}
