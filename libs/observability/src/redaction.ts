// Keeps secrets and the texts of users out of log lines, by the names of fields and by what secrets look like.
import { Secret } from '#ports';
import { fitForLogs } from '#privacy';
import { errorFields } from './error-fields.js';

const MASK = '••••••';

/** Fields whose values are secrets: printed as dots. Compared without case, dashes and underscores. */
const SECRET_NAMES = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'token',
  'accessToken',
  'refreshToken',
  'idToken',
  'jwt',
  'secret',
  'clientSecret',
  'password',
  'passphrase',
  'credentials',
  'apiKey',
  'x-api-key',
  'privateKey',
  'encryptionKey',
];

/** Fields whose values users wrote, or that can be turned back into what they wrote: only their size is printed. */
const TEXT_NAMES = [
  'prompt',
  'query',
  'question',
  'text',
  'texts',
  'input',
  'answer',
  'response',
  'result',
  'completion',
  'content',
  'body',
  'json',
  'documents',
  'variants',
  'matches',
  'metadata',
  'subject',
  'vector',
  'vectors',
];

type Sort = 'secret' | 'text' | 'url' | 'open';

const sorts = new Map<string, Sort>();
for (const name of SECRET_NAMES) sorts.set(plain(name), 'secret');
for (const name of TEXT_NAMES) sorts.set(plain(name), 'text');

/** What was found for names as they are spelled: fields come from code, so that there are few. */
const remembered = new Map<string, Sort>();
const MOST_REMEMBERED = 1000;

const MOST_ITEMS = 50;
const DEEPEST = 6;

// Bearer tokens, JWTs, and whatever stands before the host of a URL, wherever in a line: more than is surely a secret.
const BEARER = /\b(bearer)\s+[\w.~+/=-]{8,}/gi;
const JWT = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;
const URL_PASSWORD = /:\/\/[^\s/@"]+@/g;

// A size that was put there before: pino's redaction comes after ours.
const SIZE = /^\[(text of \d+ characters|\d+ (items|bytes)|withheld)\]$/;

/** A copy of the fields of a log line that may be printed. Cycles and depth end at six levels. */
export function redacted(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    copy[name] = withheld(name, value) ?? printable(name, value, depth);
  }
  return copy;
}

/** What is printed in place of the value of a field that must not be; `undefined` where it may be. */
export function withheld(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const sort = sortOf(name);
  if (sort === 'secret') return MASK;
  return sort === 'text' ? sizeOf(value) : undefined;
}

/** The names that are withheld, for pino's own redaction of the fields that a child logger is made with. */
export const WITHHELD_PATHS = [...SECRET_NAMES, ...TEXT_NAMES].map((name) =>
  name.includes('-') ? `["${name}"]` : name,
);

/** A finished log line without the secrets and e-mail addresses that can be told by their form. */
export function masked(line: string): string {
  return fitForLogs(line, MASK).replace(BEARER, `$1 ${MASK}`).replace(JWT, MASK).replace(URL_PASSWORD, `://${MASK}@`);
}

function printable(name: string, value: unknown, depth: number): unknown {
  // The query part of a URL may carry a question: DELETE /api/cache?query=…
  if (typeof value === 'string') return sortOf(name) === 'url' ? value.split('?', 1)[0] : value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret) return MASK;
  if (value instanceof Error) return errorFields(value);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return sizeOf(value);
  if (depth >= DEEPEST) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => printable(name, item, depth + 1));
  return redacted(value as Record<string, unknown>, depth + 1);
}

function sizeOf(value: unknown): string {
  if (typeof value === 'string') return SIZE.test(value) ? value : `[text of ${value.length} characters]`;
  if (Array.isArray(value)) return `[${value.length} items]`;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return '[withheld]';
}

function sortOf(name: string): Sort {
  const known = remembered.get(name);
  if (known) return known;
  const wanted = plain(name);
  const sort = sorts.get(wanted) ?? (wanted.endsWith('url') ? 'url' : 'open');
  if (remembered.size < MOST_REMEMBERED) remembered.set(name, sort);
  return sort;
}

function plain(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}
