// The meaning of the portable filter, for one document: what every store's own translation must agree with.
import type { Filter, FilterValue } from './filter.js';
import type { JsonObject, JsonValue } from './json.js';

type Comparison = 'gt' | 'gte' | 'lt' | 'lte';

/** Whether a document with this metadata satisfies the filter. Values of different types are never equal, nor in order. */
export function matchesFilter(filter: Filter, metadata: JsonObject): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((one) => matchesFilter(one, metadata));
    case 'or':
      return filter.filters.some((one) => matchesFilter(one, metadata));
    case 'not':
      return !matchesFilter(filter.filter, metadata);
    case 'eq':
      return holds(fieldOf(metadata, filter.field), [filter.value]);
    case 'ne':
      return !holds(fieldOf(metadata, filter.field), [filter.value]);
    case 'in':
      return holds(fieldOf(metadata, filter.field), filter.values);
    case 'nin':
      return !holds(fieldOf(metadata, filter.field), filter.values);
    default:
      return isInOrder(filter.op, fieldOf(metadata, filter.field), filter.value);
  }
}

/** Numbers compare as numbers, texts by code unit; anything else is never in order. */
export function isInOrder(op: Comparison, value: JsonValue | undefined, limit: number | string): boolean {
  if (typeof value !== typeof limit) return false;
  const known = value as number | string;
  if (op === 'gt') return known > limit;
  if (op === 'gte') return known >= limit;
  return op === 'lt' ? known < limit : known <= limit;
}

function fieldOf(metadata: JsonObject, field: string): JsonValue | undefined {
  return Object.hasOwn(metadata, field) ? metadata[field] : undefined;
}

function holds(value: JsonValue | undefined, wanted: readonly FilterValue[]): boolean {
  if (Array.isArray(value)) return value.some((item) => wanted.includes(item as FilterValue));
  return wanted.includes(value as FilterValue);
}
