// Writes the Python client of a document: a class with a method for each operation, over the hand-written transport.
import type { ApiDocument } from './document.js';
import { type ClientFile, type ClientOptions, notice } from './generated-file.js';
import { Names, pythonName } from './names.js';
import { type Argument, type Body, type Operation, operationsOf } from './operations.js';
import { docString, PythonTypes } from './python-types.js';
import { TYPING } from './taken-names.js';

/** What every method takes beside the values of its own operation. */
const OPTIONS: ReadonlyArray<readonly [name: string, type: string]> = [
  ['timeout', 'Optional[float]'],
  ['retries', 'Optional[int]'],
  ['correlation_id', 'Optional[str]'],
  ['extra_headers', 'Optional[Mapping[str, str]]'],
  ['on_reply', 'Optional[Callable[[ReplyHead], None]]'],
];
const KEY: readonly [string, string] = ['idempotency_key', 'Optional[str]'];
/** What annotations name: a method of the same name would stand before it, and in a method an argument. */
const TYPES = ['types', 'str', 'int', 'float', 'bool', 'bytes'];
const METHOD_NAMES = ['close', 'self', 'body', 'ssl', 'object', ...TYPES];
const ARGUMENT_NAMES = ['close', 'self', 'body', 'cast', ...TYPES, ...[...OPTIONS, KEY].map(([option]) => option)];

/** The files that depend on the document, inside the package; the hand-written ones stand beside them. */
export function pythonFiles(document: ApiDocument, { className, names }: ClientOptions): ClientFile[] {
  const operations = operationsOf(document, names);
  const types = new PythonTypes(document);
  const methods = operations.map((one) => methodText(one, types));
  return [
    { path: '_client.py', text: clientFile(document, methods, className) },
    { path: '_operations.py', text: operationsFile(operations) },
    { path: 'types.py', text: typesFile(types) },
  ];
}

function typesFile(types: PythonTypes): string {
  const code = codeOf(types.text);
  const typing = TYPING.filter((name) => named(code, name));
  return `${notice('#', 'The types of the API.')}"""The types of the API, as JSON has them."""

from __future__ import annotations

${typing.length > 0 ? `from typing import ${typing.join(', ')}\n\n` : ''}__all__ = [
${types.names.map((name) => `    "${name}",`).join('\n')}
]


${types.text}`;
}

function operationsFile(operations: Operation[]): string {
  return `${notice('#', 'What the client knows of each operation.')}"""What the client knows of each operation."""

from __future__ import annotations

from typing import Dict

from ._operation import Auth, Body, Operation

__all__ = ["OPERATIONS"]

_AUTH = Auth  # Not every document asks for a token, or has bodies.
_BODY = Body

OPERATIONS: Dict[str, Operation] = {
${operations.map((one) => `    ${JSON.stringify(methodName(one))}: ${rowText(one)},`).join('\n')}
}
`;
}

function rowText({ id, method, path, repeat, auth, proof, arguments: given, body, replyKinds }: Operation): string {
  const query = given
    .filter((one) => one.in === 'query')
    .map(({ name, style }) => `${JSON.stringify(name)}: "${style}"`);
  const texts = [
    ...[id, method, path, repeat].map((text) => JSON.stringify(text)),
    auth &&
      `auth=Auth(${['name' in auth ? [auth.scheme, auth.name] : [auth.scheme]]
        .flat()
        .map((text) => JSON.stringify(text))
        .join(', ')})`,
    query.length > 0 && `query={${query.join(', ')}}`,
    body && `body=Body(${JSON.stringify(body.type)}, "${body.as}")`,
    replyKinds && `reply=(${replyKinds.map((kind) => `"${kind}",`).join(' ')})`,
    proof && 'proof=True',
  ];
  return `Operation(${texts.filter(Boolean).join(', ')})`;
}

function clientFile(document: ApiDocument, methods: string[], className: string): string {
  const { title, version } = document.info;
  const text = methods.join('\n\n');
  const code = codeOf(text);
  const used = [...TYPING.filter((name) => named(code, name)), ...(code.includes('return cast(') ? ['cast'] : [])];
  const typing = ['Callable', 'Mapping', 'Optional', ...used].sort();
  const messages = ['Lines', 'Raw'].filter((name) => named(code, name));
  return `${notice('#', 'The client: a method for each operation.')}${docString(`${title} ${version}: a method for each operation.`, '')}

from __future__ import annotations

import ssl
from typing import ${typing.join(', ')}

${messages.length > 0 ? `from ._message import ${messages.join(', ')}\n` : ''}from ._operation import CallOptions, Input, ReplyHead
from ._operations import OPERATIONS
from ._transport import Token, Transport
${code.includes('types.') ? 'from . import types\n' : ''}
__all__ = [${JSON.stringify(className)}]


class ${className}:
${docString(`${title} ${version}. May be used by many threads at once.`, '    ')}

    def __init__(
        self,
        base_url: str,
        token: Optional[Token] = None,
        *,
        retries: int = 2,
        timeout: Optional[float] = 30.0,
        max_pause: float = 30.0,
        idempotency_keys: bool = False,
        headers: Optional[Mapping[str, str]] = None,
        on_reply: Optional[Callable[[ReplyHead], None]] = None,
        ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        """
        \`\`retries\`\`: how often a call is sent again at most. \`\`timeout\`\`: seconds for each time that it is sent, its reply
        included; None, 0 and infinity are no limit. Not for lines: they have none unless the call gives it. \`\`max_pause\`\`:
        longest pause between two tries, seconds; a \`\`retry-after\`\` that is longer fails at once. \`\`idempotency_keys\`\`:
        makes an Idempotency-Key for each call that takes one and has none, so that it may be sent again.
        """
        self._transport = Transport(
            base_url,
            token,
            retries=retries,
            timeout=timeout,
            max_pause=max_pause,
            idempotency_keys=idempotency_keys,
            headers=headers,
            on_reply=on_reply,
            ssl_context=ssl_context,
        )

    def close(self) -> None:
        """Ends the connections that are kept. May be called twice."""
        self._transport.close()

    def __enter__(self) -> ${className}:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

${text}
`;
}

