// Reads an OpenAPI document, and says plainly what is wrong with one that clients cannot be made of.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What a JSON schema is made of, whoever reads it; `S` is the reader's own form of one. */
export interface SchemaParts<S> {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, S>;
  required?: string[];
  additionalProperties?: boolean | S;
  items?: S;
  enum?: unknown[];
  const?: unknown;
  anyOf?: S[];
  oneOf?: S[];
  allOf?: S[];
}

/** A JSON schema, as far as the generators of clients read it. */
export interface Schema extends SchemaParts<Schema> {
  nullable?: boolean;
  format?: string;
  'x-line-schema'?: Schema;
}

export interface Parameter {
  $ref?: string;
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  description?: string;
  style?: string;
  explode?: boolean;
  schema?: Schema;
  content?: Record<string, Media>;
}

export interface Media {
  schema?: Schema;
}

export interface Content {
  $ref?: string;
  required?: boolean;
  description?: string;
  content?: Record<string, Media>;
}

export interface DocumentOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: Content;
  responses?: Record<string, Content>;
  security?: Array<Record<string, string[]>>;
  'x-effect'?: string;
}

export interface SecurityScheme {
  $ref?: string;
  type: string;
  scheme?: string;
  in?: string;
  name?: string;
}

export interface ApiDocument {
  openapi: string;
  info: { title: string; version: string; description?: string; license?: { name?: string } };
  paths: Record<string, Record<string, unknown>>;
  components?: { schemas?: Record<string, Schema>; securitySchemes?: Record<string, SecurityScheme> };
  security?: Array<Record<string, string[]>>;
}

/** A document of which no clients can be made; the message says why, and what to do. */
export class UnusableDocument extends Error {}

/** @throws UnusableDocument where the file cannot be read, is no JSON or YAML, or no OpenAPI 3 */
export function readDocument(path: string): ApiDocument {
  return checkedDocument(parsed(path), path);
}

export function checkedDocument(value: unknown, name: string): ApiDocument {
  const document = withoutSamples(value) as Partial<ApiDocument> & { swagger?: string };
  if (typeof value !== 'object' || value === null) throw new UnusableDocument(`${name}: this is no OpenAPI document`);
  if (document.swagger) {
    throw new UnusableDocument(`${name}: this is Swagger ${document.swagger}; convert it to OpenAPI 3 first`);
  }
  if (!/^3\.[012]\./.test(String(document.openapi))) {
    throw new UnusableDocument(`${name}: "openapi" must be 3.0, 3.1 or 3.2, not ${JSON.stringify(document.openapi)}`);
  }
  if (typeof document.info?.title !== 'string' || typeof document.info.version !== 'string') {
    throw new UnusableDocument(`${name}: "info" must have a title and a version`);
  }
  if (typeof document.paths !== 'object' || document.paths === null || Object.keys(document.paths).length === 0) {
    throw new UnusableDocument(`${name}: "paths" names no operation`);
  }
  refuseForeignReferences(document, name);
  return document as ApiDocument;
}

/** What a reference of the document names. @throws UnusableDocument where it names nothing */
export function resolved<T extends { $ref?: string }>(document: ApiDocument, value: T): T {
  let found: T = value;
  for (let steps = 0; found.$ref !== undefined; steps++) {
    const reference = found.$ref;
    const target = reference
      .slice(2)
      .split('/')
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((inside, part) => (inside as Record<string, unknown> | undefined)?.[part], document);
    if (typeof target !== 'object' || target === null) throw new UnusableDocument(`${reference} names nothing`);
    if (steps > 100) throw new UnusableDocument(`${reference} leads in a circle`);
    found = target as T;
  }
  return found;
}

function parsed(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UnusableDocument(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    // JSON is YAML, too.
    return parse(text);
  } catch (error) {
    throw new UnusableDocument(`${path} is neither JSON nor YAML: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** What stands under these is a value of the API: a `$ref` in it is none of the document. */
const VALUES = new Set(['example', 'examples', 'default', 'const', 'enum']);
/** What stands under these is named by the API: `default` is a property there, or a reply. */
const NAMED = new Set([
  ...['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions', 'content', 'headers'],
  ...['schemas', 'parameters', 'requestBodies', 'responses', 'callbacks', 'pathItems', 'securitySchemes'],
]);

/** A copy without the values of the API that look like references. */
function withoutSamples(value: unknown, isNamed = false): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutSamples(one));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, one]) => isNamed || !VALUES.has(key) || references(one).length === 0,
  );
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutSamples(one, !isNamed && NAMED.has(key))]));
}

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { $ref } = value as { $ref?: unknown };
  return [...(typeof $ref === 'string' ? [$ref] : []), ...Object.values(value).flatMap(references)];
}

function refuseForeignReferences(value: unknown, name: string): void {
  const foreign = references(value).find((reference) => !reference.startsWith('#/'));
  if (foreign !== undefined) {
    throw new UnusableDocument(
      `${name}: ${foreign} lies in another file; bundle the document first, e.g. with "redocly bundle"`,
    );
  }
}
