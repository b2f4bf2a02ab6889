// How the double of Pinecone keeps records: namespaces with conditions on metadata, and distances by brute force.

export type Metadata = { [name: string]: unknown };

export interface StoredRecord {
  id: string;
  values: Float32Array;
  metadata: Metadata;
}

/** What Pinecone refuses with 400. */
export class Refused extends Error {}

const ORDERED = new Set(['$gt', '$gte', '$lt', '$lte']);

/**
 * https://docs.pinecone.io/guides/search/filter-by-metadata: fields joined by "and"; a list of texts satisfies what one of
 * its items does.
 */
export function satisfies(metadata: Metadata, condition: Metadata): boolean {
  return Object.entries(condition).every(([name, wanted]) => {
    if (name === '$and') return listOf(name, wanted).every((one) => satisfies(metadata, one));
    if (name === '$or') return listOf(name, wanted).some((one) => satisfies(metadata, one));
    if (name.startsWith('$')) throw new Refused(`illegal operator ${name}`);
    const operators = typeof wanted === 'object' && wanted !== null ? (wanted as Metadata) : { $eq: wanted };
    return Object.entries(operators).every(([operator, value]) => holds(operator, metadata[name], value));
  });
}

function holds(operator: string, field: unknown, value: unknown): boolean {
  if (operator === '$exists') return (field !== undefined) === value;
  if (operator === '$in' || operator === '$nin') {
    if (
      !Array.isArray(value) ||
      value.length === 0 ||
      value.some((one) => !['string', 'number'].includes(typeof one))
    ) {
      throw new Refused(`${operator} wants a list of texts or numbers`);
    }
    return value.some((one) => equals(field, one)) === (operator === '$in');
  }
  if (operator === '$eq') return equals(field, value);
  if (operator === '$ne') return !equals(field, value);
  if (!ORDERED.has(operator)) throw new Refused(`illegal operator ${operator}`);
  if (typeof value !== 'number') throw new Refused(`${operator} wants a number`);
  return typeof field === 'number' && inOrder(operator, field, value);
}

function equals(field: unknown, value: unknown): boolean {
  return Array.isArray(field) ? field.includes(value) : field === value;
}

function inOrder(operator: string, field: number, value: number): boolean {
  if (operator === '$gt') return field > value;
  if (operator === '$gte') return field >= value;
  return operator === '$lt' ? field < value : field <= value;
}

function listOf(name: string, wanted: unknown): Metadata[] {
  if (!Array.isArray(wanted) || wanted.length === 0) throw new Refused(`${name} wants a list of conditions`);
  return wanted as Metadata[];
}

/** The score that Pinecone gives, and whether a larger one is nearer. */
export function scoreOf(metric: string, a: Float32Array, b: Float32Array): number {
  let [dot, squares, left, right] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    dot += x * y;
    squares += (x - y) ** 2;
    left += x * x;
    right += y * y;
  }
  if (metric === 'euclidean') return squares;
  return metric === 'cosine' ? dot / Math.sqrt(left * right) : dot;
}

/** One namespace: its records, the number of its last write, and what it was before that. */
export class Namespace {
  records = new Map<string, StoredRecord>();
  lsn = 0;
  private former = new Map<string, StoredRecord>();

  change(how: (records: Map<string, StoredRecord>) => void): number {
    this.former = this.records;
    this.records = new Map(this.records);
    how(this.records);
    return ++this.lsn;
  }

  /** What a reader sees, who may be one write behind, and up to which number that is. */
  seen(behind: boolean): { records: Map<string, StoredRecord>; lsn: number } {
    return behind ? { records: this.former, lsn: this.lsn - 1 } : { records: this.records, lsn: this.lsn };
  }
}

/** Ids in the order of their bytes, which is the order of Pinecone's pages. */
export function inOrderOfIds(records: Iterable<StoredRecord>): StoredRecord[] {
  return [...records].sort((a, b) => (a.id < b.id ? -1 : 1));
}
