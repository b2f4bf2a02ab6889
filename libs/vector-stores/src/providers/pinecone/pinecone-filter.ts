// Says in Pinecone's conditions what a query may find, so that nothing else counts to its topK.
import { type Filter, failure, type VectorQuery } from '#ports';
import { plainFilter, type Term } from '../plain-filter.js';
import { itemToken, numberToken } from '../stored-document.js';
import { PROVIDER } from './pinecone-failures.js';
import { FOR, FOR_ALL, HOLDS, nameOf, purposeToken } from './pinecone-records.js';
import type { Condition } from './pinecone-requests.js';

const OPPOSITE = { gt: '$lte', gte: '$lt', lt: '$gte', lte: '$gt' } as const;

/** Records that have not ended. */
export function current(now: number): Condition {
  return { resk_expires_at: { $gt: now } };
}

/** What a query may find; `undefined` where its filter excludes every document. */
export function eligible({ filter, purpose, ingestedSince }: VectorQuery, now: number): Condition | undefined {
  const chosen = filter === undefined ? true : conditionOf(filter);
  if (chosen === false) return undefined;
  return every([
    current(now),
    { [FOR]: { $in: purpose === undefined ? [FOR_ALL] : [FOR_ALL, purposeToken(purpose)] } },
    ...(ingestedSince === undefined ? [] : [{ resk_ingested_at: { $gte: ingestedSince } }]),
    ...(chosen === true ? [] : [chosen]),
  ]);
}

/**
 * The portable filter; `true` or `false` where every document satisfies it, or none does.
 * @throws Failure `vector.filter_unsupported` for texts in order: Pinecone orders numbers only.
 */
export function conditionOf(filter: Filter): Condition | boolean {
  const term = plainFilter(filter);
  return typeof term === 'boolean' ? term : conditionOfTerm(term);
}

export function every(conditions: Condition[]): Condition {
  return conditions.length === 1 ? conditions[0]! : { $and: conditions };
}

/**
 * Equality asks for tokens, in one list that every record has: so it does not matter how Pinecone compares lists, values
 * of other types and fields that are absent.
 */
function conditionOfTerm(term: Term): Condition {
  switch (term.is) {
    case 'all':
      return { $and: term.terms.map(conditionOfTerm) };
    case 'any':
      return { $or: term.terms.map(conditionOfTerm) };
    case 'oneOf': {
      const tokens = term.values.map((value) => itemToken(term.field, value));
      return { [HOLDS]: { [term.holds ? '$in' : '$nin']: tokens } };
    }
    case 'inOrder':
      return inOrder(term);
  }
}

function inOrder({ op, field, value, holds }: Extract<Term, { is: 'inOrder' }>): Condition {
  if (typeof value === 'string') {
    throw failure('vector.filter_unsupported', { provider: PROVIDER, operator: `${op} of texts` });
  }
  const name = nameOf(field);
  if (holds) return { [name]: { [`$${op}`]: value } };
  return { $or: [{ [HOLDS]: { $nin: [numberToken(field)] } }, { [name]: { [OPPOSITE[op]]: value } }] };
}
