// The texts by which Weaviate filters: one property holds them all, so that no field of a user's becomes a column of the class.
import { createHash } from 'node:crypto';
import type { FilterValue } from '#ports';
import type { Comparison } from '../plain-filter.js';
import { copyName, filterCopies, itemToken, numberToken, type Payload, RESERVED } from '../stored-document.js';

const LONGEST_TOKEN = 256;
const HEX_DIGITS = 16;
const SIGN = 1n << 63n;
const ALL_BITS = (1n << 64n) - 1n;

/** No document has it: every other token begins with a digit or `#`. */
export const NO_TOKEN = 'none';

/**
 * What a document can be found by: its metadata, its subject and its purposes. Weaviate tokenises with `field`, which trims
 * white space: each token begins and ends with something else.
 */
export function tokensOf({ metadata, subject, purposes = [] }: Payload): string[] {
  const { values, items } = filterCopies(metadata);
  const tokens = [...values, ...items].map(([field, value]) => valueToken(field, value));
  for (const [field, value] of values) if (typeof value === 'number') tokens.push(...orderTokens(field, value));
  if (subject !== undefined) tokens.push(subjectToken(subject));
  tokens.push(...purposes.map(purposeToken));
  return [...new Set(tokens)];
}

export function valueToken(field: string, value: FilterValue): string {
  return bounded(itemToken(copyName(field), value));
}

export function subjectToken(subject: string): string {
  return bounded(itemToken(`${RESERVED}subject`, subject));
}

export function purposeToken(purpose: string): string {
  return bounded(itemToken(`${RESERVED}purpose`, purpose));
}

/** Whether the field holds one number, not a list, is asked by this. */
export function hasNumberToken(field: string): string {
  return bounded(numberToken(copyName(field)));
}

/**
 * The tokens of which a number in order with the limit has exactly one. Numbers are written as 16 hexadecimal digits that
 * sort as they do, and every beginning of them is a token (a prefix tree, as Lucene's numeric fields were): what is
 * greater first differs at one of the digits, where it has a greater one. At most 16 × 15 tokens.
 */
export function rangeTokens(field: string, op: Comparison, limit: number): string[] {
  const digits = sortable(limit);
  const greater = op === 'gt' || op === 'gte';
  const tokens = op === 'gte' || op === 'lte' ? [orderToken(field, digits)] : [];
  for (let at = 0; at < HEX_DIGITS; at++) {
    const digit = Number.parseInt(digits[at]!, 16);
    const [from, to] = greater ? [digit + 1, 16] : [0, digit];
    for (let other = from; other < to; other++) {
      tokens.push(orderToken(field, digits.slice(0, at) + other.toString(16)));
    }
  }
  return tokens;
}

function orderTokens(field: string, value: number): string[] {
  const digits = sortable(value);
  const beginnings = Array.from(digits, (_, at) => orderToken(field, digits.slice(0, at + 1)));
  return [hasNumberToken(field), ...beginnings];
}

function orderToken(field: string, digits: string): string {
  const name = copyName(field);
  return bounded(`${name.length}:${name}#${digits}`);
}

/** IEEE 754 sorts as its bits do, once the sign is turned over, and of negative numbers every bit. */
function sortable(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value === 0 ? 0 : value); // -0 is 0
  const bits = view.getBigUint64(0);
  return (bits & SIGN ? bits ^ ALL_BITS : bits | SIGN).toString(16).padStart(HEX_DIGITS, '0');
}

/** A long one by its digest. */
function bounded(token: string): string {
  return token.length <= LONGEST_TOKEN ? token : `#${createHash('sha256').update(token).digest('hex')}`;
}
