// What documents are asked for, deleted by and counted by, as conditions of Weaviate.
import type { PointSelector, VectorQuery } from '#ports';
import { purposeToken, subjectToken } from './tokens.js';
import { CONSENT, EXPIRES_AT, INGESTED_AT, KEY, PURPOSED } from './weaviate-class.js';
import { uuidOf } from './weaviate-names.js';
import { allOf, EVERYTHING, hasAny, type Where, whereOf } from './where.js';

/** Not past its end. */
export function current(now: number): Where {
  return { operator: 'GreaterThan', path: EXPIRES_AT, value: now };
}

export function ended(now: number): Where {
  return { operator: 'LessThanEqual', path: EXPIRES_AT, value: now };
}

/** What a query may find. */
export function findable({ filter, purpose, ingestedSince }: VectorQuery, provider: string, now: number): Where {
  const since = ingestedSince === undefined ? undefined : ingested('GreaterThanEqual', ingestedSince);
  const agreed: Where = { operator: 'Equal', path: CONSENT, value: true };
  return allOf([agreed, current(now), usableFor(purpose), since, filter && whereOf(filter, provider)])!;
}

/** Documents of these ids. */
export function withIds(ids: readonly string[]): Where {
  return { operator: 'ContainsAny', path: KEY, value: ids.map(uuidOf) };
}

export function about(subject: string): Where {
  return hasAny([subjectToken(subject)]);
}

/** Those after the one of that UUID, in the order of UUIDs. */
export function after(uuid: string): Where {
  return { operator: 'GreaterThan', path: KEY, value: uuid };
}

/** What is selected otherwise than by ids; `undefined` where nothing is. */
export function selectedBy({ filter, subject, ingestedBefore }: PointSelector, provider: string): Where | undefined {
  if (ingestedBefore !== undefined) return ingested('LessThan', ingestedBefore);
  if (subject !== undefined) return about(subject);
  return filter && (whereOf(filter, provider) ?? EVERYTHING);
}

function ingested(operator: 'GreaterThanEqual' | 'LessThan', time: number): Where {
  return { operator, path: INGESTED_AT, value: time };
}

/** Documents without purposes are for anything. */
function usableFor(purpose: string | undefined): Where {
  const forAnything: Where = { operator: 'Equal', path: PURPOSED, value: false };
  return purpose === undefined
    ? forAnything
    : { operator: 'Or', operands: [forAnything, hasAny([purposeToken(purpose)])] };
}
