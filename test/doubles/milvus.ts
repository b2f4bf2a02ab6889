// A loopback server that speaks Milvus's REST API v2: it stores, filters and searches for real, and is as strict as its model.
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { type Field, type IndexParam, MilvusCollection, MilvusError, type Row } from './milvus-collection.js';
import type { Absent } from './milvus-expression.js';
import { MilvusForms } from './milvus-forms.js';
import { byWords, distanceOf, fused, nearest, type Rerank } from './milvus-search.js';

export interface MilvusDoubleOptions {
  /** `user:password` or a key; without one, nobody is asked for it. */
  token?: string;
  absent?: Absent;
  maxDatabases?: number;
}

interface Body {
  data?: unknown;
  id?: string | string[];
  dbName?: string;
  collectionName: string;
  filter?: string;
  limit?: number;
  outputFields?: string[];
  consistencyLevel?: string;
}

interface Part {
  data: [number[] | string];
  annsField: string;
  filter?: string;
  limit: number;
  metricType?: string;
}

const PREFIX = '/v2/vectordb';
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
const MAX_LIMIT = 16_384;

export class MilvusDouble extends LoopbackVendor {
  /** Departures from the specification, in requests and in this double's own replies. A good test ends with none. */
  readonly complaints: string[] = [];
  readonly databases = new Map([['default', new Map<string, MilvusCollection>()]]);
  private readonly forms = MilvusForms.read();

  private constructor(private readonly options: MilvusDoubleOptions) {
    super();
  }

  static start(options: MilvusDoubleOptions = {}): Promise<MilvusDouble> {
    return new MilvusDouble(options).listen();
  }

  /** Lets every read see what was written. Reads of the level Strong see it at once. */
  settle(): void {
    for (const database of this.databases.values()) for (const one of database.values()) one.settle();
  }

  /** Releases every collection, as an operator or an upgrade does. */
  release(): void {
    for (const database of this.databases.values()) for (const one of database.values()) one.loaded = false;
  }

  protected answer({ method, target, headers, body: text }: VendorRequest): VendorReply {
    const { token } = this.options;
    if (token !== undefined && headers.authorization !== `Bearer ${token}`) {
      return { status: 401, body: { code: 1800, message: "user hasn't authenticated" } };
    }
    const handle = ROUTES[target.slice(PREFIX.length)];
    if (method !== 'POST' || !target.startsWith(PREFIX) || !handle) return { status: 404, body: '404 page not found' };
    const body = JSON.parse(text) as Body;
    this.complaints.push(...(this.forms?.request(target, body) ?? []));
    const reply = this.handled(() => handle(this, body));
    this.complaints.push(...(this.forms?.reply(target, reply) ?? []));
    return { status: 200, body: reply };
  }

  private handled(handle: () => object): object {
    try {
      return { code: 0, ...handle() };
    } catch (error) {
      if (!(error instanceof MilvusError)) throw error;
      return { code: error.code, message: error.message };
    }
  }

  database({ dbName = 'default' }: Body): Map<string, MilvusCollection> {
    const found = this.databases.get(dbName);
    if (!found) throw new MilvusError(800, `database not found, database: ${dbName}`);
    return found;
  }

  collection(body: Body): MilvusCollection {
    const found = this.database(body).get(body.collectionName);
    if (!found) throw new MilvusError(100, `collection not found[collection=${body.collectionName}]`);
    return found;
  }

  createDatabase(name: string): void {
    if (!NAME.test(name)) throw new MilvusError(802, `invalid database name: ${name}`);
    if (this.databases.has(name)) throw new MilvusError(65_535, `database already exist: ${name}`);
    if (this.databases.size >= (this.options.maxDatabases ?? 64)) throw new MilvusError(801, 'exceeded the limit');
    this.databases.set(name, new Map());
  }

