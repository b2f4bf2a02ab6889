// What the double of Weaviate finds: its inverted index by tokens, its vectors by brute force, and both fused as it fuses them.

export interface PropertyDefinition {
  name: string;
  dataType: string[];
  tokenization?: string;
  indexFilterable?: boolean;
  indexSearchable?: boolean;
}

export interface ClassDefinition {
  class: string;
  properties: PropertyDefinition[];
  vectorIndexConfig: { distance: string } & Record<string, unknown>;
  multiTenancyConfig: { enabled: boolean };
  [name: string]: unknown;
}

export interface StoredObject {
  id: string;
  vector: number[] | undefined;
  properties: Record<string, unknown>;
}

export interface WhereClause {
  operator: string;
  path?: string[];
  operands?: WhereClause[];
  [value: string]: unknown;
}

export interface Hit {
  object: StoredObject;
  distance?: number;
  score?: number;
}

/** What the vendor answers with an error of its own. */
export class Refusal extends Error {}

const COMPARISONS = new Set(['GreaterThan', 'GreaterThanEqual', 'LessThan', 'LessThanEqual']);

/** The objects of a shard that satisfy a condition. */
export function filtered(
  definition: ClassDefinition,
  objects: readonly StoredObject[],
  where: WhereClause | undefined,
) {
  return where ? [...satisfying(definition, objects, where)] : [...objects];
}

function satisfying(
  definition: ClassDefinition,
  objects: readonly StoredObject[],
  where: WhereClause,
): Set<StoredObject> {
  const { operator, operands, path } = where;
  if (operator === 'And' || operator === 'Or') {
    if (!operands?.length) throw new Refusal(`operator '${operator}' needs operands`);
    const sets = operands.map((one) => satisfying(definition, objects, one));
    const every = operator === 'And';
    return new Set(objects.filter((one) => (every ? sets.every((s) => s.has(one)) : sets.some((s) => s.has(one)))));
  }
  const name = path?.length === 1 ? path[0]! : '';
  const [kind, value] = givenValue(where);
  if (operator === 'ContainsAny') {
    if (!Array.isArray(value)) throw new Refusal(`value type should be []string but is ${typeof value}`);
    const each = value.map((one) => satisfying(definition, objects, { operator: 'Equal', path: [name], [kind]: one }));
    return new Set(objects.filter((one) => each.some((set) => set.has(one))));
  }
  const matches = matcher(definition, name, operator, kind, value);
  return new Set(objects.filter(matches));
}

/** REST names lists differently from GraphQL, which takes one or many under the same name. */
function givenValue(where: WhereClause): [kind: string, value: unknown] {
  const given = Object.entries(where).filter(([name, value]) => name.startsWith('value') && value !== undefined);
  if (given.length !== 1) throw new Refusal(`got operator '${where.operator}', but no value<Type> field set`);
  const [name, value] = given[0]!;
  return [name.replace(/Array$/, ''), value];
}

function matcher(definition: ClassDefinition, name: string, operator: string, kind: string, value: unknown) {
  const wanted = name === 'id' ? { name, dataType: ['text'], tokenization: 'field' } : propertyOf(definition, name);
  const type = wanted.dataType[0]!.replace('[]', '');
  const needed = { text: 'valueText', number: 'valueNumber', int: 'valueInt', boolean: 'valueBoolean' }[type];
  if (needed !== kind) throw new Refusal(`data type filter cannot use "${kind}" on type "${type}", use "${needed}"`);
  if (wanted.indexFilterable === false) throw new Refusal(`Filtering by property '${name}' requires inverted index`);
  const keysOf = (object: StoredObject) => keys(wanted, name === 'id' ? object.id : object.properties[name]);
  const asked = type === 'text' ? tokens(wanted.tokenization, value as string) : [value as number | boolean];
  if (asked.length === 0) throw new Refusal('invalid search term, only stopwords provided.');
  if (operator === 'Equal') return (one: StoredObject) => asked.every((key) => keysOf(one).includes(key));
  if (operator === 'NotEqual') return (one: StoredObject) => !asked.every((key) => keysOf(one).includes(key));
  if (!COMPARISONS.has(operator)) throw new Refusal(`operator ${operator} not supported`);
  return (one: StoredObject) => keysOf(one).some((key) => asked.every((limit) => inOrder(operator, key, limit)));
}

export function propertyOf(definition: ClassDefinition, name: string): PropertyDefinition {
  const found = definition.properties.find((one) => one.name === name);
  if (!found) throw new Refusal(`no such prop with name '${name}' found in class '${definition.class}' in the schema`);
  return found;
}

type Key = string | number | boolean;

