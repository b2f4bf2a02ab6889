// A loopback server that speaks Weaviate's REST and GraphQL, keeps objects by class and tenant, and really searches them.
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { WeaviateForms } from './weaviate-forms.js';
import { graphqlAnswer, type Shards } from './weaviate-graphql.js';
import { type ClassDefinition, filtered, Refusal, type StoredObject, type WhereClause } from './weaviate-index.js';

/** https://docs.weaviate.io/weaviate/config-refs/indexing/vector-index#hnsw-index-parameters: what is not given. */
const HNSW = {
  cleanupIntervalSeconds: 300,
  distance: 'cosine',
  dynamicEfFactor: 8,
  dynamicEfMax: 500,
  dynamicEfMin: 100,
  ef: -1,
  efConstruction: 128,
  flatSearchCutoff: 40_000,
  maxConnections: 32,
  skip: false,
  vectorCacheMaxObjects: 1_000_000_000_000,
};
const CLASS_NAME = /^[A-Z][_0-9A-Za-z]{0,254}$/;
const TENANT_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The shard of a class without tenants. */
const ALONE = '';

export interface WeaviateDoubleOptions {
  /** Refuses other keys with 401. Default: takes any. */
  apiKey?: string;
  /** `QUERY_MAXIMUM_RESULTS` of the server. Default 10,000, as there. */
  mostResults?: number;
}

interface KeptClass {
  definition: ClassDefinition;
  shards: Map<string, Map<string, StoredObject>>;
}

interface Route {
  method: string;
  path: RegExp;
  /** Definitions of the specification that the request and the reply must satisfy. */
  takes?: string;
  gives?: string;
  answer: (call: { parts: string[]; query: URLSearchParams; json: never }) => VendorReply;
}

export class WeaviateDouble extends LoopbackVendor implements Shards {
  /** Departures from the specification, in requests and in this double's own replies. A good test ends with none. */
  readonly complaints: string[] = [];
  readonly mostResults: number;
  private readonly forms = WeaviateForms.find();
  private readonly classes = new Map<string, KeptClass>();

  private constructor(private readonly options: WeaviateDoubleOptions) {
    super();
    this.mostResults = options.mostResults ?? 10_000;
  }

  static start(options: WeaviateDoubleOptions = {}): Promise<WeaviateDouble> {
    return new WeaviateDouble(options).listen();
  }

  definitionOf(className: string): ClassDefinition | undefined {
    return this.classes.get(className)?.definition;
  }

