// Our points as objects of Weaviate, and back.
import { similarity, type VectorMatch, type VectorPoint } from '#ports';
import { payloadOf, shownOf, storedDocument } from '../stored-document.js';
import { tokensOf } from './tokens.js';
import { DETAILS, ID, KEY, TEXT } from './weaviate-class.js';
import type { Place } from './weaviate-collections.js';
import { replyInvalid } from './weaviate-failures.js';
import { uuidOf } from './weaviate-names.js';
import type { Found, WeaviateObject } from './weaviate-requests.js';
import { TOKENS } from './where.js';

/** The properties that a document is read from. */
export const DOCUMENT_FIELDS = `${ID} ${TEXT} ${DETAILS}`;

export function objectOf({ id, vector, ...payload }: VectorPoint, now: number): WeaviateObject {
  const uuid = uuidOf(id);
  const { resk_purposes: _, resk_subject: __, ...fields } = storedDocument(payload, now);
  return {
    id: uuid,
    vector: [...vector],
    properties: { ...fields, [ID]: id, [KEY]: uuid, [TOKENS]: tokensOf(payload) },
  };
}

/** `undefined` for an object that others have put there. */
export function pointOf(properties: Found, vector: unknown, { dimension }: Place): VectorPoint | undefined {
  const payload = payloadOf(properties);
  const id = properties[ID];
  return payload && typeof id === 'string' ? { id, vector: vectorOf(vector, dimension), ...payload } : undefined;
}

/**
 * A match, with its vector where that was asked for. `_additional` is where GraphQL tells what is not a property.
 * `scale`: what a score is multiplied with.
 */
export function matchOf(found: Found, place: Place, scale: number): VectorMatch | undefined {
  const payload = payloadOf(found);
  const id = found[ID];
  if (!payload || typeof id !== 'string') return undefined;
  const { distance, score, vector } = additionalOf(found);
  return {
    id,
    score: distance === undefined ? scaledScore(score, scale) : scoreOf(distance, place),
    ...(vector !== undefined && { vector: vectorOf(vector, place.dimension) }),
    ...shownOf(payload),
  };
}

export function additionalOf({ _additional: additional }: Found): Record<string, unknown> {
  return typeof additional === 'object' && additional !== null ? (additional as Record<string, unknown>) : {};
}

/**
 * https://docs.weaviate.io/weaviate/config-refs/distances: the cosine distance is 1 - cos, `l2-squared` the square of the
 * distance, and `dot` the negative product.
 */
function scoreOf(distance: unknown, { metric }: Place): number {
  if (typeof distance !== 'number') throw replyInvalid('a match without a distance');
  if (metric === 'cosine') return similarity(metric, 1 - distance);
  return similarity(metric, metric === 'l2' ? Math.sqrt(Math.max(0, distance)) : -distance);
}

/** GraphQL gives the score as a text. */
function scaledScore(score: unknown, scale: number): number {
  const scaled = Number(score ?? Number.NaN) * scale;
  if (!Number.isFinite(scaled)) throw replyInvalid('a match without a score');
  return Math.min(1, Math.max(0, scaled));
}

function vectorOf(vector: unknown, dimension: number): Float32Array {
  if (!Array.isArray(vector) || vector.length !== dimension) throw replyInvalid('a vector of another dimension');
  return Float32Array.from(vector);
}

/** Of an aggregate of which nothing but the number was asked. */
export function countOf(found: Found | undefined): number {
  const { meta } = (found ?? {}) as { meta?: { count?: unknown } | null };
  if (typeof meta?.count !== 'number') throw replyInvalid('an aggregate without a count');
  return meta.count;
}
