// Reads a JSON body, and refuses what no schema could: bad UTF-8, deep nesting, numbers beyond all bounds, property names
// that reach prototypes.
import { isUtf8 } from 'node:buffer';
import { type Failure, failure } from '#ports';

/** Levels of nesting that a body may have. */
export const MAX_DEPTH = 64;

// Only a body that is long enough to be deep, or that holds one of these, needs a walk through its values.
// \u: an escape may hide a name, or a lone surrogate. An exponent of three digits may be more than a number can hold.
const SUSPECT = /__proto__|prototype|\\u|\de\+?\d{3}/i;

/** The value of a body. @throws Failure `request.malformed`, `request.empty`, `request.too_deep`, `request.forbidden_name` */
export function readJson(body: Buffer): unknown {
  if (body.length === 0) throw failure('request.empty', {});
  if (!isUtf8(body)) throw failure('request.malformed', {});
  const text = body.toString('utf8');
  const value = parse(text);
  if (text.length >= 2 * MAX_DEPTH || SUSPECT.test(text)) walk(value);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw failure('request.malformed', {});
  }
}

/** Walks without recursion, so that a deep body cannot exhaust the stack. */
function walk(root: unknown): void {
  let level: Array<{ value: object; path: string }> = isObject(root) ? [{ value: root, path: '' }] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      throw failure('request.too_deep', { limit: MAX_DEPTH }, at(shortened(level[0]!.path), 'too_deep'));
    const next: typeof level = [];
    for (const { value, path } of level) {
      if (Array.isArray(value)) inArray(value, path, next);
      else inObject(value as Record<string, unknown>, path, next);
    }
    level = next;
  }
}

function inArray(values: unknown[], path: string, next: Array<{ value: object; path: string }>): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value === 'number' && Number.isFinite(value)) continue;
    check(value, `${path}${index}.`, next);
  }
}

function inObject(object: Record<string, unknown>, path: string, next: Array<{ value: object; path: string }>): void {
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (name === '__proto__' || (name === 'constructor' && isObject(value) && Object.hasOwn(value, 'prototype'))) {
      throw failure('request.forbidden_name', { name }, at(`${path}${name}`, 'forbidden_name'));
    }
    if (!name.isWellFormed()) throw malformed(path, 'A property name holds half of a surrogate pair.');
    check(value, `${path}${name}.`, next);
  }
}

function check(value: unknown, path: string, next: Array<{ value: object; path: string }>): void {
  if (isObject(value)) next.push({ value, path });
  else if (typeof value === 'string' && !value.isWellFormed()) {
    throw malformed(path, 'The text holds half of a surrogate pair, which UTF-8 cannot carry.');
  } else if (typeof value === 'number' && !Number.isFinite(value)) {
    throw unusable(path, 'not_finite', 'The number is larger than a 64-bit float can hold.');
  }
}

function malformed(path: string, message: string): Failure {
  return unusable(path, 'not_well_formed', message);
}

function unusable(path: string, code: string, message: string): Failure {
  const problems = [{ path: shortened(path), code, message }];
  return failure('request.invalid', { part: 'body', count: 1 }, { problems });
}

function at(path: string, code: string) {
  return { problems: [{ path, code, message: 'Send the value in another form.' }] };
}

function shortened(path: string): string {
  const trimmed = path.replace(/\.$/, '');
  return trimmed.length > 120 ? `${trimmed.slice(0, 120)}…` : trimmed;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