function keys(property: PropertyDefinition, value: unknown): Key[] {
  if (value === undefined || value === null) return [];
  const items = Array.isArray(value) ? value : [value];
  return items.flatMap((one) => (typeof one === 'string' ? tokens(property.tokenization, one) : [one as Key]));
}

/** https://docs.weaviate.io/weaviate/config-refs/collections#tokenization */
function tokens(tokenization: string | undefined, text: string): string[] {
  if (tokenization === 'field') return [text.trim()];
  if (tokenization === 'whitespace') return text.split(/\s+/).filter((one) => one !== '');
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Keys are compared as bytes. */
function inOrder(operator: string, key: Key, limit: Key): boolean {
  const text = typeof key === 'string';
  const order = text ? Buffer.compare(Buffer.from(key), Buffer.from(limit as string)) : Number(key) - Number(limit);
  if (operator.startsWith('GreaterThan')) return order > 0 || (order === 0 && operator.endsWith('Equal'));
  return order < 0 || (order === 0 && operator.endsWith('Equal'));
}

/** https://docs.weaviate.io/weaviate/config-refs/distances */
export function byVector(metric: string, objects: readonly StoredObject[], vector: number[], limit: number): Hit[] {
  const hits = objects
    .filter((object) => object.vector !== undefined)
    .map((object) => ({ object, distance: distanceOf(metric, object.vector!, vector) }));
  return hits.sort((a, b) => a.distance - b.distance).slice(0, limit);
}

function distanceOf(metric: string, a: number[], b: number[]): number {
  if (a.length !== b.length) throw new Refusal(`vector lengths don't match: ${a.length} vs ${b.length}`);
  const dot = (x: number[], y: number[]) => x.reduce((sum, one, at) => sum + one * y[at]!, 0);
  if (metric === 'dot') return Math.fround(-dot(a, b));
  if (metric === 'l2-squared') return Math.fround(a.reduce((sum, one, at) => sum + (one - b[at]!) ** 2, 0));
  return Math.fround(1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
}

/** BM25 with the vendor's k1 and b. Numbers of documents are of the whole shard. */
export function byWords(
  definition: ClassDefinition,
  all: readonly StoredObject[],
  allowed: readonly StoredObject[],
  { query, properties }: { query: string; properties: string[] },
): Hit[] {
  const searched = properties.map((name) => propertyOf(definition, name));
  const wrong = searched.find(({ indexSearchable }) => indexSearchable === false);
  if (wrong) throw new Refusal(`${wrong.name} is not indexed for keyword search`);
  const wordsOf = ({ properties: values }: StoredObject) => searched.flatMap((one) => keys(one, values[one.name]));
  const mean = all.reduce((sum, one) => sum + wordsOf(one).length, 0) / Math.max(1, all.length);
  const words = [...new Set(tokens('word', query))];
  const scored = allowed.map((object) => {
    const text = wordsOf(object);
    const score = words.reduce((sum, word) => {
      const holding = all.filter((one) => wordsOf(one).includes(word)).length;
      const times = text.filter((one) => one === word).length;
      const rarity = Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5));
      return sum + (rarity * times * 2.2) / (times + 1.2 * (0.25 + (0.75 * text.length) / mean));
    }, 0);
    return { object, score };
  });
  return scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
}

/** Each list nearest first, with its weight. */
type Ranking = { weight: number; hits: Array<{ object: StoredObject; value: number }> };

/** https://docs.weaviate.io/weaviate/concepts/search/hybrid-search#fusion-strategies */
export function fusedHits(fusionType: string, vectors: Hit[], words: Hit[], alpha: number): Hit[] {
  const rankings: Ranking[] = [
    { weight: 1 - alpha, hits: words.map(({ object, score }) => ({ object, value: score! })) },
    { weight: alpha, hits: vectors.map(({ object, distance }) => ({ object, value: 1 - distance! })) },
  ];
  const scores = new Map<StoredObject, number>();
  for (const ranking of rankings.filter(({ weight }) => weight > 0)) {
    const shares = fusionType === 'rankedFusion' ? byRank(ranking) : byRelativeScore(ranking);
    for (const [at, { object }] of ranking.hits.entries()) {
      scores.set(object, (scores.get(object) ?? 0) + shares[at]!);
    }
  }
  return [...scores].map(([object, score]) => ({ object, score })).sort((a, b) => b.score - a.score);
}

function byRank({ weight, hits }: Ranking): number[] {
  return hits.map((_, rank) => weight / (rank + 60));
}

function byRelativeScore({ weight, hits }: Ranking): number[] {
  const values = hits.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (most === least ? weight : (weight * (value - least)) / (most - least)));
}
