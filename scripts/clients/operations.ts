// The operations of an OpenAPI document in the form from which the clients of every language are written.
import {
  type ApiDocument,
  type Content,
  type DocumentOperation,
  type Media,
  type Parameter,
  resolved,
  type Schema,
  UnusableDocument,
} from './document.js';
import { pascalCase } from './names.js';

export type Auth = { scheme: 'bearer' | 'basic' } | { scheme: 'header' | 'query'; name: string };

export interface Argument {
  /** As the document names it. */
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description: string;
  schema: Schema;
  style: 'repeat' | 'comma' | 'deep' | 'json';
}

export type ReplyKind = 'json' | 'html' | 'text' | 'bytes' | 'empty';

export interface Body {
  type: string;
  as: 'json' | 'lines' | 'form' | 'multipart' | 'raw';
  required: boolean;
  /** Of the whole body; of one line for lines. */
  schema: Schema;
}

export interface Operation {
  id: string;
  /** The operationId in words that start with a capital, e.g. CacheWarmUp. */
  title: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  deprecated: boolean;
  repeat: 'always' | 'keyed' | 'never';
  auth: Auth | undefined;
  proof: boolean;
  /** Those of the path first, in its order. */
  arguments: Argument[];
  body: Body | undefined;
  /** Schemas of the JSON replies, and whether there are replies of text, of bytes, or without a body. */
  reply: { json: Schema[]; text: boolean; bytes: boolean; empty: boolean };
  /** What a good reply may be when it comes; nothing where the document does not say. */
  replyKinds: ReplyKind[] | undefined;
}

/** Header parameters that the clients send by themselves, or by an option of their own. */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  'x-correlation-id',
  'x-request-timestamp',
  'x-request-nonce',
  'idempotency-key',
  'authorization',
  'accept',
  'content-type',
]);

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
/** RFC 9110 §9.2.2. */
const IDEMPOTENT = ['get', 'put', 'delete', 'options', 'head'];

/**
 * `names` are used in place of operationIds that read badly.
 * @throws UnusableDocument where an operation is such that the clients could not call it
 */
export function operationsOf(document: ApiDocument, names: Readonly<Record<string, string>> = {}): Operation[] {
  const found = Object.entries(document.paths).flatMap(([path, declared]) => {
    const item: Record<string, unknown> = { ...resolved(document, declared as { $ref?: string }), ...declared };
    return METHODS.filter((method) => typeof item[method] === 'object').map((method) => ({
      path,
      method,
      declared: item[method] as DocumentOperation,
      shared: (item.parameters ?? []) as Parameter[],
    }));
  });
  // A document that marks what has an effect says of the rest that it has none.
  const marksEffects = found.some(({ declared }) => declared['x-effect'] !== undefined);
  const operations = found.map(({ path, method, declared, shared }) => {
    const id = declared.operationId ?? `${method}${path}`;
    const parameters = merged(document, shared, declared.parameters ?? []);
    const headers = parameters.filter((one) => one.in === 'header').map(({ name }) => name.toLowerCase());
    const effectless = marksEffects && declared['x-effect'] === undefined;
    return {
      id,
      title: pascalCase(Object.hasOwn(names, id) ? names[id]! : id),
      method: method.toUpperCase(),
      path,
      summary: declared.summary ?? '',
      description: declared.description ?? '',
      deprecated: declared.deprecated ?? false,
      repeat: repeatOf(IDEMPOTENT.includes(method) || effectless, headers.includes('idempotency-key')),
      auth: authOf(document, declared),
      proof: headers.includes('x-request-timestamp') && headers.includes('x-request-nonce'),
      arguments: argumentsOf(id, path, parameters),
      body: bodyOf(document, declared.requestBody),
      reply: replyOf(document, declared.responses ?? {}),
      replyKinds: replyKindsOf(document, declared.responses ?? {}),
    };
  });
  refuseTwins(operations);
  return operations;
}

function repeatOf(always: boolean, keyed: boolean): Operation['repeat'] {
  if (always) return 'always';
  return keyed ? 'keyed' : 'never';
}

function merged(document: ApiDocument, shared: Parameter[], own: Parameter[]): Parameter[] {
  const all = [...shared, ...own].map((one) => resolved(document, one));
  return [...new Map(all.map((one) => [`${one.in} ${one.name}`, one])).values()];
}

function argumentsOf(id: string, path: string, parameters: Parameter[]): Argument[] {
  const required = parameters.find((one) => one.in === 'cookie' && one.required);
  if (required) throw new UnusableDocument(`${id}: the cookie ${required.name} is required; cookies are not supported`);
  const placeholders = new Set([...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name!));
  const inPath = [...placeholders].map((name) => {
    const one = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name);
    return one ?? { name, in: 'path' as const };
  });
  const others = parameters.filter(
    ({ in: place, name }) => place === 'query' || (place === 'header' && !OWN_HEADERS.has(name.toLowerCase())),
  );
  return [...inPath, ...others].map((one) => ({
    name: one.name,
    in: one.in as Argument['in'],
    required: one.in === 'path' || one.required === true,
    description: one.description ?? '',
    schema: one.schema ?? {},
    style: styleOf(id, one),
  }));
}