  objectsIn(definition: ClassDefinition, tenant: string | undefined): StoredObject[] {
    return [...this.shardOf(definition.class, tenant).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** How many objects of a class are kept, those past their end too. */
  held(className: string): number {
    return [...(this.classes.get(className)?.shards.values() ?? [])].reduce((sum, { size }) => sum + size, 0);
  }

  classNames(): string[] {
    return [...this.classes.keys()];
  }

  protected answer(request: VendorRequest): VendorReply {
    const { pathname, searchParams: query } = new URL(request.target, 'http://double');
    const route = this.routes.find(({ method, path }) => method === request.method && path.test(pathname));
    if (!route) return refused(404, `path ${pathname} was not found`);
    const { apiKey } = this.options;
    const open = pathname.startsWith('/v1/.well-known/');
    if (!open && apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
      return { status: 401, body: { code: 401, message: 'anonymous access not enabled' } };
    }
    const json = request.body === '' ? undefined : JSON.parse(request.body);
    if (route.takes) this.check(route.takes, json);
    const parts = route.path.exec(pathname)!.slice(1).map(decodeURIComponent);
    const reply = this.attempt(() => route.answer({ parts, query, json: json as never }));
    const form = reply.status < 300 ? route.gives : 'ErrorResponse';
    if (form && reply.body !== undefined) this.check(form, reply.body);
    return reply;
  }

  private readonly routes: Route[] = [
    { method: 'GET', path: /^\/v1\/\.well-known\/(?:ready|live)$/, answer: () => ({ status: 200 }) },
    { method: 'GET', path: /^\/v1\/\.well-known\/openid-configuration$/, answer: () => ({ status: 404 }) },
    {
      method: 'GET',
      path: /^\/v1\/meta$/,
      gives: 'Meta',
      answer: () => ({ status: 200, body: { hostname: 'http://[::]:8080', modules: {}, version: '1.37.1' } }),
    },
    {
      method: 'GET',
      path: /^\/v1\/schema$/,
      gives: 'Schema',
      answer: () => ({
        status: 200,
        body: { classes: [...this.classes.values()].map(({ definition }) => definition) },
      }),
    },
    {
      method: 'POST',
      path: /^\/v1\/schema$/,
      takes: 'Class',
      gives: 'Class',
      answer: ({ json }) => this.createClass(json),
    },
    {
      method: 'GET',
      path: /^\/v1\/schema\/(\w+)$/,
      gives: 'Class',
      answer: ({ parts: [name] }) => {
        const definition = this.definitionOf(name!);
        return definition ? { status: 200, body: definition } : { status: 404 };
      },
    },
    {
      method: 'DELETE',
      path: /^\/v1\/schema\/(\w+)$/,
      answer: ({ parts: [name] }) => {
        this.classes.delete(name!);
        return { status: 200 };
      },
    },
    {
      method: 'GET',
      path: /^\/v1\/schema\/(\w+)\/tenants$/,
      gives: 'Tenant',
      answer: ({ parts: [name] }) => ({ status: 200, body: tenantsOf(this.classNamed(name!)) }),
    },
    {
      method: 'POST',
      path: /^\/v1\/schema\/(\w+)\/tenants$/,
      takes: 'Tenant',
      gives: 'Tenant',
      answer: ({ parts: [name], json }) => this.createTenants(name!, json),
    },
    {
      method: 'DELETE',
      path: /^\/v1\/schema\/(\w+)\/tenants$/,
      answer: ({ parts: [name], json }) => {
        for (const tenant of json as string[]) this.classNamed(name!).shards.delete(tenant);
        return { status: 200 };
      },
    },
    {
      method: 'HEAD',
      path: /^\/v1\/schema\/(\w+)\/tenants\/([\w-]+)$/,
      answer: ({ parts: [name, tenant] }) => ({
        status: this.classes.get(name!)?.shards.has(tenant!) ? 200 : 404,
      }),
    },
    {
      method: 'POST',
      path: /^\/v1\/batch\/objects$/,
      gives: 'ObjectsGetResponse',
      answer: ({ json }) => this.writeBatch(json),
    },
    {
      method: 'DELETE',
      path: /^\/v1\/batch\/objects$/,
      takes: 'BatchDelete',
      gives: 'BatchDeleteResponse',
      answer: ({ query, json }) => this.deleteBatch(json, query),
    },
    {
      method: 'GET',
      path: /^\/v1\/objects$/,
      gives: 'ObjectsListResponse',
      answer: ({ query }) => this.listed(query),
    },
    {
      method: 'GET',
      path: /^\/v1\/objects\/(\w+)\/([\w-]+)$/,
      gives: 'Object',
      answer: ({ parts: [name, id], query }) => {
        const found = this.shardOf(name!, query.get('tenant') ?? undefined).get(id!);
        return found ? { status: 200, body: { class: name, ...found } } : { status: 404 };
      },
    },
    {
      method: 'POST',
      path: /^\/v1\/graphql$/,
      takes: 'GraphQLQuery',
      gives: 'GraphQLResponse',
      answer: ({ json }) => ({ status: 200, body: graphqlAnswer((json as { query: string }).query, this) }),
    },
  ];

  /** A small first letter is taken for a capital. */
  private createClass(asked: ClassDefinition): VendorReply {
    const given = { ...asked, class: asked.class.replace(/^[a-z]/, (letter) => letter.toUpperCase()) };
    if (!CLASS_NAME.test(given.class)) return refused(422, `'${given.class}' is not a valid class name`);
    const same = this.classNames().find((name) => name.toLowerCase() === given.class.toLowerCase());
    if (same) return refused(422, `class name ${same} already exists`);
    const config = { ...HNSW, ...given.vectorIndexConfig };
    if (config.efConstruction < 4 || config.maxConnections < 4) {
      return refused(422, 'parse vector index config: must be at least 4');
    }
    const { enabled = false } = given.multiTenancyConfig ?? {};
    const definition = {
      ...given,
      vectorIndexConfig: config,
      multiTenancyConfig: { ...given.multiTenancyConfig, enabled },
    };
    const shards = new Map<string, Map<string, StoredObject>>(enabled ? [] : [[ALONE, new Map()]]);
    this.classes.set(given.class, { definition, shards });
    return { status: 200, body: definition };
  }

  /** One that is there already stays as it is. */
  private createTenants(className: string, tenants: Array<{ name: string }>): VendorReply {
    const { shards } = this.classNamed(className);
    const wrong = tenants.find(({ name }) => !TENANT_NAME.test(name));
    if (wrong) return refused(422, 'tenant name should only contain alphanumeric characters, underscore, and hyphen');
    for (const { name } of tenants) if (!shards.has(name)) shards.set(name, new Map());
    return { status: 200, body: tenants.map(({ name }) => ({ name, activityStatus: 'HOT' })) };
  }

  /** Each object succeeds or fails by itself, within a reply of status 200. */
  private writeBatch({ objects }: { objects: Array<StoredObject & { class: string; tenant?: string }> }): VendorReply {
    const results = objects.map((object) => {
      this.check('Object', object);
      const failed = this.attempt(() => this.write(object)).body as { error: unknown } | undefined;
      const { vector: _, ...echo } = object;
      return { ...echo, result: failed ? { errors: failed, status: 'FAILED' } : { status: 'SUCCESS' } };
    });
    return { status: 200, body: results };
  }

  private write({ class: className, tenant, ...object }: StoredObject & { class: string; tenant?: string }) {
    const { id, vector, properties } = object;
    const { definition } = this.classNamed(className);
    const shard = this.shardOf(className, tenant);
    if (!UUID.test(id)) throw new Refusal(`invalid object: id '${id}' is not a valid uuid`);
    const other = [...shard.values()].find((one) => one.vector)?.vector;
    if (vector && other && other.length !== vector.length) {
      throw new Refusal(
        `new node has a vector with length ${vector.length}. Existing nodes have vectors with length ${other.length}`,
      );
    }
    for (const [name, value] of Object.entries(properties)) checkType(definition, name, value);
    shard.set(id, { id, vector: vector?.map(Math.fround), properties });
    return { status: 200 };
  }

  private deleteBatch(
    {
      match,
      dryRun = false,
      output = 'minimal',
    }: { match: { class: string; where: WhereClause }; dryRun?: boolean; output?: string },
    query: URLSearchParams,
  ): VendorReply {
    const { definition } = this.classNamed(match.class);
    const shard = this.shardOf(match.class, query.get('tenant') ?? undefined);
    const matching = filtered(definition, this.objectsIn(definition, query.get('tenant') ?? undefined), match.where);
    const some = matching.slice(0, this.mostResults);
    if (!dryRun) for (const { id } of some) shard.delete(id);
    const counts = {
      matches: matching.length,
      limit: this.mostResults,
      successful: dryRun ? 0 : some.length,
      failed: 0,
    };
    const objects =
      output === 'verbose' ? some.map(({ id }) => ({ id, status: dryRun ? 'DRYRUN' : 'SUCCESS' })) : undefined;
    return { status: 200, body: { match, output, dryRun, results: { ...counts, ...(objects && { objects }) } } };
  }

  private listed(query: URLSearchParams): VendorReply {
    const { definition } = this.classNamed(query.get('class') ?? '');
    const after = query.get('after');
    if (after && !UUID.test(after)) throw new Refusal(`after parameter '${after}' is not a valid uuid`);
    const limit = Number(query.get('limit') ?? 25);
    if (limit > this.mostResults) throw new Refusal('query maximum results exceeded');
    const withVector = (query.get('include') ?? '').split(',').includes('vector');
    const objects = this.objectsIn(definition, query.get('tenant') ?? undefined)
      .filter(({ id }) => !after || id > after)
      .slice(0, limit)
      .map(({ vector, ...one }) => ({ class: definition.class, ...one, ...(withVector && vector && { vector }) }));
    return { status: 200, body: { deprecations: [], objects, totalResults: objects.length } };
  }

  private classNamed(name: string): KeptClass {
    const found = this.classes.get(name);
    if (!found) throw new Refusal(`could not find class ${name} in schema`);
    return found;
  }

  private shardOf(className: string, tenant = ALONE): Map<string, StoredObject> {
    const { definition, shards } = this.classNamed(className);
    const many = definition.multiTenancyConfig.enabled;
    if (many && tenant === ALONE) {
      throw new Refusal(`class ${className} has multi-tenancy enabled, but request was without tenant`);
    }
    const shard = shards.get(tenant);
    if (!shard)
      throw new Refusal(many ? `tenant not found: "${tenant}"` : `class ${className} has multi-tenancy disabled`);
    return shard;
  }

  private attempt(run: () => VendorReply): VendorReply {
    try {
      return run();
    } catch (error) {
      if (error instanceof Refusal) return refused(422, error.message);
      throw error;
    }
  }

  private check(definition: string, value: unknown): void {
    this.complaints.push(...(this.forms?.problemsOf(definition, value) ?? []));
  }
}

function refused(status: number, message: string): VendorReply {
  return { status, body: { error: [{ message }] } };
}

function tenantsOf({ shards }: KeptClass) {
  return [...shards.keys()].map((name) => ({ name, activityStatus: 'HOT' }));
}

/** Without its schema of a class, the vendor would guess one: here that is a mistake. */
function checkType({ properties }: ClassDefinition, name: string, value: unknown): void {
  const [type = ''] = properties.find((one) => one.name === name)?.dataType ?? [];
  if (type === '') throw new Refusal(`no such prop with name '${name}' found`);
  const items = type.endsWith('[]') ? value : [value];
  const plain = type.replace('[]', '') === 'text' ? 'string' : type.replace('[]', '');
  if (Array.isArray(items) && items.every((one) => typeof one === (plain === 'int' ? 'number' : plain))) return;
  throw new Refusal(`invalid ${type} property '${name}'`);
}
