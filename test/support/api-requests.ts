// Generates requests from an OpenAPI document: mostly as it says, often a little beside it, sometimes far from it.
import fc from 'fast-check';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  prefixItems?: Schema[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  default?: unknown;
  'x-line-schema'?: Schema;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

export interface ApiDocument {
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        parameters?: Parameter[];
        requestBody?: { content: Record<string, { schema: Schema }> };
        responses: Record<string, unknown>;
      }
    >
  >;
  components: { schemas: Record<string, Schema> };
}

export interface ApiRequest {
  operationId: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

const NDJSON = 'application/x-ndjson';
const DEEPEST = 4;
const NAMES = ['__proto__', 'constructor', 'prototype', '$ref', 'toString', 'query', 'tenant', 'admin', ''];

/** Texts that other systems stumbled over. */
const NASTY_TEXTS = [
  '',
  ' ',
  '\0',
  '\u2028',
  '\ud800',
  'a\r\nset-cookie: x=1',
  '../../etc/passwd',
  '%00',
  '$' + '{7*7}',
  '{{7*7}}',
  "'; DROP TABLE entries; --",
  '<script>alert(1)</script>',
  '*',
  'resk:e:*',
  '(a+)+$',
  'a'.repeat(5000),
  '😀'.repeat(600),
  'x²',
  'Ⅻ',
  '=cmd|calc!A1',
  'eyJhbGciOiJub25lIn0.e30.',
  '-1',
  '1e400',
  'NaN',
];

const nastyText = fc.constantFrom(...NASTY_TEXTS);
const nastyNumber = fc.constantFrom(
  0,
  -0,
  -1,
  1.5,
  1e21,
  Number.MAX_SAFE_INTEGER,
  -Number.MAX_SAFE_INTEGER,
  1e-300,
  4294967297,
);

/** Any JSON value, the odd ones among them. */
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  nastyText,
  nastyNumber,
  fc.constantFrom(null, true, false, [], {}),
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(fc.constantFrom(...NAMES), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
);

export class ApiRequests {
  constructor(private readonly document: ApiDocument) {}

  /** Requests of all operations, evenly. */
  any(): fc.Arbitrary<ApiRequest> {
    const operations = Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => this.of(path, method)),
    );
    return fc.oneof(...operations);
  }

  of(template: string, method: string): fc.Arbitrary<ApiRequest> {
    const { operationId, parameters = [], requestBody } = this.document.paths[template]![method]!;
    const content = requestBody?.content['application/json'];
    const line = requestBody?.content[NDJSON]?.schema['x-line-schema'];
    return fc
      .record({
        values: fc.tuple(...parameters.map((one) => this.parameter(one))),
        body: content
          ? this.bodyText(content.schema)
          : line
            ? fc.array(this.bodyText(line), { maxLength: 5 }).map((lines) => lines.join('\n'))
            : fc.option(fc.constantFrom('{}', 'null', '"x"', '{'), { nil: undefined, freq: 9 }),
        headers: oddHeaders,
      })
      .map(({ values, body, headers }) => {
        const given = parameters.map((one, at) => ({ ...one, value: values[at] }));
        const path = given
          .filter((one) => one.in === 'path')
          .reduce((text, { name, value }) => text.replace(`{${name}}`, encoded(value ?? '')), template);
        const query = given
          .filter((one) => one.in === 'query' && one.value !== undefined)
          .map(({ name, value }) => `${encodeURIComponent(name)}=${encoded(value!)}`);
        return {
          operationId,
          method: method.toUpperCase(),
          path: query.length > 0 ? `${path}?${query.join('&')}` : path,
          headers: { ...(body !== undefined && { 'content-type': line ? NDJSON : 'application/json' }), ...headers },
          body,
        };
      });
  }

  private parameter({ schema, required }: Parameter): fc.Arbitrary<string | undefined> {
    const fitting = this.value(schema).map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
    const any = fc.oneof(
      { weight: 5, arbitrary: fitting },
      { weight: 2, arbitrary: nastyText.filter((text) => text !== '') },
    );
    return required ? any : fc.option(any, { nil: undefined, freq: 2 });
  }

  private bodyText(schema: Schema): fc.Arbitrary<string> {
    return fc.oneof(
      { weight: 6, arbitrary: this.value(schema).map((value) => JSON.stringify(value)) },
      {
        weight: 4,
        arbitrary: fc
          .tuple(this.value(schema), fc.nat(), anyValue)
          .map(([value, at, odd]) => JSON.stringify(mutated(value, at, odd))),
      },
      { weight: 1, arbitrary: anyValue.map((value) => JSON.stringify(value)) },
      { weight: 1, arbitrary: brokenText },
    );
  }

  /** A value that fits the schema, as far as the schema says it. */
  private value(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
    if (schema.$ref) return this.value(this.resolved(schema.$ref), depth);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices)
      return depth > DEEPEST ? fc.constant(null) : fc.oneof(...choices.map((one) => this.value(one, depth + 1)));
    if (schema.allOf)
      return this.value(
        Object.assign({}, ...schema.allOf.map((one) => (one.$ref ? this.resolved(one.$ref) : one))),
        depth,
      );
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
    switch (type) {
      case 'object':
        return this.object(schema, depth);
      case 'array':
        return this.array(schema, depth);
      case 'string':
        return text(schema);
      case 'integer':
        return fc.integer({
          min: Math.max(schema.minimum ?? -5, -(2 ** 31)),
          max: Math.min(schema.maximum ?? 5000, 2 ** 31 - 1),
        });
      case 'number':
        return fc.double({ min: schema.minimum ?? -10, max: schema.maximum ?? 10, noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  }

  private object(
    { properties = {}, required = [], additionalProperties }: Schema,
    depth: number,
  ): fc.Arbitrary<unknown> {
    if (depth > DEEPEST) return fc.constant({});
    if (Object.keys(properties).length === 0) {
      const values =
        typeof additionalProperties === 'object'
          ? this.value(additionalProperties, depth + 1)
          : fc.jsonValue({ maxDepth: 1 });
      return fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), values, { maxKeys: 3 });
    }
    const fields = Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, this.value(one, depth + 1)]),
    );
    const bare = Object.fromEntries(required.map((name) => [name, fields[name]!]));
    return fc.oneof(fc.record(bare), fc.record(fields, { requiredKeys: required }));
  }

  private array({ items = {}, prefixItems, minItems = 0, maxItems = 4 }: Schema, depth: number): fc.Arbitrary<unknown> {
    if (prefixItems) return fc.tuple(...prefixItems.map((one) => this.value(one, depth + 1)));
    return fc.array(this.value(items, depth + 1), {
      minLength: Math.min(minItems, 16),
      maxLength: Math.max(minItems, Math.min(maxItems, 4)),
    });
  }

  private resolved(ref: string): Schema {
    return this.document.components.schemas[ref.split('/').at(-1)!]!;
  }
}

