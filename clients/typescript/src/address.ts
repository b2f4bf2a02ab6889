// Where a call goes: the path with its values, and the query.
import type { Input, Operation, QueryStyle } from './operation.js';

/** The base of every address, without a slash at its end. @throws TypeError where it is no address of HTTP */
export function baseOf(url: string | URL): string {
  const base = new URL(url);
  if (!/^https?:$/.test(base.protocol)) throw new TypeError(`baseUrl must be http: or https:, not ${base.protocol}`);
  if (base.username || base.password) throw new TypeError('baseUrl must not hold a password; give a token');
  if (base.search || base.hash) throw new TypeError('baseUrl must end with its path: no query, and no part of a page');
  return base.origin + base.pathname.replace(/\/+$/, '');
}

export function addressOf(base: string, operation: Operation, { path = {}, parameters = {} }: Input): string {
  const filled = operation.path.replace(/\{([^}]+)\}/g, (_, name: string) => segment(operation.id, name, path[name]));
  const query = new URLSearchParams();
  for (const [name, style] of Object.entries(operation.query ?? {})) {
    for (const pair of pairs(name, (parameters as Record<string, unknown>)[name], style)) query.append(...pair);
  }
  const text = query.toString();
  return text ? `${base}${filled}?${text}` : base + filled;
}

/** An empty value, `.` and `..` would name another path: an entry would become all entries. */
function segment(operation: string, name: string, value: unknown): string {
  const text = value === undefined || value === null ? '' : simple(value, encodeURIComponent);
  if (text === '' || text === '.' || text === '..') {
    throw new TypeError(`${operation}: ${name} must not be ${text === '' ? 'empty' : `"${text}"`}`);
  }
  return text;
}

/** A value of the path or of a header: a list is joined with commas. */
export function simple(value: unknown, encoded = (text: string) => text): string {
  return Array.isArray(value) ? value.map((one) => encoded(plain(one))).join(',') : encoded(plain(value));
}

function pairs(name: string, value: unknown, style: QueryStyle): Array<[string, string]> {
  if (!isGiven(value)) return [];
  if (style === 'json') return [[name, JSON.stringify(value)]];
  if (Array.isArray(value)) {
    return style === 'comma' ? [[name, value.map(plain).join(',')]] : value.map((one) => [name, plain(one)]);
  }
  if (typeof value !== 'object' || value instanceof Date) return [[name, plain(value)]];
  const members = Object.entries(value as object).filter(([, one]) => isGiven(one));
  switch (style) {
    case 'deep':
      return members.flatMap(([inner, one]) => pairs(`${name}[${inner}]`, one, style));
    case 'comma':
      return [[name, members.flat().map(plain).join(',')]];
    case 'repeat':
      return members.flatMap(([inner, one]) => (Array.isArray(one) ? pairs(inner, one, style) : [[inner, plain(one)]]));
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function plain(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
