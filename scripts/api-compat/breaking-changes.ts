// What callers of the released API would stumble over in the API of now: the rules of docs/API_VERSIONS.md.
import { type Home, included, type Schema } from './included.js';

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: Schema;
}

interface Media {
  schema?: Schema;
}

export interface Operation {
  operationId?: string;
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<
    string,
    { description?: string; content?: Record<string, Media>; headers?: Record<string, object> }
  >;
  'x-scope'?: string;
  'x-sunset'?: string;
}

export interface ApiDocument extends Home {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
}

/** Sentences, each beginning with the operation and the place; `today` decides whether a sunset has passed. */
export function breakingChanges(before: ApiDocument, after: ApiDocument, today: Date): string[] {
  return Object.entries(before.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const name = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      if (!now) return removal(operation, today).map((problem) => `${name}: ${problem}`);
      return changes(operation, now, { before, after }).map((problem) => `${name}: ${problem}`);
    }),
  );
}

function removal({ deprecated, 'x-sunset': sunset }: Operation, today: Date): string[] {
  if (!deprecated || sunset === undefined) return ['is gone, and was not deprecated with a sunset'];
  return new Date(sunset) <= today ? [] : [`is gone before its sunset, ${sunset}`];
}

interface Documents {
  before: ApiDocument;
  after: ApiDocument;
}

function changes(was: Operation, is: Operation, documents: Documents): string[] {
  return [
    ...same('operationId', was.operationId, is.operationId),
    ...same('scope', was['x-scope'], is['x-scope']),
    ...parameterChanges(was, is, documents),
    ...bodyChanges(was, is, documents),
    ...replyChanges(was, is, documents),
  ];
}

function same(what: string, was: string | undefined, is: string | undefined): string[] {
  return was === undefined || was === is ? [] : [`${what} was ${was}, and is ${String(is)}`];
}

function parameterChanges(was: Operation, is: Operation, { before, after }: Documents): string[] {
  const keyOf = (one: Parameter) => `${one.in} ${one.name}`;
  const former = new Map((was.parameters ?? []).map((one) => [keyOf(one), one]));
  const now = new Map((is.parameters ?? []).map((one) => [keyOf(one), one]));
  const demanded = [...now.values()].filter((one) => one.required && !former.get(keyOf(one))?.required);
  return [
    ...demanded.map((one) => `${keyOf(one)}: must be there, and need not have been`),
    ...[...former].flatMap(([key, one]) => {
      const next = now.get(key);
      if (!next) return [`${key}: is not taken any more`];
      return included(one.schema ?? true, next.schema ?? true, { from: before, to: after, lenient: false }, key);
    }),
  ];
}

function bodyChanges(was: Operation, is: Operation, { before, after }: Documents): string[] {
  const demanded = is.requestBody?.required && !was.requestBody?.required;
  const now = is.requestBody?.content ?? {};
  return [
    ...(demanded ? ['body: must be there, and need not have been'] : []),
    ...Object.entries(was.requestBody?.content ?? {}).flatMap(([type, { schema = true }]) =>
      now[type]
        ? included(schema, now[type].schema ?? true, { from: before, to: after, lenient: false }, 'body')
        : [`body: ${type} is not taken any more`],
    ),
  ];
}

/** Of replies all that was promised must still hold: what comes now is read by who knows the form of before. */
function replyChanges(was: Operation, is: Operation, { before, after }: Documents): string[] {
  const codesNow = new Set(Object.values(is.responses).flatMap(codesOf));
  return Object.entries(was.responses).flatMap(([status, reply]) => {
    const now = is.responses[status];
    if (!now) return status.startsWith('2') ? [`reply ${status}: is gone`] : lost(codesOf(reply), codesNow);
    return [
      ...lost(codesOf(reply), codesNow),
      ...Object.keys(reply.headers ?? {})
        .filter((name) => !(name in (now.headers ?? {})))
        .map((name) => `reply ${status}: header ${name} is gone`),
      ...Object.entries(reply.content ?? {}).flatMap(([type, { schema = true }]) =>
        now.content?.[type]
          ? included(
              now.content[type].schema ?? true,
              schema,
              { from: after, to: before, lenient: true },
              `reply ${status}`,
            )
          : [`reply ${status}: ${type} is gone`],
      ),
    ];
  });
}

/** The failure codes that a reply may carry stand in its description. */
function codesOf({ description = '' }: { description?: string }): string[] {
  return description.startsWith('One of: ') ? description.slice('One of: '.length).split(', ') : [];
}

function lost(codes: readonly string[], now: ReadonlySet<string>): string[] {
  return codes.filter((code) => !now.has(code)).map((code) => `failure ${code}: is gone`);
}