  createCollection(body: Body): void {
    const {
      schema,
      indexParams = [],
      params,
    } = body as unknown as {
      schema: { fields: Field[]; functions?: never[] };
      indexParams?: IndexParam[];
      params?: { consistencyLevel?: string };
    };
    const database = this.database(body);
    if (!NAME.test(body.collectionName)) throw new MilvusError(1100, `Invalid collection name: ${body.collectionName}`);
    if (database.has(body.collectionName)) throw new MilvusError(65_535, 'create duplicate collection');
    const level = params?.consistencyLevel ?? 'Bounded';
    const made = new MilvusCollection(schema.fields, schema.functions ?? [], level, this.options.absent ?? 'unknown');
    for (const param of indexParams) made.index(param);
    made.loaded = indexParams.length > 0;
    database.set(body.collectionName, made);
  }
}

type Handler = (double: MilvusDouble, body: Body) => object;
const DONE = { data: {} };

const ROUTES: Record<string, Handler> = {
  '/databases/list': (double) => ({ data: [...double.databases.keys()] }),
  '/databases/create': (double, { dbName }) => {
    double.createDatabase(dbName!);
    return DONE;
  },
  '/databases/drop': (double, body) => {
    if (double.database(body).size > 0) throw new MilvusError(65_535, 'database not empty');
    double.databases.delete(body.dbName!);
    return DONE;
  },
  '/collections/list': (double, body) => ({ data: [...double.database(body).keys()] }),
  '/collections/create': (double, body) => {
    double.createCollection(body);
    return DONE;
  },
  '/collections/describe': (double, body) => ({ data: describe(body.collectionName, double.collection(body)) }),
  '/collections/has': (double, body) => ({ data: { has: double.database(body).has(body.collectionName) } }),
  '/collections/get_stats': (double, body) => ({ data: { rowCount: double.collection(body).rows.size } }),
  '/collections/drop': (double, body) => {
    double.collection(body);
    double.database(body).delete(body.collectionName);
    return DONE;
  },
  '/collections/load': (double, body) => {
    const found = double.collection(body);
    const vectors = found.fields.filter(({ dataType }) => dataType.endsWith('Vector'));
    if (!vectors.every(({ fieldName }) => found.indexes.has(fieldName))) throw new MilvusError(700, 'index not found');
    found.loaded = true;
    return DONE;
  },
  '/collections/release': (double, body) => {
    double.collection(body).loaded = false;
    return DONE;
  },
  '/collections/get_load_state': (double, body) =>
    double.collection(body).loaded
      ? { data: { loadState: 'LoadStateLoaded', loadProgress: 100 } }
      : { data: { loadState: 'LoadStateNotLoad' } },
  '/indexes/create': (double, body) => {
    for (const param of (body as unknown as { indexParams: IndexParam[] }).indexParams)
      double.collection(body).index(param);
    return DONE;
  },
  '/indexes/list': (double, body) => ({ data: [...double.collection(body).indexes.keys()] }),
  '/entities/insert': (double, body) => {
    const ids = double.collection(body).write(body.data as never);
    return { cost: 0, data: { insertCount: ids.length, insertIds: ids } };
  },
  '/entities/upsert': (double, body) => {
    const ids = double.collection(body).write(body.data as never);
    return { cost: 0, data: { upsertCount: ids.length, upsertIds: ids } };
  },
  '/entities/query': (double, body) => query(double.collection(body), body),
  // As the server does it: ids stand between quotes as they are.
  '/entities/get': (double, body) => {
    const ids = [body.id ?? []].flat();
    return query(double.collection(body), { ...body, filter: `id in [${ids.map((id) => `"${id}"`).join(',')}]` });
  },
  '/entities/delete': (double, body) => {
    const found = double.collection(body);
    if (!body.filter) throw new MilvusError(1100, 'delete plan can not be empty');
    const gone = found.visible('Strong').filter(found.matcher(body.filter));
    for (const { id } of gone) found.rows.delete(id);
    return { data: { deleteCount: gone.length } };
  },
  '/entities/search': (double, body) => {
    const { data, annsField = '', searchParams } = body as unknown as Part & { searchParams?: Part };
    const found = double.collection(body);
    const { limit = 100, filter = '' } = body;
    const part = {
      data,
      annsField,
      limit,
      filter,
      ...(searchParams?.metricType && { metricType: searchParams.metricType }),
    };
    return { cost: 0, data: hitsOf(found, rank(found, part, body.consistencyLevel).ranked, body) };
  },
  '/entities/hybrid_search': (double, body) => {
    const found = double.collection(body);
    const { search, rerank = {} } = body as unknown as { search: Part[]; rerank?: Rerank };
    const rankings = search.map((part) => rank(found, part, body.consistencyLevel));
    const ranked = nearest(fused(rankings, rerank), 'IP', body.limit ?? 100);
    return { cost: 0, data: hitsOf(found, ranked, body) };
  },
};

