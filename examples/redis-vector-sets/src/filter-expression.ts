// What a query asks for, as an expression for VSIM's FILTER, and what of it the expression cannot say.
// https://redis.io/docs/latest/develop/data-types/vector-sets/filtered-search/
import type { Filter, FilterValue, VectorQuery } from 'resk-caching/ports';
import { digest, numberName, valueToken } from './documents.js';

const SYMBOLS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

export interface Asked {
  /** Satisfied by every document that is asked for, and perhaps by others. */
  expression: string;
  /** Whether by no others. */
  exact: boolean;
}

export function askedFor({ filter, purpose, ingestedSince }: VectorQuery, now: number): Asked {
  const parts = [`.ends > ${numeral(now)}`, '.consent == 1'];
  parts.push(purpose === undefined ? '.free == 1' : `(.free == 1 or "${digest(purpose)}" in .purposes)`);
  if (ingestedSince !== undefined) parts.push(`.ingested >= ${numeral(ingestedSince)}`);
  const { expression, exact } = filter ? conjunction(filter) : { expression: '', exact: true };
  if (expression !== '') parts.push(expression);
  return { expression: parts.join(' and '), exact };
}

/**
 * The conditions that must all hold. Here a comparison of a number that is absent makes the whole expression false, as it
 * should; anywhere deeper it would make false what another part may make true.
 */
function conjunction(filter: Filter): Asked {
  if (filter.op === 'and') {
    const parts = filter.filters.map(conjunction);
    const said = parts.map(({ expression }) => expression).filter((one) => one !== '');
    return { expression: said.join(' and '), exact: parts.every(({ exact }) => exact) };
  }
  const within = expressionOf(filter);
  if (within !== undefined) return { expression: within, exact: true };
  return isNumeric(filter) ? { expression: comparison(filter), exact: true } : { expression: '', exact: false };
}

/** The same condition; `undefined` where the language cannot say it: an order of texts, of numbers that may be absent, or of tiny ones. */
function expressionOf(filter: Filter): string | undefined {
  switch (filter.op) {
    case 'eq':
      return holds(filter.field, [filter.value]);
    case 'in':
      return holds(filter.field, filter.values);
    case 'ne':
      return negated(holds(filter.field, [filter.value]));
    case 'nin':
      return negated(holds(filter.field, filter.values));
    case 'not':
      return negated(expressionOf(filter.filter));
    case 'and':
    case 'or': {
      const parts = filter.filters.map(expressionOf);
      if (parts.includes(undefined)) return undefined;
      return parts.length === 0 ? constant(filter.op === 'and') : `(${parts.join(` ${filter.op} `)})`;
    }
    default:
      return undefined;
  }
}

function negated(expression: string | undefined): string | undefined {
  return expression && `(not ${expression})`;
}

function holds(field: string, values: readonly FilterValue[]): string {
  const parts = values.map((value) => `"${valueToken(field, value)}" in .tokens`);
  return parts.length === 0 ? constant(false) : `(${parts.join(' or ')})`;
}

function constant(truth: boolean): string {
  return truth ? '(1 == 1)' : '(1 == 0)';
}

type Comparison = Filter & { op: keyof typeof SYMBOLS };

function isNumeric(filter: Filter): filter is Comparison & { value: number } {
  const { value } = filter as Comparison;
  return filter.op in SYMBOLS && typeof value === 'number' && !String(value).includes('e-');
}

function comparison({ op, field, value }: Comparison & { value: number }): string {
  return `.${numberName(field)} ${SYMBOLS[op]} ${numeral(value)}`;
}

/** The language knows no infinity, and no sign in an exponent. */
function numeral(value: number): string {
  return String(Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))).replace('e+', 'e');
}
