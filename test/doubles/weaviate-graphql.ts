// Answers GraphQL as Weaviate does: parsed by the reference parser, and refused where the schema knows no such thing.
import { type FieldNode, Kind, parse, type SelectionSetNode, type ValueNode } from 'graphql';
import {
  byVector,
  byWords,
  type ClassDefinition,
  filtered,
  fusedHits,
  type Hit,
  propertyOf,
  Refusal,
  type StoredObject,
  type WhereClause,
} from './weaviate-index.js';

/** Where the double keeps its objects. */
export interface Shards {
  definitionOf(className: string): ClassDefinition | undefined;
  /** @throws Refusal where there is no such tenant, or one is missing or too many */
  objectsIn(definition: ClassDefinition, tenant: string | undefined): StoredObject[];
  readonly mostResults: number;
}

/** https://docs.weaviate.io/weaviate/api/graphql: arguments of a class. */
const ARGUMENTS = {
  Get: ['after', 'bm25', 'consistencyLevel', 'hybrid', 'limit', 'nearVector', 'offset', 'sort', 'tenant', 'where'],
  Aggregate: ['tenant', 'where'],
};
const ENUMS = new Set(['operator', 'order', 'fusionType', 'consistencyLevel']);
const HYBRID_LEAST = 100;

interface GetArguments {
  tenant?: string;
  where?: WhereClause;
  limit?: number;
  offset?: number;
  after?: string;
  sort?: Array<{ path: string[]; order?: string }> | { path: string[]; order?: string };
  nearVector?: { vector: number[]; distance?: number };
  hybrid?: { query: string; vector?: number[]; alpha?: number; fusionType?: string; properties?: string[] };
  bm25?: { query: string; properties?: string[] };
}

export function graphqlAnswer(query: string, shards: Shards): unknown {
  try {
    const [operation] = parse(query).definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Refusal('no operation');
    const data = Object.fromEntries(
      fieldsOf(operation.selectionSet).map((kind) => [kind.name.value, answered(kind, shards)]),
    );
    return { data };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { data: { Get: {} }, errors: [{ message, locations: [{ line: 1, column: 1 }], path: ['Get'] }] };
  }
}

function answered(kind: FieldNode, shards: Shards): unknown {
  const name = kind.name.value;
  if (name !== 'Get' && name !== 'Aggregate') throw new Refusal(`Cannot query field "${name}" on type "WeaviateObj".`);
  return Object.fromEntries(
    fieldsOf(kind.selectionSet).map((field) => {
      const definition = shards.definitionOf(field.name.value);
      if (!definition) throw new Refusal(`Cannot query field "${field.name.value}" on type "${name}ObjectsObj".`);
      const args = argumentsOf(field, ARGUMENTS[name]) as GetArguments;
      return [
        field.name.value,
        name === 'Get' ? got(field, definition, args, shards) : aggregated(definition, args, shards),
      ];
    }),
  );
}

function aggregated(definition: ClassDefinition, { tenant, where }: GetArguments, shards: Shards): unknown {
  const count = filtered(definition, shards.objectsIn(definition, tenant), where).length;
  return [{ meta: { count } }];
}

function got(field: FieldNode, definition: ClassDefinition, args: GetArguments, shards: Shards): unknown[] {
  const { offset = 0, limit = shards.mostResults } = args;
  if (offset + limit > shards.mostResults) throw new Refusal('query maximum results exceeded');
  const hits = found(definition, args, shards).slice(offset, offset + limit);
  return hits.map((hit) => shown(hit, fieldsOf(field.selectionSet), definition));
}