function query(found: MilvusCollection, { filter, limit = 100, outputFields = [], consistencyLevel }: Body): object {
  const rows = found.visible(consistencyLevel).filter(found.matcher(filter));
  if (outputFields[0] === 'count(*)') return { cost: 0, data: [{ 'count(*)': rows.length }] };
  checkLimit(limit);
  // In no order that anybody promised.
  return {
    cost: 0,
    data: rows
      .toReversed()
      .slice(0, limit)
      .map((row) => found.output(row, outputFields)),
  };
}

function rank(found: MilvusCollection, part: Part, level: string | undefined) {
  const { data, annsField, filter, limit, metricType } = part;
  checkLimit(limit);
  const fieldName = annsField || found.vectorField.fieldName;
  const index = found.indexes.get(fieldName);
  if (!index) throw new MilvusError(1100, `cannot find a vector field named: ${fieldName}`);
  if (metricType !== undefined && metricType !== index.metricType) {
    throw new MilvusError(1100, `metric type not match: invalid[expected=${index.metricType}][actual=${metricType}]`);
  }
  const metric = index.metricType ?? 'COSINE';
  const all = found.visible(level);
  const matches = found.matcher(filter);
  const [asked] = data;
  if (typeof asked === 'string') {
    const input = found.functions.find(({ outputFieldNames }) => outputFieldNames[0] === fieldName)!.inputFieldNames[0];
    return {
      metric,
      ranked: nearest(
        byWords(all, (row) => row[input] as string, asked, matches),
        metric,
        limit,
      ),
    };
  }
  if (asked.length !== Number(found.vectorField.elementTypeParams?.dim)) throw new MilvusError(1801, 'wrong dimension');
  const measured = all
    .filter(matches)
    .map((row) => ({ row, distance: distanceOf(metric, asked, row[fieldName] as number[]) }));
  return { metric, ranked: nearest(measured, metric, limit) };
}

function hitsOf(found: MilvusCollection, ranked: Array<{ row: Row; distance: number }>, { outputFields }: Body) {
  return ranked.map(({ row, distance }) => ({ ...found.output(row, outputFields), distance: Math.fround(distance) }));
}

function describe(collectionName: string, { fields, indexes, functions, loaded, consistency }: MilvusCollection) {
  return {
    aliases: [],
    autoId: false,
    collectionID: 1,
    collectionName,
    consistencyLevel: consistency,
    description: '',
    enableDynamicField: false,
    fields: fields.map(({ fieldName, dataType, isPrimary = false, elementTypeParams }, at) => ({
      name: fieldName,
      type: dataType,
      id: 100 + at,
      primaryKey: isPrimary,
      autoId: false,
      nullable: false,
      description: '',
      params: Object.entries(elementTypeParams ?? {}).map(([key, value]) => ({
        key,
        value: typeof value === 'string' ? value : JSON.stringify(value),
      })),
    })),
    functions: functions.map((one) => ({ ...one, id: 1, type: 1, description: '' })),
    indexes: [...indexes.values()].map(({ fieldName, indexName, metricType }) => ({
      fieldName,
      indexName,
      // printIndexes gives L2 to what has no metric.
      metricType: metricType ?? 'L2',
    })),
    load: loaded ? 'LoadStateLoaded' : 'LoadStateNotLoad',
    partitionsNum: 1,
    properties: [],
    shardsNum: 1,
  };
}

function checkLimit(limit: number): void {
  if (!(limit >= 1 && limit <= MAX_LIMIT)) throw new MilvusError(1100, `limit [${limit}] is invalid`);
}
