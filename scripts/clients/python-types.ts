// The types of a document in Python: a TypedDict for each object, an alias for anything else that has a name.
import { type ApiDocument, resolved, type Schema } from './document.js';
import { isPythonIdentifier, pascalCase } from './names.js';

const OBJECT = 'Dict[str, Any]';

/** Collects declarations while it names types; what has no name of its own gets one from where it stands. */
export class PythonTypes {
  private readonly declarations = new Map<string, string>();
  private readonly named = new Map<string, string>();
  private readonly taken = new Set<string>(['Any', 'Dict', 'List', 'Literal', 'TypedDict', 'Union']);

  constructor(private readonly document: ApiDocument) {
    for (const name of Object.keys(document.components?.schemas ?? {})) {
      this.named.set(`#/components/schemas/${name}`, this.free(pascalCase(name)));
    }
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
      this.declare(this.named.get(`#/components/schemas/${name}`)!, schema);
    }
  }

  /** Names of all types, in the order of their declaration. */
  get names(): string[] {
    return [...this.declarations.keys()];
  }

  /** The declarations as the text of a module. */
  get text(): string {
    return [...this.declarations.values()].join('\n\n');
  }

  /** The type of a schema in an annotation; `place` names what must get a name. */
  of(schema: Schema, place: string): string {
    if (schema.$ref !== undefined) {
      return this.named.get(schema.$ref) ?? this.of(resolved(this.document, schema), place);
    }
    const type = this.plain(schema, place);
    return schema.nullable ? union([type, 'None']) : type;
  }

  private plain(schema: Schema, place: string): string {
    if (schema.const !== undefined) return literal([schema.const]);
    if (schema.enum) return literal(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices && !schema.properties) {
      return union(choices.map((one, at) => this.of(one, choices.length === 1 ? place : `${place}${letter(at)}`)));
    }
    const [only, ...others] = schema.allOf ?? [];
    if (only && others.length === 0 && !schema.properties) return this.of(only, place);
    if (only) return this.plain(this.merged(schema), place);
    if (Array.isArray(schema.type)) {
      return union(schema.type.map((type) => this.plain({ ...schema, type }, place)));
    }
    return this.single(schema, place);
  }

  private single(schema: Schema, place: string): string {
    switch (schema.type ?? (schema.properties ? 'object' : undefined)) {
      case 'string':
        return schema.format === 'binary' ? 'bytes' : 'str';
      case 'integer':
        return 'int';
      case 'number':
        return 'float';
      case 'boolean':
        return 'bool';
      case 'null':
        return 'None';
      case 'array':
        return `List[${this.of(schema.items ?? {}, `${place}Item`)}]`;
      case 'object':
        return this.object(schema, place);
      default:
        return 'Any';
    }
  }

  private object(schema: Schema, place: string): string {
    const { properties = {}, additionalProperties } = schema;
    if (Object.keys(properties).length > 0) {
      const name = this.free(pascalCase(place));
      this.typedDict(name, schema);
      return name;
    }
    if (typeof additionalProperties !== 'object') return OBJECT;
    return `Dict[str, ${this.of(additionalProperties, `${place}Value`)}]`;
  }

  private declare(name: string, schema: Schema): void {
    const whole = schema.allOf ? this.merged(schema) : schema;
    const isObject = Object.keys(whole.properties ?? {}).length > 0 && !whole.nullable && !Array.isArray(whole.type);
    if (isObject && whole.$ref === undefined) {
      this.typedDict(name, whole);
      return;
    }
    // Kept in its place: what it names stands before it.
    const type = this.of(whole, name);
    this.declarations.set(
      name,
      `${name} = ${quotedNames(type, new Set(this.named.values()), this.taken)}${described(schema)}`,
    );
  }

  private typedDict(name: string, schema: Schema): void {
    this.declarations.set(name, '');
    const { properties = {}, required = [] } = schema;
    const fields = Object.entries(properties).map(([key, one]) => ({
      key,
      type: this.of(one, `${name} ${key}`),
      required: required.includes(key),
      text: one.description ?? '',
    }));
    const must = fields.filter((one) => one.required);
    const may = fields.filter((one) => !one.required);
    const about = schema.description ?? '';
    const text =
      must.length === 0
        ? dictText(name, 'TypedDict, total=False', may, about)
        : may.length === 0
          ? dictText(name, 'TypedDict', must, about)
          : `${dictText(`_${name}`, 'TypedDict', must, '')}\n\n${dictText(name, `_${name}, total=False`, may, about)}`;
    this.declarations.set(name, text);
  }

  /** `allOf` as one schema: the fields of all. */
  private merged({ allOf = [], ...own }: Schema): Schema {
    const all: Schema[] = [...allOf.map((one) => resolved(this.document, one)), own];
    const parts = all.map((one) => (one.allOf ? this.merged(one) : one));
    const properties = Object.assign({}, ...parts.map((one) => one.properties ?? {})) as Record<string, Schema>;
    return {
      ...Object.assign({}, ...parts),
      ...(Object.keys(properties).length > 0 && { properties }),
      required: parts.flatMap((one) => one.required ?? []),
    } as Schema;
  }

  private free(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.taken.has(name); n++) name = `${wanted}${n}`;
    this.taken.add(name);
    return name;
  }
}

