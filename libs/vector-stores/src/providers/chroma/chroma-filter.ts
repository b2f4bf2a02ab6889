// Says in Chroma's conditions what a query may find, so that nothing else counts to its k.
import { type Filter, type FilterValue, failure, type VectorQuery } from '#ports';
import { plainFilter, type Term } from '../plain-filter.js';
import { PROVIDER } from './chroma-failures.js';
import { FOR_ALL, forPurpose, nameOf, nameOfItem, nameOfNumber } from './chroma-records.js';
import type { Where } from './chroma-requests.js';

const OPPOSITE = { gt: '$lte', gte: '$lt', lt: '$gte', lte: '$gt' } as const;

/** Points that have not ended. */
export function current(now: number): Where {
  return { resk_expires_at: { $gt: now } };
}

/** What a query may find; `undefined` where its filter excludes every document. */
export function eligible({ filter, purpose, ingestedSince }: VectorQuery, now: number): Where | undefined {
  const chosen = filter === undefined ? true : whereOf(filter);
  if (chosen === false) return undefined;
  const all = { [FOR_ALL]: true };
  return every([
    current(now),
    purpose === undefined ? all : any([all, { [forPurpose(purpose)]: true }]),
    ...(ingestedSince === undefined ? [] : [{ resk_ingested_at: { $gte: ingestedSince } }]),
    ...(chosen === true ? [] : [chosen]),
  ]);
}

/**
 * The portable filter; `true` or `false` where every document satisfies it, or none does.
 * @throws Failure `vector.filter_unsupported` for texts in order: Chroma orders numbers only.
 */
export function whereOf(filter: Filter): Where | boolean {
  const term = plainFilter(filter);
  return typeof term === 'boolean' ? term : whereOfTerm(term);
}

/** Chroma wants at least two conditions in a list. */
export function every(conditions: Where[]): Where {
  return conditions.length === 1 ? conditions[0]! : { $and: conditions };
}

function any(conditions: Where[]): Where {
  return conditions.length === 1 ? conditions[0]! : { $or: conditions };
}

function whereOfTerm(term: Term): Where {
  switch (term.is) {
    case 'all':
      return every(term.terms.map(whereOfTerm));
    case 'any':
      return any(term.terms.map(whereOfTerm));
    case 'oneOf':
      return term.holds ? oneOf(term.field, term.values) : noneOf(term.field, term.values);
    case 'inOrder':
      return inOrder(term);
  }
}

function oneOf(field: string, values: readonly FilterValue[]): Where {
  const single = ofOneType(values).map((same) => ({ [nameOf(field)]: { $in: same } }));
  return any([...single, ...values.map((value) => ({ [nameOfItem(field, value)]: true }))]);
}

/** A record without the field satisfies `$nin` and `$ne`, as the portable filter wants it. */
function noneOf(field: string, values: readonly FilterValue[]): Where {
  const single = ofOneType(values).map((same) => ({ [nameOf(field)]: { $nin: same } }));
  return every([...single, ...values.map((value) => ({ [nameOfItem(field, value)]: { $ne: true } }))]);
}

function inOrder({ op, field, value, holds }: Extract<Term, { is: 'inOrder' }>): Where {
  if (typeof value === 'string') {
    throw failure('vector.filter_unsupported', { provider: PROVIDER, operator: `${op} of texts` });
  }
  if (holds) return { [nameOf(field)]: { [`$${op}`]: value } };
  return any([{ [nameOfNumber(field)]: { $ne: true } }, { [nameOf(field)]: { [OPPOSITE[op]]: value } }]);
}

/** A list of a condition holds values of one type; whole numbers and others are different types to Chroma. */
function ofOneType(values: readonly FilterValue[]): FilterValue[][] {
  const byType = Map.groupBy(values, (value) => (Number.isInteger(value) ? 'integer' : typeof value));
  return [...byType.values()];
}
