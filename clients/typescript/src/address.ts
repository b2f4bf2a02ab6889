// Where a call goes: the path with its values, and the query.
import type { Input, Operation, QueryStyle } from './operation.js';

/** The base of every address, without a slash at its end. @throws TypeError where it is no address of HTTP */
export function baseOf(url: string | URL): string {
  const base = new URL(url);
  if (!/^https?:$/.test(base.protocol)) throw new TypeError(`baseUrl must be http: or https:, not ${base.protocol}`);
  if (base.username || base.password) throw new TypeError('baseUrl must not hold a password; give a token');
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
  const text = value === undefined || value === null ? '' : String(value);
  if (text === '' || text === '.' || text === '..') {
    throw new TypeError(`${operation}: ${name} must not be ${text === '' ? 'empty' : `"${text}"`}`);
  }
  return encodeURIComponent(text);
}

function pairs(name: string, value: unknown, style: QueryStyle): Array<[string, string]> {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) {
    return style === 'comma' ? [[name, value.map(plain).join(',')]] : value.map((one) => [name, plain(one)]);
  }
  if (style !== 'deep' || typeof value !== 'object' || value instanceof Date) return [[name, plain(value)]];
  return Object.entries(value).flatMap(([inner, one]) => pairs(`${name}[${inner}]`, one, style));
}

function plain(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
