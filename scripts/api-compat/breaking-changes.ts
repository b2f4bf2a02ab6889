// What callers of the released API would stumble over in the API of now: the rules of docs/API_VERSIONS.md.
import { included, type Sides } from './included.js';
import type { Home, Schema } from './schemas.js';

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

/** A path may also hold words and parameters of all its operations. */
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

export type PathItem = Partial<Record<(typeof METHODS)[number], Operation>> & { parameters?: Parameter[] };

export interface ApiDocument extends Home {
  info: { version: string };
  paths: Record<string, PathItem>;
}

interface Pair {
  name: string;
  was: Operation;
  is: Operation | undefined;
}

function pairs(before: ApiDocument, after: ApiDocument): Pair[] {
  return Object.entries(before.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const was = operationOf(item, method);
      return was ? [{ name: `${method.toUpperCase()} ${path}`, was, is: operationOf(after.paths[path], method) }] : [];
    }),
  );
}

/** With the parameters of its path, of which it may have others of the same name. */
function operationOf(item: PathItem | undefined, method: (typeof METHODS)[number]): Operation | undefined {
  const operation = item?.[method];
  return operation && { ...operation, parameters: [...(item?.parameters ?? []), ...(operation.parameters ?? [])] };
}

/** Sentences on operations that are there still, each beginning with the operation and the place. */
export function breakingChanges(before: ApiDocument, after: ApiDocument): string[] {
  return pairs(before, after).flatMap(({ name, was, is }) =>
    is ? changes(was, is, { before, after }).map((problem) => `${name}: ${problem}`) : [],
  );
}

/** Sentences on operations that are gone, or shall be, before the day that was promised; `today` decides whether it has passed. */
export function earlyRemovals(before: ApiDocument, after: ApiDocument, today: Date): string[] {
  return pairs(before, after).flatMap(({ name, was, is }) =>
    (is ? earlierSunset(was, is) : removal(was, today)).map((problem) => `${name}: ${problem}`),
  );
}

function removal({ deprecated, 'x-sunset': sunset }: Operation, today: Date): string[] {
  if (!deprecated || sunset === undefined) return ['is gone, and was not deprecated with a sunset'];
  return new Date(sunset) <= today ? [] : [`is gone before its sunset, ${sunset}`];
}

/** A sunset that is taken back promises more than it did. */
function earlierSunset({ 'x-sunset': was }: Operation, { 'x-sunset': is }: Operation): string[] {
  if (was === undefined || is === undefined || new Date(is) >= new Date(was)) return [];
  return [`sunset was ${was}, and is ${is}`];
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
  const sides = { from: before, to: after, lenient: false };
  return [
    ...(demanded ? ['body: must be there, and need not have been'] : []),
    ...Object.entries(was.requestBody?.content ?? {}).flatMap(([type, media]) =>
      now[type] ? mediaProblems(media, now[type], sides, 'body') : [`body: ${type} is not taken any more`],
    ),
  ];
}

/** Of replies all that was promised must still hold: what comes now is read by who knows the form of before. */
function replyChanges(was: Operation, is: Operation, { before, after }: Documents): string[] {
  const sides = { from: after, to: before, lenient: true };
  return Object.entries(was.responses).flatMap(([status, reply]) => {
    const at = `reply ${status}`;
    const now = is.responses[status];
    if (!now) return [`${at}: is gone`];
    return [
      ...lost(codesOf(reply), codesOf(now)).map((code) => `${at}: failure ${code} is gone`),
      ...lost(Object.keys(reply.headers ?? {}), Object.keys(now.headers ?? {})).map(
        (name) => `${at}: header ${name} is gone`,
      ),
      ...Object.entries(reply.content ?? {}).flatMap(([type, media]) =>
        now.content?.[type] ? mediaProblems(now.content[type], media, sides, at) : [`${at}: ${type} is gone`],
      ),
    ];
  });
}

/** Of lines of JSON the body is a text, and the form of each line is named beside it. */
function mediaProblems(from: Media, to: Media, sides: Sides, at: string): string[] {
  return [
    ...included(from.schema ?? true, to.schema ?? true, sides, at),
    ...included(lineOf(from), lineOf(to), sides, `${at} line`),
  ];
}

function lineOf({ schema = true }: Media): Schema {
  return typeof schema === 'boolean' ? true : ((schema['x-line-schema'] ?? true) as Schema);
}

/** The failure codes that a reply may carry stand in its description. */
function codesOf({ description = '' }: { description?: string }): string[] {
  return description.startsWith('One of: ') ? description.slice('One of: '.length).split(', ') : [];
}

function lost(before: readonly string[], now: readonly string[]): string[] {
  return before.filter((name) => !now.includes(name));
}
