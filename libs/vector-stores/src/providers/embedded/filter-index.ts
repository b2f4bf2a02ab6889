// Answers filters for a whole collection at once: for each field, which rows hold which value.
import type { Filter, FilterValue, JsonValue, VectorPoint } from '#ports';
import { isInOrder } from '../../matches-filter.js';

/** One entry of a list of rows, and its share of the maps, about. */
const BYTES_A_VALUE = 24;

interface Field {
  /** Rows by the value that the field holds. */
  values: Map<FilterValue, number[]>;
  /** Rows by the items of the array that the field holds. */
  items: Map<FilterValue, number[]>;
}

/**
 * Gives exactly the rows for which `matchesFilter` holds. Rows are known by slots, which are never used again, so that
 * nothing is ever taken out: rows that are gone stay in the lists and must be passed over by the reader.
 */
export class FilterIndex {
  private readonly fields = new Map<string, Field>();
  private readonly subjects = new Map<string, number[]>();
  private readonly purposes = new Map<string, number[]>();
  /** Rows that have purposes, whichever. */
  private readonly purposed: number[] = [];
  private entries = 0;

  get bytes(): number {
    return this.entries * BYTES_A_VALUE;
  }

  add(
    slot: number,
    { metadata = {}, subject, purposes }: Pick<VectorPoint, 'metadata' | 'subject' | 'purposes'>,
  ): void {
    if (subject !== undefined) this.list(this.subjects, subject, slot);
    if (purposes) {
      this.purposed.push(slot);
      for (const purpose of new Set(purposes)) this.list(this.purposes, purpose, slot);
    }
    for (const [name, value] of Object.entries(metadata)) {
      if (isFilterValue(value)) this.list(this.field(name).values, value, slot);
      else if (Array.isArray(value)) {
        for (const item of new Set(value)) if (isFilterValue(item)) this.list(this.field(name).items, item, slot);
      }
    }
  }

  /** One byte a row: 1 where the filter holds. */
  select(filter: Filter, rows: number): Uint8Array {
    switch (filter.op) {
      case 'and':
        return this.combine(filter.filters, rows, 1, (a, b) => a & b);
      case 'or':
        return this.combine(filter.filters, rows, 0, (a, b) => a | b);
      case 'not':
        return inverted(this.select(filter.filter, rows));
      case 'eq':
        return this.holding(filter.field, [filter.value], rows);
      case 'ne':
        return inverted(this.holding(filter.field, [filter.value], rows));
      case 'in':
        return this.holding(filter.field, filter.values, rows);
      case 'nin':
        return inverted(this.holding(filter.field, filter.values, rows));
      default:
        return this.inOrder(filter, rows);
    }
  }

  /** Rows about a person. */
  about(subject: string): readonly number[] {
    return this.subjects.get(subject) ?? [];
  }

  /** Puts 0 for the rows that have purposes, but not this one; leaves the others. */
  clearOtherPurposes(selected: Uint8Array, purpose: string): void {
    const agreed = new Set(this.purposes.get(purpose));
    for (const slot of this.purposed) if (!agreed.has(slot)) selected[slot] = 0;
  }

  private combine(filters: readonly Filter[], rows: number, start: number, join: (a: number, b: number) => number) {
    const all = new Uint8Array(rows).fill(start);
    for (const filter of filters) {
      const one = this.select(filter, rows);
      for (let row = 0; row < rows; row++) all[row] = join(all[row]!, one[row]!);
    }
    return all;
  }

  private holding(name: string, wanted: readonly FilterValue[], rows: number): Uint8Array {
    const field = this.fields.get(name);
    const selected = new Uint8Array(rows);
    for (const value of wanted) {
      mark(selected, field?.values.get(value));
      mark(selected, field?.items.get(value));
    }
    return selected;
  }

  private inOrder(filter: Extract<Filter, { op: 'gt' | 'gte' | 'lt' | 'lte' }>, rows: number): Uint8Array {
    const selected = new Uint8Array(rows);
    for (const [value, slots] of this.fields.get(filter.field)?.values ?? []) {
      if (isInOrder(filter.op, value, filter.value)) mark(selected, slots);
    }
    return selected;
  }

  private field(name: string): Field {
    let field = this.fields.get(name);
    if (!field) {
      field = { values: new Map(), items: new Map() };
      this.fields.set(name, field);
    }
    return field;
  }

  private list<K>(lists: Map<K, number[]>, key: K, slot: number): void {
    this.entries++;
    const known = lists.get(key);
    if (known) known.push(slot);
    else lists.set(key, [slot]);
  }
}

function isFilterValue(value: JsonValue): value is FilterValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function mark(selected: Uint8Array, slots: readonly number[] = []): void {
  for (const slot of slots) selected[slot] = 1;
}

function inverted(selected: Uint8Array): Uint8Array {
  for (let row = 0; row < selected.length; row++) selected[row] = 1 - selected[row]!;
  return selected;
}
