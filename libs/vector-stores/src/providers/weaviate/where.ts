// Conditions in Weaviate's own form, for its REST and its GraphQL, and the portable filter as such a condition.
import { type Filter, failure } from '#ports';
import { plainFilter, type Term } from '../plain-filter.js';
import { RESERVED } from '../stored-document.js';
import { Keyword } from './graphql.js';
import { hasNumberToken, NO_TOKEN, rangeTokens, valueToken } from './tokens.js';

/** https://docs.weaviate.io/weaviate/api/graphql/filters */
type Operator =
  | 'Equal'
  | 'NotEqual'
  | 'ContainsAny'
  | 'GreaterThan'
  | 'GreaterThanEqual'
  | 'LessThan'
  | 'LessThanEqual';

export type Where =
  | { operator: 'And' | 'Or'; operands: readonly Where[] }
  | { operator: Operator; path: string; value: string | number | boolean | readonly string[] };

/** The property that holds the tokens. */
export const TOKENS = `${RESERVED}tokens`;

const NOTHING: Where = { operator: 'Equal', path: TOKENS, value: NO_TOKEN };
/** For where a condition must stand, and all satisfy it. */
export const EVERYTHING: Where = hasNot(NO_TOKEN);
const OPPOSITE = { gt: 'lte', gte: 'lt', lt: 'gte', lte: 'gt' } as const;

/** All of the conditions that are there; `undefined` where none is. */
export function allOf(conditions: ReadonlyArray<Where | undefined>): Where | undefined {
  const operands = conditions.filter((one) => one !== undefined);
  return operands.length > 1 ? { operator: 'And', operands } : operands[0];
}

/** Has one of the tokens. */
export function hasAny(tokens: readonly string[]): Where {
  if (tokens.length === 1) return { operator: 'Equal', path: TOKENS, value: tokens[0]! };
  return { operator: 'ContainsAny', path: TOKENS, value: tokens };
}

/**
 * The portable filter; `undefined` where every document satisfies it.
 * @throws Failure `vector.filter_unsupported` for texts in order: Weaviate would order them as its tokens are
 */
export function whereOf(filter: Filter, provider: string): Where | undefined {
  const term = plainFilter(filter);
  if (term === true) return undefined;
  return term === false ? NOTHING : conditionOf(term, provider);
}

function conditionOf(term: Term, provider: string): Where {
  switch (term.is) {
    case 'all':
      return { operator: 'And', operands: term.terms.map((one) => conditionOf(one, provider)) };
    case 'any':
      return { operator: 'Or', operands: term.terms.map((one) => conditionOf(one, provider)) };
    case 'oneOf':
      return oneOf(term);
    default:
      return inOrder(term, provider);
  }
}

function oneOf({ field, values, holds }: Extract<Term, { is: 'oneOf' }>): Where {
  const tokens = [...new Set(values.map((value) => valueToken(field, value)))];
  return holds ? hasAny(tokens) : allOf(tokens.map(hasNot))!;
}

/** The opposite is also true of a field that holds no number at all. */
function inOrder({ field, op, value, holds }: Extract<Term, { is: 'inOrder' }>, provider: string): Where {
  if (typeof value !== 'number') throw failure('vector.filter_unsupported', { provider, operator: `${op} of a text` });
  if (holds) return hasAny(rangeTokens(field, op, value));
  const others = hasAny(rangeTokens(field, OPPOSITE[op], value));
  return { operator: 'Or', operands: [others, hasNot(hasNumberToken(field))] };
}

/** `NotEqual` is the exact opposite of `Equal`, also of a list, and of a property without value. */
function hasNot(token: string): Where {
  return { operator: 'NotEqual', path: TOKENS, value: token };
}

/** As `WhereFilter` of the REST specification has it. */
export function restWhere(where: Where): Record<string, unknown> {
  if ('operands' in where) return { operator: where.operator, operands: where.operands.map(restWhere) };
  const { operator, path, value } = where;
  return { operator, path: [path], [restField(value)]: value };
}

/** As an argument of GraphQL. */
export function graphqlWhere(where: Where): Record<string, unknown> {
  const operator = new Keyword(where.operator);
  if ('operands' in where) return { operator, operands: where.operands.map(graphqlWhere) };
  return { operator, path: [where.path], [valueField(where.value)]: where.value };
}

function restField(value: unknown): string {
  return Array.isArray(value) ? 'valueTextArray' : valueField(value);
}

function valueField(value: unknown): string {
  if (typeof value === 'number') return 'valueNumber';
  return typeof value === 'boolean' ? 'valueBoolean' : 'valueText';
}