function methodText(operation: Operation, types: PythonTypes): string {
  const { title, arguments: given, body, summary, description, deprecated } = operation;
  const names = new Names();
  const places = given.map((one) => ({
    one,
    name: names.take(argumentName(one.name), argumentName(`${one.name} ${one.in}`)),
    type: typeText(types.of(one.schema, `${title} ${one.name}`), types),
  }));
  const inPath = places.filter(({ one }) => one.in === 'path');
  const others = places.filter(({ one }) => one.in !== 'path');
  const bodyPlace = body && bodyText(body, title, types);
  const options = operation.repeat === 'keyed' ? [KEY, ...OPTIONS] : OPTIONS;
  const reply = replyType(operation, types);
  const about = [summary, description === summary ? '' : description, deprecated ? 'Deprecated.' : ''].filter(Boolean);
  const call = `self._transport.send(
            OPERATIONS[${JSON.stringify(methodName(operation))}],
            Input(${inputText(inPath, others, body)}),
            CallOptions(${options.map(([name]) => `${name}=${name}`).join(', ')}),
        )`;
  return `    def ${methodName(operation)}(
        self,
${[
  ...inPath.map(({ name, type }) => `        ${name}: ${type},`),
  ...(bodyPlace ? [`        body: ${bodyPlace},`] : []),
  '        *,',
  ...others.map(({ one, name, type }) => `        ${name}: ${one.required ? type : `${optional(type)} = None`},`),
  ...options.map(([name, type]) => `        ${name}: ${type} = None,`),
].join('\n')}
    ) -> ${reply}:
${docString(about.join('\n\n        ') || operation.id, '        ')}
        ${returned(reply, call)}`;
}

function returned(reply: string, call: string): string {
  if (reply === 'None') return call;
  if (reply === 'Any') return `return ${call}`;
  // Readers of types take no signs that are escaped in a text.
  const type = reply.includes('"') ? reply : JSON.stringify(reply);
  return `return cast(${type}, ${call})`;
}

type Placed = Array<{ one: Argument; name: string }>;

function inputText(inPath: Placed, others: Placed, body: Body | undefined): string {
  const dict = (places: Placed) =>
    `{${places.map(({ one, name }) => `${JSON.stringify(one.name)}: ${name}`).join(', ')}}`;
  const query = others.filter(({ one }) => one.in === 'query');
  const headers = others.filter(({ one }) => one.in === 'header');
  return [
    inPath.length > 0 && `path=${dict(inPath)}`,
    query.length > 0 && `query=${dict(query)}`,
    headers.length > 0 && `headers=${dict(headers)}`,
    body && 'body=body',
  ]
    .filter(Boolean)
    .join(', ');
}

function bodyText({ as, schema, required }: Body, title: string, types: PythonTypes): string {
  const one = as === 'raw' ? 'Raw' : typeText(types.of(schema, `${title} Body`), types);
  const type = as === 'lines' ? `Lines[${one}]` : one;
  return required ? type : `${optional(type)} = None`;
}

function replyType({ title, reply }: Operation, types: PythonTypes): string {
  const parts = [
    ...reply.json.map((schema, at) => typeText(types.of(schema, `${title} Reply${at > 0 ? at + 1 : ''}`), types)),
    ...(reply.text ? ['str'] : []),
    ...(reply.bytes ? ['bytes'] : []),
    ...(reply.empty ? ['None'] : []),
  ];
  const different = [...new Set(parts)];
  if (different.length === 0 || different.includes('Any')) return 'Any';
  return different.length === 1 ? different[0]! : `Union[${different.join(', ')}]`;
}

/** Types of the document live in a module of their own. */
function typeText(type: string, types: PythonTypes): string {
  const known = new Set(types.names);
  return type.replace(/"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*/g, (word) => (known.has(word) ? `types.${word}` : word));
}

function optional(type: string): string {
  return type === 'Any' ? type : `Optional[${type}]`;
}

function methodName({ title }: Operation): string {
  const name = pythonName(title);
  return METHOD_NAMES.includes(name) ? `${name}_` : name;
}

function argumentName(name: string): string {
  const plain = pythonName(name);
  return ARGUMENT_NAMES.includes(plain) ? `${plain}_` : plain;
}

/** Without its texts, which may name anything. */
function codeOf(text: string): string {
  return text.replace(/"""(?:[^\\]|\\[\s\S])*?"""|"(?:[^"\\]|\\.)*"/g, '""');
}

/** Whether the code has this name, and not as one of a module. */
function named(code: string, name: string): boolean {
  return new RegExp(`(?<![.\\w])${name}\\b`).test(code);
}
