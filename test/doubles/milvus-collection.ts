// One collection of the double of Milvus: its schema, its rows, and what it refuses.
import { type Absent, compiled, ExpressionError } from './milvus-expression.js';

export type Row = Record<string, unknown> & { id: string };

export interface Field {
  fieldName: string;
  dataType: string;
  elementDataType?: string;
  isPrimary?: boolean;
  elementTypeParams?: Record<string, unknown>;
}

export interface IndexParam {
  fieldName: string;
  indexName: string;
  metricType?: string;
  indexType?: string;
  params?: Record<string, unknown>;
}

interface Bm25 {
  name: string;
  inputFieldNames: [string];
  outputFieldNames: [string];
}

/** A refusal with the code of `merr`. */
export class MilvusError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** What this server knows of settings, by kind of index. https://milvus.io/docs/index.md */
const SETTINGS: Record<string, readonly string[]> = {
  AUTOINDEX: [],
  HNSW: ['M', 'efConstruction'],
  IVF_FLAT: ['nlist'],
  SPARSE_INVERTED_INDEX: [],
  INVERTED: [],
};

export class MilvusCollection {
  readonly indexes = new Map<string, IndexParam>();
  readonly rows = new Map<string, Row>();
  /** What reads of a lower level than Strong see, until the writes have settled. */
  private settled: Row[] = [];
  loaded = false;

  constructor(
    readonly fields: readonly Field[],
    readonly functions: readonly Bm25[],
    readonly consistency: string,
    private readonly absent: Absent,
  ) {
    for (const { fieldName, dataType } of fields) {
      if (!/^[A-Za-z_]\w*$/.test(fieldName)) throw new MilvusError(1701, `field name invalid: ${fieldName}`);
      if (dataType === 'Json') throw new MilvusError(1100, 'data type Json is invalid(case sensitive).');
    }
    const dimension = Number(this.vectorField.elementTypeParams?.dim);
    if (!(dimension >= 2 && dimension <= 32_768)) throw new MilvusError(1100, `invalid dimension: ${dimension}`);
  }

  get vectorField(): Field {
    return this.fields.find(({ dataType }) => dataType === 'FloatVector')!;
  }

  index(param: IndexParam): void {
    const type = param.indexType ?? String(param.params?.index_type);
    if (!this.fields.some(({ fieldName }) => fieldName === param.fieldName)) {
      throw new MilvusError(1802, `\`${param.fieldName}\` hasn't defined in schema`);
    }
    const unknown = Object.keys(param.params ?? {}).filter(
      (name) => name !== 'index_type' && !SETTINGS[type]?.includes(name),
    );
    if (!SETTINGS[type] || unknown.length > 0) throw new MilvusError(1100, `invalid index: ${type} ${unknown}`);
    for (const [name, value] of Object.entries(param.params ?? {})) {
      if (name !== 'index_type' && !(Number(value) >= 1)) throw new MilvusError(1100, `${name} out of range`);
    }
    this.indexes.set(param.fieldName, { ...param, indexType: type });
  }

  /** All or nothing, as one message is. */
  write(data: readonly Record<string, unknown>[]): string[] {
    const rows = data.map((row) => this.checked(row));
    const ids = rows.map(({ id }) => id);
    if (new Set(ids).size < ids.length) throw new MilvusError(1100, 'duplicate primary keys are not allowed');
    for (const row of rows) this.rows.set(row.id, row);
    return ids;
  }

  settle(): void {
    this.settled = [...this.rows.values()];
  }

  visible(level: string | undefined): Row[] {
    if (!this.loaded) throw new MilvusError(101, 'collection not loaded');
    return (level ?? this.consistency) === 'Strong' ? [...this.rows.values()] : this.settled;
  }

  matcher(expression = ''): (row: Row) => boolean {
    const types = new Map(this.fields.map(({ fieldName, dataType }) => [fieldName, dataType]));
    try {
      const matches = compiled(expression, types, this.absent);
      return (row) => translating(() => matches(row));
    } catch (error) {
      throw asRefusal(error);
    }
  }

  output(row: Row, asked: readonly string[] = []): Record<string, unknown> {
    const hidden = this.functions.flatMap(({ outputFieldNames }) => outputFieldNames);
    const names = asked.includes('*') ? this.fields.map(({ fieldName }) => fieldName) : ['id', ...asked];
    const unknown = names.find((name) => !this.fields.some(({ fieldName }) => fieldName === name));
    if (unknown !== undefined) throw new MilvusError(65_535, `field ${unknown} not exist`);
    return Object.fromEntries(names.filter((name) => !hidden.includes(name)).map((name) => [name, shown(row[name])]));
  }

  private checked(given: Record<string, unknown>): Row {
    const made = this.functions.flatMap(({ outputFieldNames }) => outputFieldNames);
    for (const name of Object.keys(given)) {
      const known = this.fields.some(({ fieldName }) => fieldName === name) && !made.includes(name);
      if (!known) throw new MilvusError(1804, `has pass more fields without dynamic schema: ${name}`);
    }
    for (const field of this.fields) {
      if (!made.includes(field.fieldName)) checkValue(field, given[field.fieldName]);
    }
    const vector = this.vectorField.fieldName;
    return { ...given, [vector]: (given[vector] as number[]).map(Math.fround) } as Row;
  }
}

function checkValue(field: Field, value: unknown): void {
  const wrong = problemOf(field, value);
  if (wrong) throw new MilvusError(1804, `fail to deal the insert data, error: ${field.fieldName} ${wrong}`);
}

function problemOf({ dataType, elementTypeParams = {} }: Field, value: unknown): string | undefined {
  const longest = Number(elementTypeParams.max_length);
  const fits = (text: unknown) => typeof text === 'string' && Buffer.byteLength(text) <= longest;
  const isList = (of: (item: unknown) => boolean, least: number, most: number) =>
    Array.isArray(value) && value.length >= least && value.length <= most && value.every(of);
  const dimension = Number(elementTypeParams.dim);
  const fine: Record<string, () => boolean> = {
    VarChar: () => fits(value),
    Bool: () => typeof value === 'boolean',
    Int64: () => Number.isInteger(value),
    JSON: () => Buffer.byteLength(JSON.stringify(value)) <= 65_536,
    Array: () => isList(fits, 0, Number(elementTypeParams.max_capacity)),
    FloatVector: () => isList((one) => typeof one === 'number', dimension, dimension),
  };
  return value !== undefined && value !== null && fine[dataType]!() ? undefined : `is not a fit ${dataType}`;
}

/** JSON comes back as a text, as in releases up to 2.5. */
function shown(value: unknown): unknown {
  const isJson = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isJson ? JSON.stringify(value) : value;
}

function translating<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw asRefusal(error);
  }
}

function asRefusal(error: unknown): unknown {
  return error instanceof ExpressionError
    ? new MilvusError(1100, `failed to create query plan: ${error.message}`)
    : error;
}
