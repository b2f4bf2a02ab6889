// docs/API_REFERENCE.md: every operation of the OpenAPI document, for people who read.
import type { SchemaParts } from '../clients/document.js';
import { wrapped } from './described.js';

const INTRODUCTION = `<!-- Made by npm run generate from the OpenAPI document. Do not edit. -->
# API reference

What [openapi.json](openapi.json) says, to be read. A running server shows the same at \`/docs\`, to be tried. Failures come as
\`application/problem+json\`; [FAILURES.md](FAILURES.md) says what each code means and how to react. How tokens get their scopes:
[TOKENS.md](TOKENS.md). Clients for programs: [CLIENTS.md](CLIENTS.md).`;

interface Schema extends SchemaParts<Schema> {
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
}

interface Parameter {
  name: string;
  in: string;
  description?: string;
  required?: boolean;
  schema?: Schema;
}

interface Body {
  description?: string;
  content?: Record<string, { schema?: Schema }>;
}

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  deprecated?: boolean;
  security?: object[];
  'x-scope'?: string;
  parameters?: Parameter[];
  requestBody?: Body;
  responses: Record<string, Body>;
}

export interface ApiDocument {
  tags?: { name: string; description?: string }[];
  paths: object;
  components?: { schemas?: object };
}

/** Sent with any request, and told of once. */
const EVERYWHERE = ['x-correlation-id', 'x-request-timestamp', 'x-request-nonce'];
const VERBS = ['get', 'post', 'put', 'patch', 'delete'];

/** Operations by their tag, schemas after them; each schema that is named is linked. */
export function apiReference(api: ApiDocument): string {
  const operations = Object.entries(api.paths as Record<string, Record<string, Operation>>).flatMap(([path, verbs]) =>
    VERBS.flatMap((verb) => (verbs[verb] ? [{ path, verb: verb.toUpperCase(), operation: verbs[verb] }] : [])),
  );
  const everyone = sharedCodes(
    operations.map(({ operation }) => operation).filter(({ security }) => security?.length !== 0),
  );
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags?.[0] ?? 'other');
  const chapters = [...groups].map(([tag, those]) => {
    const told = api.tags?.find(({ name }) => name === tag)?.description;
    const texts = those.map(({ path, verb, operation }) => operationText(path, verb, operation, everyone));
    return [`## ${capital(tag)}`, ...(told ? [told] : []), ...texts].join('\n\n');
  });
  const common = operations.flatMap(({ operation }) => operation.parameters ?? []).filter(isEverywhere);
  const once = [...new Map(common.map((one) => [one.name, one])).values()];
  const headers = once.length > 0 ? ['## Headers of every request', fields(once.map(ofParameter))] : [];
  const codes = [...everyone].map((code) => `\`${code}\``).join(', ');
  const refusals = codes ? ['## Refusals of every operation that takes a token', prose(codes)] : [];
  const schemas = Object.entries((api.components?.schemas ?? {}) as Record<string, Schema>);
  const bodies = schemas.length > 0 ? ['## Bodies', ...schemas.map(([name, schema]) => schemaText(name, schema))] : [];
  return `${[INTRODUCTION, ...headers, ...refusals, ...chapters, ...bodies].join('\n\n')}\n`;
}

/** Codes by which every operation that takes a token may refuse: told of once. */
function sharedCodes(operations: readonly Operation[]): Set<string> {
  const lists = operations.map(({ responses }) => Object.values(responses).flatMap(codesOf));
  return new Set(lists[0]?.filter((code) => lists.every((list) => list.includes(code))));
}

function codesOf({ description = '' }: Body): string[] {
  return /^One of: (?<codes>.+)$/s.exec(description)?.groups?.codes?.split(', ') ?? [];
}

function operationText(path: string, verb: string, operation: Operation, everyone: ReadonlySet<string>): string {
  const { summary, description, parameters = [], requestBody, responses, deprecated } = operation;
  const own = parameters.filter((one) => !isEverywhere(one)).map(ofParameter);
  const parts = [
    `### \`${verb} ${path}\``,
    ...[...new Set([summary, description])].flatMap((text) => (text ? [prose(text)] : [])),
    [`Operation \`${operation.operationId}\`.`, accessOf(operation), deprecated ? '**Deprecated.**' : '']
      .filter(Boolean)
      .join(' '),
    ...(own.length > 0 ? [fields(own)] : []),
    ...(requestBody ? [`Takes ${bodyText(requestBody)}.`] : []),
    Object.entries(responses)
      .flatMap(([status, reply]) => replyText(status, reply, everyone))
      .join('\n'),
  ];
  return parts.join('\n\n');
}

