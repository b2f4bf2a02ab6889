// The portable filter as a condition on the column `metadata`. Every name and value of a caller is a parameter.
import type { Filter, FilterValue } from 'resk-caching/ports';

/** Collects values, and gives each the name of its parameter. */
export class Parameters {
  readonly values: unknown[] = [];

  /** The parameter of a value, e.g. `$3::text`. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

const SIGNS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** A condition that is true or false for every document, and never null, so that it may be negated. */
export function filterSql(filter: Filter, parameters: Parameters): string {
  switch (filter.op) {
    case 'and':
      return joined(filter.filters, ' AND ', 'true', parameters);
    case 'or':
      return joined(filter.filters, ' OR ', 'false', parameters);
    case 'not':
      return `NOT (${filterSql(filter.filter, parameters)})`;
    case 'eq':
      return holds(filter.field, [filter.value], parameters);
    case 'ne':
      return `NOT ${holds(filter.field, [filter.value], parameters)}`;
    case 'in':
      return holds(filter.field, filter.values, parameters);
    case 'nin':
      return `NOT ${holds(filter.field, filter.values, parameters)}`;
    default:
      return inOrder(filter.op, filter.field, filter.value, parameters);
  }
}

function joined(filters: readonly Filter[], by: string, none: string, parameters: Parameters): string {
  return filters.length === 0 ? none : `(${filters.map((one) => filterSql(one, parameters)).join(by)})`;
}

/** `@>` on jsonb: the same scalar of the same type, or an array that has it among its items; never an object. */
function holds(field: string, values: readonly FilterValue[], parameters: Parameters): string {
  const value = `metadata -> ${parameters.add(field, 'text')}`;
  const wanted = parameters.add(
    values.map((one) => JSON.stringify(one)),
    'jsonb[]',
  );
  return `COALESCE((${value}) @> ANY (${wanted}), false)`;
}

/** CASE alone promises that a text is not cast to a number before its type is known. */
function inOrder(op: keyof typeof SIGNS, field: string, limit: number | string, parameters: Parameters): string {
  const name = parameters.add(field, 'text');
  const [kind, cast] = typeof limit === 'number' ? ['number', '::float8'] : ['string', ' COLLATE "C"'];
  const wanted = parameters.add(limit, typeof limit === 'number' ? 'float8' : 'text');
  const compared = `(metadata ->> ${name})${cast} ${SIGNS[op]} ${wanted}`;
  return `(CASE WHEN jsonb_typeof(metadata -> ${name}) = '${kind}' THEN ${compared} ELSE false END)`;
}
