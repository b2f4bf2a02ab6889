// Writes the TypeScript client of a document: a class with a method for each operation, over the hand-written transport.
import type { ApiDocument } from './document.js';
import { type ClientFile, type ClientOptions, notice } from './generated-file.js';
import { Names, typeScriptName } from './names.js';
import { type Argument, type Body, type Operation, operationsOf } from './operations.js';
import { type TypesFile, typesOf } from './typescript-types.js';

/** The files that depend on the document; the hand-written ones stand beside them. */
export async function typeScriptFiles(document: ApiDocument, options: ClientOptions): Promise<ClientFile[]> {
  const { className, names } = options;
  const operations = operationsOf(document, names);
  const types = await typesOf(document, operations, className);
  return [
    { path: 'src/client.gen.ts', text: clientFile(document, operations, types, className) },
    { path: 'src/operations.gen.ts', text: operationsFile(operations) },
    { path: 'src/types.gen.ts', text: types.text },
  ];
}

function operationsFile(operations: Operation[]): string {
  const rows = operations.map((one) => `  ${methodName(one)}: ${JSON.stringify(row(one))},`);
  return `${notice('//', 'What the client knows of each operation.')}import type { Operation } from './operation.js';

export const operations = {
${rows.join('\n')}
} as const satisfies Record<string, Operation>;
`;
}

function row({ id, method, path, repeat, auth, proof, arguments: given, body, replyKinds }: Operation): object {
  const query = given.filter((one) => one.in === 'query');
  const headers = given.filter((one) => one.in === 'header');
  return {
    id,
    method,
    path,
    repeat,
    ...(auth && { auth }),
    ...(query.length > 0 && { query: Object.fromEntries(query.map(({ name, style }) => [name, style])) }),
    ...(headers.length > 0 && { headers: headers.map(({ name }) => name) }),
    ...(body && { body: { type: body.type, as: body.as } }),
    ...(replyKinds && { reply: replyKinds }),
    ...(proof && { proof }),
  };
}

function clientFile(document: ApiDocument, operations: Operation[], types: TypesFile, className: string): string {
  const methods = operations.map((one) => methodText(one, types));
  const code = methods.join('\n').replace(/\/\*\*[\s\S]*?\*\//g, '');
  const imports = [
    code.includes('Lines<') && "import type { Lines } from './lines.js';\n",
    "import { operations } from './operations.gen.js';\n",
    "import type { CallOptions, ClientOptions } from './options.js';\n",
    code.includes(' Raw') && "import type { Raw } from './message.js';\n",
    "import { Transport } from './transport.js';\n",
    code.includes('Api.') && "import type * as Api from './types.gen.js';\n",
  ];
  const { title, version } = document.info;
  return `${notice('//', 'The client: a method for each operation.')}${imports.filter(Boolean).join('')}
${comment(`${title} ${version}: a method for each operation.`, '')}
export class ${className} {
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
  }

${methods.join('\n\n')}
}
`;
}

interface Place {
  name: string;
  type: string;
  required: boolean;
}

function methodText(operation: Operation, types: TypesFile): string {
  const name = methodName(operation);
  const places = placesOf(operation, types);
  const signature = places.map(({ name: place, type, required }, at) => {
    if (required) return `${place}: ${type}`;
    // What may be left out stands before what may not.
    return places.slice(at).some((later) => later.required) ? `${place}: ${type} | undefined` : `${place}?: ${type}`;
  });
  const { summary, description, deprecated } = operation;
  const text = [summary, description === summary ? '' : description, deprecated ? '@deprecated' : ''];
  return `${comment(text.filter(Boolean).join('\n\n') || operation.id, '  ')}
  ${name}(${[...signature, 'options?: CallOptions'].join(', ')}): Promise<${replyType(operation, types)}> {
    return this.#transport.send(operations.${name}, ${inputText(operation)}, options);
  }`;
}

/** Values of the path one by one, then the body, then the other parameters together. */
function placesOf(operation: Operation, types: TypesFile): Place[] {
  const { arguments: given, body } = operation;
  const data = `Api.${types.ofOperation(operation)}Data`;
  const inPath = pathNames(given).map(([name, place]) => ({
    name: place,
    type: `${data}['path'][${quoted(name)}]`,
    required: true,
  }));
  const others = given.filter((one) => one.in !== 'path');
  const both = (['query', 'header'] as const)
    .filter((place) => others.some((one) => one.in === place))
    .map((place) => `NonNullable<${data}['${place === 'query' ? 'query' : 'headers'}']>`);
  return [
    ...inPath,
    ...(body ? [{ name: 'body', type: bodyType(body, data, types), required: body.required }] : []),
    ...(others.length > 0
      ? [{ name: 'parameters', type: both.join(' & '), required: others.some(({ required }) => required) }]
      : []),
  ];
}

function inputText({ arguments: given, body }: Operation): string {
  const inPath = pathNames(given).map(([name, place]) => (place === name ? name : `${quoted(name)}: ${place}`));
  const parts = [
    inPath.length > 0 && `path: { ${inPath.join(', ')} }`,
    body && 'body',
    given.some((one) => one.in !== 'path') && 'parameters',
  ].filter(Boolean);
  return parts.length > 0 ? `{ ${parts.join(', ')} }` : '{}';
}

function bodyType({ as, schema }: Body, data: string, types: TypesFile): string {
  if (as === 'raw') return 'Raw';
  const type = namedType(schema, types) ?? `NonNullable<${data}['body']>`;
  return as === 'lines' ? `Lines<${type}>` : type;
}

function replyType(operation: Operation, types: TypesFile): string {
  const { json, text, bytes, empty } = operation.reply;
  const response = `${types.ofOperation(operation)}Response`;
  if (empty && json.length === 0 && !text && !bytes) return 'void';
  const named = json.length === 1 ? namedType(json[0]!, types) : undefined;
  const parts = [
    json.length > 0 && (named ?? (types.has(response) ? `Api.${response}` : 'unknown')),
    text && 'string',
    bytes && 'Blob',
    empty && 'undefined',
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(' | ') : 'unknown';
}

function namedType({ $ref }: { $ref?: string }, types: TypesFile): string | undefined {
  const name = $ref === undefined ? undefined : types.ofSchema($ref);
  return name !== undefined && types.has(name) ? `Api.${name}` : undefined;
}

function methodName({ title }: Operation): string {
  const name = typeScriptName(title);
  return name === 'constructor' ? 'constructor_' : name;
}

/** Values of the path, and what they are called in the method. */
function pathNames(given: Argument[]): Array<[name: string, place: string]> {
  const names = new Names();
  return given
    .filter((one) => one.in === 'path')
    .map(({ name }) => [name, names.take(argumentName(name), argumentName(`${name} path`))]);
}

/** Beside `body`, `parameters` and `options`, a value of the path takes a name with a sign at its end. */
function argumentName(name: string): string {
  const plain = typeScriptName(name);
  return ['body', 'parameters', 'options', 'operations'].includes(plain) ? `${plain}_` : plain;
}

function quoted(name: string): string {
  return `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function comment(text: string, indent: string): string {
  const lines = text.replaceAll('*/', '*\\/').trim().split('\n');
  if (lines.length === 1) return `${indent}/** ${lines[0]} */`;
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`].join('\n');
}