function text({ pattern, format, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  const plain = fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
  // Patterns of ours are short character classes; what a letter does not fit is refused, which is as good.
  const simple = fc.string({
    unit: fc.constantFrom(...'abcXYZ019_-'),
    minLength: Math.max(1, minLength),
    maxLength: Math.max(minLength, 43),
  });
  return pattern
    ? fc.oneof({ weight: 4, arbitrary: simple }, { weight: 1, arbitrary: plain })
    : fc.oneof(plain, nastyText);
}

/** Puts an odd value in some place of a value: instead of a field, or beside the fields. */
function mutated(value: unknown, at: number, odd: unknown): unknown {
  if (typeof value !== 'object' || value === null) return odd;
  const names = Object.keys(value);
  const name = names[at % (names.length + 1)] ?? NAMES[at % NAMES.length]!;
  const inner = (value as Record<string, unknown>)[name];
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const put = typeof inner === 'object' && inner !== null && at % 3 === 0 ? mutated(inner, at >> 2, odd) : odd;
  Object.defineProperty(copy, name, { value: put, enumerable: true, configurable: true, writable: true });
  return copy;
}

const brokenText = fc.oneof(
  fc.constantFrom(
    '',
    '{',
    '[',
    '{"a":',
    'nul',
    '\ufeff{}',
    '{"a":1}{"a":2}',
    '{"query":"a","query":"b"}',
    '{"__proto__":{"admin":true}}',
  ),
  fc.integer({ min: 10, max: 3000 }).map((deep) => '['.repeat(deep) + ']'.repeat(deep)),
  fc.integer({ min: 10, max: 3000 }).map((deep) => `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`),
  fc.integer({ min: 1000, max: 20_000 }).map((many) => `[${'0,'.repeat(many)}0]`),
);

const oddHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Record<string, string>>(
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=utf-16' },
      { accept: 'image/png' },
      { 'x-correlation-id': 'x'.repeat(500) },
      { 'idempotency-key': 'k' },
      { 'idempotency-key': 'x'.repeat(300) },
      { 'x-forwarded-for': '10.0.0.1, 127.0.0.1' },
      { 'x-forwarded-host': 'evil.example' },
      { traceparent: '00-zz-1-01' },
      { 'accept-encoding': 'gzip;q=0' },
      { range: 'bytes=0-1' },
      { 'if-none-match': '*' },
      { origin: 'https://evil.example' },
    ),
  },
);

function encoded(value: string): string {
  // A lone surrogate has no URL form; as a client that sends one, send its replacement.
  return encodeURIComponent(value.toWellFormed());
}