function found(definition: ClassDefinition, args: GetArguments, shards: Shards): Hit[] {
  const { tenant, where, nearVector, hybrid, bm25, sort, after, limit = 25 } = args;
  const all = shards.objectsIn(definition, tenant);
  const allowed = filtered(definition, all, where);
  const metric = definition.vectorIndexConfig.distance;
  if (nearVector) {
    const hits = byVector(metric, allowed, nearVector.vector, Number.POSITIVE_INFINITY);
    return hits.filter(({ distance }) => nearVector.distance === undefined || distance! <= nearVector.distance);
  }
  if (bm25) return byWords(definition, all, allowed, { properties: searchable(definition), ...bm25 });
  if (hybrid) {
    const {
      query,
      vector,
      alpha = 0.75,
      fusionType = 'relativeScoreFusion',
      properties = searchable(definition),
    } = hybrid;
    const depth = Math.max(limit, HYBRID_LEAST);
    const words = alpha < 1 ? byWords(definition, all, allowed, { query, properties }).slice(0, depth) : [];
    if (alpha > 0 && !vector) throw new Refusal('could not vectorize input');
    return fusedHits(fusionType, alpha > 0 ? byVector(metric, allowed, vector!, depth) : [], words, alpha);
  }
  if (after !== undefined && (where || sort)) throw new Refusal('where cannot be set with after and limit parameters');
  return ordered(definition, allowed, after === undefined ? sort : { path: ['id'] })
    .filter(({ id }) => after === undefined || id > after)
    .map((object) => ({ object }));
}

function ordered(definition: ClassDefinition, objects: StoredObject[], sort: GetArguments['sort']): StoredObject[] {
  const [by] = [sort ?? []].flat();
  if (!by) return objects;
  const name = by.path[0]!;
  if (name !== 'id') propertyOf(definition, name);
  const keyOf = ({ id, properties }: StoredObject) => (name === 'id' ? id : properties[name]) as string | number;
  const sign = by.order === 'desc' ? -1 : 1;
  return objects.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -sign : keyOf(a) > keyOf(b) ? sign : 0));
}

function searchable({ properties }: ClassDefinition): string[] {
  const texts = properties.filter(({ dataType }) => dataType[0]!.startsWith('text'));
  return texts.filter(({ indexSearchable }) => indexSearchable !== false).map(({ name }) => name);
}

function shown({ object, distance, score }: Hit, fields: FieldNode[], definition: ClassDefinition): unknown {
  const additional = {
    id: object.id,
    vector: object.vector ?? [],
    distance: distance ?? null,
    // A text, as the vendor has it.
    score: score === undefined ? null : String(Math.fround(score)),
  };
  return Object.fromEntries(
    fields.map((field) => {
      const name = field.name.value;
      if (name !== '_additional') {
        propertyOf(definition, name);
        return [name, object.properties[name] ?? null];
      }
      const asked = fieldsOf(field.selectionSet).map((one) => one.name.value);
      return [name, Object.fromEntries(asked.map((one) => [one, additional[one as keyof typeof additional] ?? null]))];
    }),
  );
}

function fieldsOf(set: SelectionSetNode | undefined): FieldNode[] {
  return (set?.selections ?? []).filter((one) => one.kind === Kind.FIELD);
}

function argumentsOf(field: FieldNode, known: readonly string[]): Record<string, unknown> {
  const entries = (field.arguments ?? []).map(({ name, value }) => {
    if (!known.includes(name.value))
      throw new Refusal(`Unknown argument "${name.value}" on field "${field.name.value}".`);
    return [name.value, plain(name.value, value)] as const;
  });
  return Object.fromEntries(entries);
}

/** Words of the schema are bare, texts in quotes: one for the other is refused, as by the vendor. */
function plain(name: string, value: ValueNode): unknown {
  switch (value.kind) {
    case Kind.LIST:
      return value.values.map((one) => plain(name, one));
    case Kind.OBJECT:
      return Object.fromEntries(value.fields.map((one) => [one.name.value, plain(one.name.value, one.value)]));
    case Kind.INT:
    case Kind.FLOAT:
      if (name === 'valueInt' && Math.abs(Number(value.value)) >= 2 ** 31) throw new Refusal('Expected type "Int"');
      return Number(value.value);
    case Kind.BOOLEAN:
      return value.value;
    case Kind.ENUM:
    case Kind.STRING:
      if (ENUMS.has(name) !== (value.kind === Kind.ENUM)) throw new Refusal(`Argument "${name}" has invalid value`);
      return value.value;
    default:
      throw new Refusal(`Argument "${name}" has invalid value`);
  }
}
