// The portable filter over a document's metadata: what every vector store is asked in, and translates to its own.

export type FilterValue = string | number | boolean;

/**
 * A condition on metadata. `field` is a top-level metadata name. A document without the field matches `ne`, `nin`
 * and `not`, and nothing else. A metadata array matches `eq` and `in` when one of its items does.
 */
export type Filter =
  | { op: 'eq' | 'ne'; field: string; value: FilterValue }
  | { op: 'in' | 'nin'; field: string; values: readonly FilterValue[] }
  | { op: 'gt' | 'gte' | 'lt' | 'lte'; field: string; value: number | string }
  | { op: 'and' | 'or'; filters: readonly Filter[] }
  | { op: 'not'; filter: Filter };
