// What the cases of the contract of vector stores have in common.
import assert from 'node:assert/strict';
import { type FailureCode, isFailure } from '../failure.js';
import type { Filter } from '../filter.js';
import type { JsonObject } from '../json.js';
import type { CollectionRef, Metric, VectorStore } from '../vector-store.js';
import { DIMENSION, DOCUMENTS } from './vector-store-documents.js';

export type Check = (store: VectorStore, ref: CollectionRef) => Promise<void>;

export async function filled(store: VectorStore, ref: CollectionRef, points = DOCUMENTS): Promise<void> {
  await store.openCollection(ref, { dimension: DIMENSION, metric: metricOf(store) });
  if (points.length > 0) assert.equal(await store.upsert(ref, points), points.length);
}

export function metricOf(store: VectorStore): Metric {
  return store.capabilities.metrics[0]!;
}

export function idsOf(matches: ReadonlyArray<{ id: string; metadata: JsonObject }>): string[] {
  return matches.map(({ id }) => id);
}

export function operatorsOf(filter: Filter): Filter['op'][] {
  if (filter.op === 'not') return ['not', ...operatorsOf(filter.filter)];
  if (filter.op === 'and' || filter.op === 'or') return [filter.op, ...filter.filters.flatMap(operatorsOf)];
  return [filter.op];
}

export async function refuses(code: FailureCode, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(
    call,
    (error) => isFailure(error, code) || assert.fail(`expected ${code}, got ${String(error)}`),
  );
}
