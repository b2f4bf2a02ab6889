// What a span says of a piece of work when it begins: its name, its kind, and what the semantic conventions have names for.
import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { CallWork, Work } from '#ports';

export interface Beginning {
  name: string;
  kind: SpanKind;
  attributes: Attributes;
}

/** What runs inside this process: its spans are internal, not calls of a client. */
const IN_PROCESS = new Set(['local', 'embedded', 'memory', 'sqlite']);

/** The commands of Redis that our operations are: https://opentelemetry.io/docs/specs/semconv/db/redis/ */
const REDIS_COMMANDS: Readonly<Record<string, string>> = {
  get: 'MGET',
  set: 'SET',
  delete: 'UNLINK',
  increment: 'INCR',
  list: 'SCAN',
  health: 'PING',
  script: 'EVALSHA',
  publish: 'PUBLISH',
};

/** Our names of vendors that the conventions know under another. */
const GEN_AI_PROVIDERS: Readonly<Record<string, string>> = {
  'azure-openai': 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  mistral: 'mistral_ai',
};

export function beginningOf(work: Work): Beginning {
  switch (work.kind) {
    case 'lookup':
      return internal('cache lookup');
    case 'tier':
      return tier(work);
    case 'records':
      return internal(`${work.operation} records`, database(work.system, work.operation));
    case 'retrieval':
      return internal(`retrieval ${work.step}`);
    case 'part':
      return internal(`${work.of} part`, { 'resk.items': work.items });
    case 'background':
      return internal(work.task);
    case 'call':
      return call(work);
  }
}

/** Redis is a client's call below this one; SQLite is called right here. */
function tier({ tier, operation }: Extract<Work, { kind: 'tier' }>): Beginning {
  const here = IN_PROCESS.has(tier) ? database(tier, operation) : {};
  return internal(`${operation} ${tier}`, { ...here, 'resk.cache.tier': tier });
}

function call(work: CallWork): Beginning {
  const { name, attributes } = OF_FAMILY[work.family](work);
  const { server } = work;
  return {
    name,
    kind: IN_PROCESS.has(work.provider) ? SpanKind.INTERNAL : SpanKind.CLIENT,
    attributes: { ...attributes, ...(server && { 'server.address': server.host, 'server.port': server.port }) },
  };
}

type Named = Pick<Beginning, 'name' | 'attributes'>;

const OF_FAMILY: Readonly<Record<CallWork['family'], (work: CallWork) => Named>> = {
  'embedding-model': (work) => model('embeddings', work),
  reranker: (work) => model('rerank', work),
  'vector-store': ({ provider, operation, items = 0 }) => ({
    name: `${operation} ${provider}`,
    attributes: {
      ...database(provider, operation),
      // Of several at once only.
      ...(operation === 'upsert' && items > 1 && { 'db.operation.batch.size': items }),
    },
  }),
  'byte-store': ({ provider, operation, server }) => {
    const command = provider === 'redis' ? (REDIS_COMMANDS[operation] ?? operation) : operation;
    const target = server ? `${server.host}:${server.port}` : provider;
    return { name: `${command} ${target}`, attributes: database(provider, command) };
  },
  'key-service': plain,
  'token-issuer': plain,
};

/** https://github.com/open-telemetry/semantic-conventions-genai: the name holds the model. */
function model(operation: string, { provider, items, ...work }: CallWork): Named {
  const asked = work.model === undefined ? undefined : withoutPath(work.model);
  return {
    name: `${operation} ${asked ?? provider}`,
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': GEN_AI_PROVIDERS[provider] ?? provider,
      ...(asked !== undefined && { 'gen_ai.request.model': asked }),
      ...(items !== undefined && { 'resk.items': items }),
    },
  };
}

/** A model may be a folder of the machine: then its last part is told alone. */
function withoutPath(model: string): string {
  return /^(?:[./~\\]|[A-Za-z]:)/.test(model) ? model.replace(/^.*[/\\](?=.)/s, '') : model;
}

function plain({ provider, operation }: CallWork): Named {
  return {
    name: `${operation} ${provider}`,
    attributes: { 'resk.provider': provider, 'resk.operation': operation },
  };
}

function database(system: string, operation: string): Attributes {
  return { 'db.system.name': system, 'db.operation.name': operation };
}

function internal(name: string, attributes: Attributes = {}): Beginning {
  return { name, kind: SpanKind.INTERNAL, attributes };
}
