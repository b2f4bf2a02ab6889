// Writes conditions in Milvus's expression language, in forms that mean the same in all its versions.
import { createHash } from 'node:crypto';
import type { FilterValue } from '#ports';
import type { Term } from '../plain-filter.js';
import { itemToken, numberToken, textToken } from '../stored-document.js';
import { escapedName } from '../vendor-name.js';

/**
 * Satisfied by no point, for no id is empty: the language has no constants. Versions differ in what comparing an absent
 * key of a JSON field gives, and in what `not` makes of it: so `not` is only ever put before a list's `array_contains`,
 * which is true or false, and what is absent is asked for by a token of such a list.
 */
export const NOTHING = 'id == ""';

const SYMBOLS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
const OPPOSITES = { gt: '<=', gte: '<', lt: '>=', lte: '>' } as const;

/** Bytes of the longest token that stays readable: a longer one is stored as its digest. */
const LONGEST_TOKEN = 256;

/**
 * A text as a literal. The grammar (Plan.g4) reads JSON's escapes as JSON does; half a surrogate pair, which it would
 * refuse, is stored as the replacement character too.
 */
export function literal(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

export function listOf(texts: readonly string[]): string {
  return `[${texts.map(literal).join(', ')}]`;
}

export function allOf(conditions: ReadonlyArray<string | undefined>): string {
  return conditions.filter((one) => one !== undefined).join(' and ');
}

export function termExpression(term: Term | boolean): string | undefined {
  if (term === true) return undefined;
  if (term === false) return NOTHING;
  switch (term.is) {
    case 'all':
    case 'any':
      return `(${term.terms.map(termExpression).join(term.is === 'all' ? ' and ' : ' or ')})`;
    case 'oneOf': {
      const holds = `array_contains_any(resk_tokens, ${listOf(term.values.map((one) => valueToken(term.field, one)))})`;
      return term.holds ? holds : `(not (${holds}))`;
    }
    default:
      return inOrder(term);
  }
}

function inOrder({ op, field, value, holds }: Term & { is: 'inOrder' }): string {
  const key = `resk_ordered[${literal(orderedKey(field, value))}]`;
  const limit = typeof value === 'number' ? numeral(value) : literal(value);
  if (holds) return `(${key} ${SYMBOLS[op]} ${limit})`;
  const marker = literal(kindToken(field, value));
  return `((not (array_contains(resk_tokens, ${marker}))) or (${key} ${OPPOSITES[op]} ${limit}))`;
}

/** What stands for one value of a field, or one item of its list, in `resk_tokens`. */
export function valueToken(field: string, value: FilterValue): string {
  return bounded(itemToken(field, value));
}

/** What stands there for the kind of value that a field has. */
export function kindToken(field: string, value: number | string): string {
  return bounded(typeof value === 'number' ? numberToken(field) : textToken(field));
}

/** The key of a field in `resk_ordered`: letters that no version of the grammar misreads, one for each kind of value. */
export function orderedKey(field: string, value: number | string): string {
  const kind = typeof value === 'number' ? 'n' : 't';
  return kind + escapedName(field, { plain: /[A-Za-z0-9]/, mark: '_' });
}

/** Integers beyond 64 bits would be refused, so what is beyond JavaScript's own is written as a floating number. */
function numeral(value: number): string {
  const finite = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
  return Number.isSafeInteger(finite) ? String(finite) : finite.toExponential();
}

function bounded(token: string): string {
  return Buffer.byteLength(token) <= LONGEST_TOKEN ? token : createHash('sha256').update(token).digest('base64url');
}