interface Field {
  key: string;
  type: string;
  required: boolean;
  text: string;
}

/** Keys that are no names of Python's need the form of a call, which then is the base. */
function dictText(name: string, bases: string, fields: Field[], about: string): string {
  const odd = fields.filter(({ key }) => !isPythonIdentifier(key));
  const plain = fields.filter(({ key }) => isPythonIdentifier(key));
  const lines = plain.flatMap(({ key, type, text }) => [
    `    ${key}: ${type}`,
    ...(text ? [docString(text, '    ')] : []),
  ]);
  const body = [...(about ? [docString(about, '    ')] : []), ...lines];
  if (odd.length === 0) return `class ${name}(${bases}):\n${(body.length > 0 ? body : ['    pass']).join('\n')}\n`;
  const [base, total] = bases.split(', ');
  const entries = odd.map(({ key, type }) => `    ${JSON.stringify(key)}: ${JSON.stringify(type)},`);
  const call = `_${name}Keys = TypedDict("_${name}Keys", {\n${entries.join('\n')}\n}${total ? `, ${total}` : ''})\n`;
  const all = base === 'TypedDict' ? `_${name}Keys` : `_${name}Keys, ${base}`;
  return `${call}\n\nclass ${name}(${all}${total ? `, ${total}` : ''}):\n${(body.length > 0 ? body : ['    pass']).join('\n')}\n`;
}

export function docString(text: string, indent: string): string {
  const safe = text.replaceAll('\\', '\\\\').replaceAll('"""', '\\"\\"\\"').trim();
  // A quote at the end would be one of those that close.
  const closed = safe.endsWith('"') ? `${safe.slice(0, -1)}\\"` : safe;
  return closed
    .split('\n')
    .map((line, at) => `${indent}${at === 0 ? '"""' : ''}${line}`.trimEnd())
    .join('\n')
    .concat('"""');
}

function described({ description }: Schema): string {
  return description ? `\n${docString(description, '')}\n` : '\n';
}

function literal(values: readonly unknown[]): string {
  const known = values.filter(
    (one) => one === null || ['string', 'boolean'].includes(typeof one) || Number.isInteger(one),
  );
  // PEP 586 has no literals of floats.
  if (known.length < values.length) return 'float';
  return `Literal[${known.map(pythonLiteral).join(', ')}]`;
}

function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  return value === false ? 'False' : JSON.stringify(value);
}

function union(types: string[]): string {
  const different = [...new Set(types)];
  if (different.includes('Any') || different.length === 0) return 'Any';
  return different.length === 1 ? different[0]! : `Union[${different.join(', ')}]`;
}

/** An alias is worked out when the module is read: names that may come later stand in quotes. */
function quotedNames(type: string, named: Set<string>, taken: Set<string>): string {
  const words = /"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/g;
  return type.replace(words, (word) => {
    const isOurs = named.has(word) || (taken.has(word) && !/^(Any|Dict|List|Literal|TypedDict|Union)$/.test(word));
    return isOurs ? `"${word}"` : word;
  });
}

function letter(at: number): string {
  return `Option${at + 1}`;
}
