// Rewrites the portable filter without `not`, which few vendors have: what is left are fields that hold, or do not hold.
import type { Filter, FilterValue } from '#ports';

export type Comparison = 'gt' | 'gte' | 'lt' | 'lte';

/**
 * A portable filter of four forms. `holds: false` is the exact opposite of the same term with `true`: it is also
 * satisfied where the field is absent, or holds a value of another type.
 */
export type Term =
  | { is: 'all' | 'any'; terms: readonly Term[] }
  /** The field, or one item of the list that it holds, is one of the values. */
  | { is: 'oneOf'; field: string; values: readonly FilterValue[]; holds: boolean }
  | { is: 'inOrder'; op: Comparison; field: string; value: number | string; holds: boolean };

/** The same condition as terms; `true` or `false` where every document satisfies it, or none does. Lists are never empty. */
export function plainFilter(filter: Filter, holds = true): Term | boolean {
  switch (filter.op) {
    case 'not':
      return plainFilter(filter.filter, !holds);
    case 'and':
      return joined(holds ? 'all' : 'any', filter.filters, holds);
    case 'or':
      return joined(holds ? 'any' : 'all', filter.filters, holds);
    case 'eq':
      return oneOf(filter.field, [filter.value], holds);
    case 'ne':
      return oneOf(filter.field, [filter.value], !holds);
    case 'in':
      return oneOf(filter.field, filter.values, holds);
    case 'nin':
      return oneOf(filter.field, filter.values, !holds);
    default:
      return { is: 'inOrder', op: filter.op, field: filter.field, value: filter.value, holds };
  }
}

function oneOf(field: string, values: readonly FilterValue[], holds: boolean): Term | boolean {
  return values.length === 0 ? !holds : { is: 'oneOf', field, values, holds };
}

function joined(is: 'all' | 'any', filters: readonly Filter[], holds: boolean): Term | boolean {
  /** One such among them decides; the others of their kind say nothing. */
  const decisive = is === 'any';
  const terms: Term[] = [];
  for (const filter of filters) {
    const term = plainFilter(filter, holds);
    if (term === decisive) return decisive;
    if (typeof term !== 'boolean') terms.push(term);
  }
  if (terms.length === 0) return !decisive;
  return terms.length === 1 ? terms[0]! : { is, terms };
}
