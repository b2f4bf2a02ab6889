// The types of a document in Python: a TypedDict for each object, an alias for anything else that has a name.
import { type ApiDocument, resolved, type Schema } from './document.js';
import { isPythonIdentifier, Names, pascalCase } from './names.js';
import { PYTHON_CONSTANTS, TYPING } from './taken-names.js';

const OBJECT = 'Dict[str, Any]';
const KEPT = new Set([...TYPING, ...PYTHON_CONSTANTS]);
/** An object of more alternatives than these is any object. */
const MOST_ALTERNATIVES = 32;

/** What an object is in any case, and what it is one of, time and again. */
interface Parts {
  fields: Schema;
  choices: Array<{ among: Schema[]; inside: ReadonlySet<string> }>;
}

/** Collects declarations while it names types; what has no name of its own gets one from where it stands. */
export class PythonTypes {
  private readonly declarations = new Map<string, string>();
  private readonly named = new Map<string, string>();
  private readonly taken = new Names(KEPT);

  constructor(private readonly document: ApiDocument) {
    for (const name of Object.keys(document.components?.schemas ?? {})) {
      this.named.set(`#/components/schemas/${name}`, this.taken.take(pascalCase(name)));
    }
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
      this.declare(`#/components/schemas/${name}`, schema);
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
    if (isMixed(schema)) {
      const [only, ...others] = schema.allOf ?? [];
      const isOnly = only && others.length === 0 && !schema.properties && !choicesOf(schema);
      return isOnly ? this.of(only, place) : this.plain(this.merged(schema), place);
    }
    const choices = choicesOf(schema);
    if (choices) {
      return union(choices.map((one, at) => this.of(one, choices.length === 1 ? place : `${place}${letter(at)}`)));
    }
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
      const name = this.taken.take(pascalCase(place));
      this.typedDict(name, schema);
      return name;
    }
    if (typeof additionalProperties !== 'object') return OBJECT;
    return `Dict[str, ${this.of(additionalProperties, `${place}Value`)}]`;
  }

  private declare(reference: string, schema: Schema): void {
    const name = this.named.get(reference)!;
    const whole = isMixed(schema) ? this.merged(schema, new Set([reference])) : schema;
    const isObject = Object.keys(whole.properties ?? {}).length > 0 && !whole.nullable && !Array.isArray(whole.type);
    if (isObject && whole.$ref === undefined) {
      this.typedDict(name, whole);
      return;
    }
    // Kept in its place: what it names stands before it.
    const type = this.of(whole, name);
    this.declarations.set(name, `${name} = ${this.quoted(type)}${described(schema)}`);
  }

  private typedDict(name: string, schema: Schema): void {
    this.declarations.set(name, '');
    const { properties = {}, required = [] } = schema;
    const fields = Object.entries(properties).map(([key, one]) => ({
      key,
      type: this.fieldType(key, this.of(one, `${name} ${key}`)),
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

  /** Keys that stand in a call have types that are worked out when the module is read. */
  private fieldType(key: string, type: string): string {
    return isPythonIdentifier(key) ? type : this.quoted(type);
  }

  /** A type that is worked out when the module is read: names that may come later stand in quotes. */
  private quoted(type: string): string {
    const words = /"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/g;
    return type.replace(words, (word) => (this.taken.has(word) && !KEPT.has(word) ? `"${word}"` : word));
  }

  /** An object of several parts as one schema: the fields of all, or alternatives with the fields of all. */
  private merged(schema: Schema, inside: ReadonlySet<string> = new Set()): Schema {
    const { fields, choices } = this.parts(schema, inside);
    const [only, ...others] = choices;
    if (!only) return fields;
    if (!fields.properties && others.length === 0) return { ...fields, oneOf: only.among };
    const found = this.alternatives(schema, inside);
    if (found.length > MOST_ALTERNATIVES) return { type: 'object' };
    return found.length === 1 ? found[0]! : { oneOf: found };
  }

  /** Each with the fields of all parts; at most one more than are told apart. */
  private alternatives(schema: Schema, inside: ReadonlySet<string>): Schema[] {
    const { fields, choices } = this.parts(schema, inside);
    let found = [fields];
    for (const { among, inside: here } of choices) {
      const others = among.flatMap((one) => this.alternatives(one, here));
      found = found.flatMap((one) => others.map((other) => combined(one, other))).slice(0, MOST_ALTERNATIVES + 1);
    }
    return found;
  }

  /** `inside` are the references that led here. */
  private parts(schema: Schema, inside: ReadonlySet<string>): Parts {
    if (schema.$ref !== undefined) {
      const next = new Set([...inside, schema.$ref]);
      return this.parts(resolved(this.document, schema), next);
    }
    const { allOf = [], anyOf, oneOf, ...own } = schema;
    const isNew = (one: Schema) => one.$ref === undefined || !inside.has(one.$ref);
    const parts = allOf.filter(isNew).map((one) => this.parts(one, inside));
    // Those that name what led here are its children, which say themselves what they are made of.
    const among = [anyOf, oneOf].filter((choices) => choices?.every(isNew)) as Schema[][];
    return {
      fields: [...parts.map(({ fields }) => fields), own].reduce(combined, {}),
      choices: [...parts.flatMap(({ choices }) => choices), ...among.map((one) => ({ among: one, inside }))],
    };
  }
}

/** Whether a schema has parts that must be put together. */
function isMixed(schema: Schema): boolean {
  return schema.allOf !== undefined || (choicesOf(schema) !== undefined && schema.properties !== undefined);
}

function choicesOf({ anyOf, oneOf }: Schema): Schema[] | undefined {
  return anyOf ?? oneOf;
}

function combined(one: Schema, other: Schema): Schema {
  const properties = { ...one.properties, ...other.properties };
  return {
    ...one,
    ...other,
    ...(Object.keys(properties).length > 0 && { properties }),
    required: [...(one.required ?? []), ...(other.required ?? [])],
  };
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
  const entries = odd.map(({ key, type }) => `    ${JSON.stringify(key)}: ${type},`);
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
  const isText = (one: unknown) => one === null || typeof one === 'string' || typeof one === 'boolean';
  const numbers = values.filter((one) => typeof one === 'number');
  // PEP 586 has no literals of floats, nor of lists and objects.
  const areWhole = numbers.every(Number.isSafeInteger);
  const known = values.filter((one) => isText(one) || (areWhole && typeof one === 'number'));
  const isOther = values.some((one) => typeof one === 'object' && one !== null);
  return union([
    ...(known.length > 0 ? [`Literal[${known.map(pythonLiteral).join(', ')}]`] : []),
    ...(areWhole ? [] : ['float']),
    ...(isOther ? ['Any'] : []),
  ]);
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

function letter(at: number): string {
  return `Option${at + 1}`;
}
