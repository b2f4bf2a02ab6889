// Every request that is sent to Weaviate, and the fields of its replies that are used.
import { z } from 'zod';
import { type HttpCall, type HttpClient, type HttpReply, refusalOf } from '#resilience';
import { graphqlText, Keyword, type Selected } from './graphql.js';
import { replyInvalid, saidFailure, translated } from './weaviate-failures.js';
import { restWhere, type Where } from './where.js';

/** A class, and one of its tenants: where the points of one collection are. */
export interface Shard {
  className: string;
  tenant: string;
}

/** How many replicas must have taken part in an answer or a write. The server decides where it is absent. */
export type Consistency = 'ONE' | 'QUORUM' | 'ALL';

export interface WeaviateObject {
  id: string;
  vector: number[];
  properties: Record<string, unknown>;
}

const Messages = z.array(z.object({ message: z.string() }));

const Meta = z.object({ version: z.string() });

const Schema = z.object({
  classes: z
    .array(z.object({ class: z.string(), vectorIndexConfig: z.record(z.string(), z.unknown()).nullish() }))
    .nullish(),
});

export type WeaviateClass = NonNullable<z.output<typeof Schema>['classes']>[number];

const ListedObject = z.object({
  id: z.string(),
  vector: z.array(z.number()).nullish(),
  properties: z.record(z.string(), z.unknown()).nullish(),
});

const Listed = z.object({ objects: z.array(ListedObject).nullish() });

const Written = z.array(
  z.object({
    result: z
      .object({ status: z.string().nullish(), errors: z.object({ error: Messages.nullish() }).nullish() })
      .nullish(),
  }),
);

const Deleted = z.object({
  results: z.object({ successful: z.int().min(0), failed: z.int().min(0), limit: z.int().min(0) }),
});

export type Deletion = z.output<typeof Deleted>['results'];

/** Of `Get`, the objects of each class; of `Aggregate`, its figures. */
const Answered = z.object({
  data: z
    .record(z.string(), z.record(z.string(), z.array(z.record(z.string(), z.unknown())).nullish()).nullish())
    .nullish(),
  errors: Messages.nullish(),
});

export type Found = Record<string, unknown>;

export class WeaviateRequests {
  constructor(
    private readonly http: HttpClient,
    private readonly consistency: Consistency | undefined,
  ) {}

  /** Answered without a key: whether the server takes part at all. */
  async ready(signal?: AbortSignal): Promise<void> {
    await this.send({ method: 'GET', path: '/v1/.well-known/ready', signal });
  }

  /** Answered only for a key that is good. */
  async version(signal?: AbortSignal): Promise<string> {
    return (await this.send({ method: 'GET', path: '/v1/meta', signal, reply: Meta })).body.version;
  }

  async classes(signal?: AbortSignal): Promise<WeaviateClass[]> {
    const { body } = await this.send({ method: 'GET', path: '/v1/schema', signal, reply: Schema });
    return body.classes ?? [];
  }

  async createClass(definition: object, signal?: AbortSignal): Promise<void> {
    await this.send({ method: 'POST', path: '/v1/schema', json: definition, signal });
  }

  /** A tenant that is there already stays as it is. */
  async createTenant({ className, tenant }: Shard, signal?: AbortSignal): Promise<void> {
    await this.send({ method: 'POST', path: tenantsOf(className), json: [{ name: tenant }], signal });
  }

  async deleteTenant({ className, tenant }: Shard, signal?: AbortSignal): Promise<void> {
    await this.send({ method: 'DELETE', path: tenantsOf(className), json: [tenant], signal });
  }

  /** 404 says that there is no such tenant, or class. */
  async hasTenant({ className, tenant }: Shard, signal?: AbortSignal): Promise<boolean> {
    const path = `${tenantsOf(className)}/${encodeURIComponent(tenant)}`;
    try {
      await this.http.request({ method: 'HEAD', path, signal });
      return true;
    } catch (error) {
      if (refusalOf(error)?.status === 404) return false;
      throw translated(error);
    }
  }

  /** An object that is there already is replaced. */
  async write({ className, tenant }: Shard, objects: readonly WeaviateObject[], signal?: AbortSignal): Promise<void> {
    const json = { objects: objects.map((one) => ({ class: className, tenant, ...one })) };
    const call = { method: 'POST', path: '/v1/batch/objects', query: this.consistently(), json, signal } as const;
    const { body } = await this.send({ ...call, reply: Written });
    const messages = body.flatMap(({ result }) => result?.errors?.error ?? []).map(({ message }) => message);
    if (messages.length > 0) throw saidFailure('an object', messages);
    if (body.some(({ result }) => result?.status === 'FAILED')) throw saidFailure('an object', []);
    if (body.length !== objects.length) throw replyInvalid(`${body.length} results for ${objects.length} objects`);
  }

  /** Deletes what satisfies the condition, up to a limit of the server's. */
  async delete({ className, tenant }: Shard, where: Where, signal?: AbortSignal): Promise<Deletion> {
    const json = { match: { class: className, where: restWhere(where) }, output: 'minimal' };
    const query = { tenant, ...this.consistently() };
    const call = { method: 'DELETE', path: '/v1/batch/objects', query, json, signal } as const;
    return (await this.send({ ...call, reply: Deleted })).body.results;
  }

  /** Objects in the order of their UUIDs, from the one after `after` on. Expired ones too. */
  async list(
    { className, tenant }: Shard,
    { after, limit }: { after: string; limit: number },
    signal?: AbortSignal,
  ): Promise<Array<z.output<typeof ListedObject>>> {
    const query = { class: className, tenant, after, limit, include: 'vector' };
    const { body } = await this.send({ method: 'GET', path: '/v1/objects', query, signal, reply: Listed });
    return body.objects ?? [];
  }

  /** What each class answers, by its name. */
  async ask(
    kind: 'Get' | 'Aggregate',
    selected: readonly Selected[],
    signal?: AbortSignal,
  ): Promise<Record<string, Found[]>> {
    const consistencyLevel = kind === 'Get' && this.consistency ? new Keyword(this.consistency) : undefined;
    const query = graphqlText(kind, selected, { consistencyLevel });
    const call = { method: 'POST', path: '/v1/graphql', json: { query }, signal } as const;
    const { body } = await this.send({ ...call, reply: Answered });
    if (body.errors?.length)
      throw saidFailure(
        'the query',
        body.errors.map(({ message }) => message),
      );
    const answered = body.data?.[kind];
    if (!answered) throw replyInvalid(`no data.${kind}`);
    return Object.fromEntries(selected.map(({ className }) => [className, answered[className] ?? []]));
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private consistently(): Record<string, string> {
    return this.consistency ? { consistency_level: this.consistency } : {};
  }

  private async send<T>(call: HttpCall<T>): Promise<HttpReply<T>> {
    return this.http.request(call).catch((error: unknown) => {
      throw translated(error);
    });
  }
}

function tenantsOf(className: string): string {
  return `/v1/schema/${encodeURIComponent(className)}/tenants`;
}