function accessOf({ security, 'x-scope': scope }: Operation): string {
  if (security?.length === 0) return 'No token.';
  return scope === 'token' ? 'Any token.' : scope ? `Scope \`${scope}\`.` : '';
}

function replyText(status: string, reply: Body, everyone: ReadonlySet<string>): string[] {
  const codes = codesOf(reply);
  if (codes.length === 0) {
    const body = reply.content ? `: ${bodyText(reply)}` : '';
    return [`- **${status}** ${safe(reply.description ?? '').replace(/\.$/, '')}${body}`];
  }
  const own = codes.filter((code) => !everyone.has(code)).map((code) => `\`${code}\``);
  return own.length > 0 ? [`- **${status}** ${own.join(', ')}`] : [];
}

function bodyText({ content = {} }: Body): string {
  return Object.entries(content)
    .map(([type, { schema }]) => `${schema ? kindOf(schema) : 'anything'} (\`${type}\`)`)
    .join(', or ');
}

function schemaText(name: string, schema: Schema): string {
  const told = schema.description ? [prose(schema.description)] : [];
  const { properties } = schema;
  if (!properties) return [`### ${name}`, ...told, `${capital(kindOf(schema))}.`].join('\n\n');
  const rows = rowsOf(schema);
  return [`### ${name}`, ...told, rows.length > 0 ? fields(rows) : 'Has no members of its own.'].join('\n\n');
}

/** Members, and below each the members that it has itself: `vector.k`. */
function rowsOf({ properties = {}, required = [] }: Schema, before = ''): Field[] {
  return Object.entries(properties).flatMap(([field, one]) => {
    const name = `${before}${field}`;
    const row = { name, kind: kindOf(one), needed: required.includes(field), doc: one.description ?? '' };
    const inner = one.type === 'array' ? rowsOf(one.items ?? {}, `${name}[].`) : rowsOf(one, `${name}.`);
    return [row, ...inner];
  });
}

interface Field {
  name: string;
  kind: string;
  needed: boolean;
  doc: string;
}

function ofParameter({ name, in: place, required = false, schema = {}, description = '' }: Parameter): Field {
  return { name, kind: `${kindOf(schema)}, ${place}`, needed: required, doc: description };
}

function fields(rows: readonly Field[]): string {
  const lines = rows.map(
    ({ name, kind, needed, doc }) => `| \`${name}\` | ${cell(kind)} | ${needed ? 'yes' : ''} | ${cell(safe(doc))} |`,
  );
  return ['| name | kind | needed | |', '|---|---|---|---|', ...lines].join('\n');
}

/** What a value may be, in a few words; other schemas are linked. */
export function kindOf(schema: Schema): string {
  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return `[${name}](#${name.toLowerCase()})`;
  }
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return [...new Set(several.map(kindOf))].join(' or ');
  if (schema.allOf) return schema.allOf.map(kindOf).join(' and ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((one) => `\`${JSON.stringify(one)}\``).join(' or ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => kindOf({ ...schema, type })).join(' or ');
  if (schema.type === 'array')
    return `list of ${schema.items ? kindOf(schema.items) : 'anything'}${bounds(schema, 'Items')}`;
  if (schema.type === 'string') return `string${bounds(schema, 'Length')}`;
  if (schema.type === 'object' || schema.properties) return 'object';
  if (schema.type === undefined) return 'anything';
  return `${schema.type}${range(schema.minimum, schema.maximum)}`;
}

function bounds(schema: Schema, of: 'Items' | 'Length'): string {
  return range(schema[`min${of}`], schema[`max${of}`]);
}

function range(least: number | undefined, most: number | undefined): string {
  const wide = (most ?? 0) >= Number.MAX_SAFE_INTEGER ? undefined : most;
  const from = (least ?? 0) <= Number.MIN_SAFE_INTEGER ? undefined : least;
  if (from === undefined && wide === undefined) return '';
  return wide === undefined ? `, at least ${from}` : `, ${from ?? ''} to ${wide}`.replace(',  to', ', at most');
}

function isEverywhere({ name }: Parameter): boolean {
  return EVERYWHERE.includes(name);
}

function prose(text: string): string {
  return text
    .split('\n')
    .map((line) => wrapped(safe(line), 140).join('\n'))
    .join('\n');
}

/** Markdown reads `<` as HTML. */
function safe(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