function styleOf(id: string, { name, in: place, style, explode, content }: Parameter): Argument['style'] {
  if (content && Object.keys(content).some(isJson)) return 'json';
  if (place === 'query' && style === 'deepObject') return 'deep';
  const usual = place === 'query' ? 'form' : 'simple';
  if (style === undefined || style === usual) return explode === false ? 'comma' : 'repeat';
  throw new UnusableDocument(`${id}: the ${place} parameter ${name} has the style ${style}, which is not supported`);
}

function bodyOf(document: ApiDocument, content: Content | undefined): Body | undefined {
  if (!content) return undefined;
  const { required = false, content: media = {} } = resolved(document, content);
  const types = Object.keys(media);
  const type = types.find(isJson) ?? types[0];
  if (type === undefined) return undefined;
  const schema = media[type]!.schema ?? {};
  const as = howSent(type);
  return { type, as, required, schema: as === 'lines' ? (schema['x-line-schema'] ?? {}) : schema };
}

function howSent(type: string): Body['as'] {
  if (isJson(type)) return 'json';
  if (/ndjson|jsonl|json-seq|json-lines/.test(type)) return 'lines';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  return type === 'multipart/form-data' ? 'multipart' : 'raw';
}

function replyOf(document: ApiDocument, responses: Record<string, Content>): Operation['reply'] {
  const good = Object.entries(responses)
    .filter(([status]) => /^2/.test(status))
    .map(([, content]) => resolved(document, content).content ?? {});
  const all = good.flatMap((content) => Object.entries(content));
  const mayBeJson = ([type, { schema }]: [string, Media]) =>
    isJson(type) || (isAnyType(type) && schema?.format !== 'binary');
  const others = all.filter((one) => !mayBeJson(one)).map(([type]) => type);
  return {
    json: all.filter(mayBeJson).map(([, { schema = {} }]) => schema),
    text: others.some((type) => type.startsWith('text/')),
    bytes: others.some((type) => !type.startsWith('text/')),
    empty: good.some((content) => Object.keys(content).length === 0),
  };
}

function replyKindsOf(document: ApiDocument, responses: Record<string, Content>): ReplyKind[] | undefined {
  const good = Object.entries(responses)
    .filter(([status]) => /^2/.test(status))
    .map(([status, content]) => ({ status, types: Object.keys(resolved(document, content).content ?? {}) }));
  // Many documents leave out what a reply holds: without content, 204 and 205 alone say that there is none.
  if (good.every(({ status, types }) => types.length === 0 && !/^20[45]$/.test(status))) return undefined;
  return [
    ...new Set(good.flatMap(({ types }): ReplyKind[] => (types.length > 0 ? types.flatMap(kindsOf) : ['empty']))),
  ];
}

/** A page is meant only where a type of text is: proxies answer with one, whatever was asked for. */
function kindsOf(type: string): ReplyKind[] {
  if (isJson(type)) return ['json'];
  if (isAnyType(type)) return ['json', 'text', 'bytes', 'empty'];
  const plain = type.split(';')[0]!.trim().toLowerCase();
  if (plain === 'text/*') return ['text', 'html'];
  if (plain === 'text/html') return ['html'];
  return plain.startsWith('text/') ? ['text'] : ['bytes'];
}

export function isJson(type: string): boolean {
  const plain = type.split(';')[0]!.trim().toLowerCase();
  return plain === 'application/json' || plain.endsWith('+json');
}

/** A type that JSON is one of: what is declared under it is taken as JSON, which it mostly is. */
function isAnyType(type: string): boolean {
  return /^(\*|application)\/\*/.test(type.trim());
}

/** The first way to show who is calling that is known here; a call without one is open. */
function authOf(document: ApiDocument, { security }: DocumentOperation): Auth | undefined {
  for (const requirement of security ?? document.security ?? []) {
    for (const name of Object.keys(requirement)) {
      const declared = document.components?.securitySchemes?.[name];
      const auth = declared && schemeOf(resolved(document, declared));
      if (auth) return auth;
    }
  }
  return undefined;
}

function schemeOf(one: { type: string; scheme?: string; in?: string; name?: string }): Auth | undefined {
  if (one.type === 'oauth2' || one.type === 'openIdConnect') return { scheme: 'bearer' };
  if (one.type === 'http' && /^bearer$/i.test(one.scheme ?? '')) return { scheme: 'bearer' };
  if (one.type === 'http' && /^basic$/i.test(one.scheme ?? '')) return { scheme: 'basic' };
  if (one.type === 'apiKey' && (one.in === 'header' || one.in === 'query') && one.name) {
    return { scheme: one.in, name: one.name };
  }
  return undefined;
}

function refuseTwins(operations: Operation[]): void {
  const seen = new Map<string, string>();
  for (const { id, title } of operations) {
    const twin = seen.get(title.toLowerCase());
    if (twin !== undefined) {
      throw new UnusableDocument(
        `the operations ${twin} and ${id} would have one name; give them operationIds that differ`,
      );
    }
    seen.set(title.toLowerCase(), id);
  }
}
