// Refuses what a vector store cannot do, before anything is made or searched: by its own capabilities.
import { type Failure, failure } from './failure.js';
import type { CollectionSpec, VectorQuery, VectorStore } from './vector-store.js';

type Able = Pick<VectorStore, 'provider' | 'capabilities'>;

/**
 * @throws Failure `vector.setting_unsupported` for a setting of the index that the store does not claim,
 * `request.invalid` for a metric or a dimension that it does not have
 */
export function checkSpec(store: Able, { dimension, metric, index = {} }: CollectionSpec): void {
  const { maxDimension, metrics } = store.capabilities;
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > maxDimension) {
    throw invalid('dimension', 'vector.dimension_invalid', `Must be a whole number from 1 to ${maxDimension}.`);
  }
  if (!metrics.includes(metric)) {
    throw invalid('metric', 'vector.metric_unknown', `Must be one of ${metrics.join(', ')}.`);
  }
  checkKnown(store, index, store.capabilities.index);
}

/** @throws Failure `vector.setting_unsupported`, `vector.hybrid_unsupported` */
export function checkSearch(store: Able, { search = {}, hybrid }: VectorQuery): void {
  checkKnown(store, search, store.capabilities.search);
  if (hybrid && !store.capabilities.hybrid) throw failure('vector.hybrid_unsupported', { provider: store.provider });
}

function checkKnown({ provider }: Able, given: Record<string, number>, known: readonly string[] = []): void {
  const setting = Object.keys(given).find((name) => !known.includes(name));
  if (setting === undefined) return;
  throw failure('vector.setting_unsupported', { provider, setting, known: known.join(', ') || 'none' });
}

function invalid(path: string, code: string, message: string): Failure {
  const problems = [{ path, code, message }];
  return failure('request.invalid', { part: 'collection', count: problems.length }, { problems });
}
