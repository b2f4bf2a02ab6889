// The types of a document in TypeScript, by @hey-api/openapi-ts, under names that are given to it.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { type ApiDocument, type Content, UnusableDocument } from './document.js';
import { notice } from './generated-file.js';
import { Names, pascalCase } from './names.js';
import { isJson, type Operation } from './operations.js';
import { EXPORTED, TYPESCRIPT_GLOBALS } from './taken-names.js';

export interface TypesFile {
  text: string;
  /** What the types of an operation begin with. */
  ofOperation(operation: Operation): string;
  /** The type of a schema of the document. */
  ofSchema(reference: string): string | undefined;
  /** Whether the file exports a type of this name. */
  has(name: string): boolean;
}

const ROLES = { data: 'Data', response: 'Response', responses: 'Responses' };

/** @throws UnusableDocument where the document does not fit what OpenAPI asks for */
export async function typesOf(document: ApiDocument, operations: Operation[], className: string): Promise<TypesFile> {
  const folder = await mkdtemp(join(tmpdir(), 'clients-'));
  const given = new GivenNames(document, operations, className);
  try {
    await createClient({
      input: slim(document, operations) as unknown as Record<string, unknown>,
      output: { path: folder, entryFile: false },
      logs: { level: 'silent', file: false },
      plugins: [
        {
          name: '@hey-api/typescript',
          '~hooks': {
            symbols: {
              getName({ meta, operation, name }) {
                const { resource, resourceId, role } = meta;
                if (operation && role) return () => given.ofRole(operation, String(role));
                return resource === 'definition' ? () => given.ofDefinition(String(resourceId), name) : undefined;
              },
            },
          },
        },
      ],
    });
    const written = await readFile(join(folder, 'types.gen.ts'), 'utf8');
    const text = notice('//', 'The types of the API.') + written.slice(written.indexOf('\n') + 1);
    const names = new Set([...text.matchAll(/^export (?:type|enum|const) (\w+)/gm)].map(([, name]) => name));
    return {
      text,
      ofOperation: (operation) => given.ofOperation(operation),
      ofSchema: (reference) => given.ofSchema(reference),
      has: (name) => names.has(name),
    };
  } catch (error) {
    throw new UnusableDocument(`no types can be made of this document: ${(error as Error).message}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What each type is called: no two the same, and none as the package calls something else. */
class GivenNames {
  private readonly taken: Names;
  private readonly definitions = new Map<string, string>();
  private readonly operations = new Map<string, string>();

  constructor(document: ApiDocument, operations: Operation[], className: string) {
    this.taken = new Names([...EXPORTED, ...TYPESCRIPT_GLOBALS, className]);
    for (const name of Object.keys(document.components?.schemas ?? {})) {
      this.ofDefinition(`#/components/schemas/${name}`, name);
    }
    for (const one of operations) this.operations.set(`${one.method} ${one.path}`, this.free(one.title));
  }

  ofOperation({ method, path }: { method: string; path: string }): string {
    return this.operations.get(`${method.toUpperCase()} ${path}`)!;
  }

  ofRole(operation: { method: string; path: string }, role: string): string | undefined {
    return Object.hasOwn(ROLES, role) ? this.ofOperation(operation) + ROLES[role as keyof typeof ROLES] : undefined;
  }

  ofSchema(reference: string): string | undefined {
    return this.definitions.get(reference);
  }

  ofDefinition(reference: string, name: string): string {
    const known = this.ofSchema(reference) ?? this.taken.take(pascalCase(name));
    this.definitions.set(reference, known);
    return known;
  }

  /** With each of the endings of its types. */
  private free(title: string): string {
    let name = title;
    const isTaken = () => Object.values(ROLES).some((ending) => this.taken.has(name + ending));
    for (let n = 2; isTaken(); n++) name = `${title}${n}`;
    for (const ending of Object.values(ROLES)) this.taken.take(name + ending);
    return name;
  }
}

/** The document with what the client asks of it: arguments, the one body that is sent, and the JSON of good replies. */
function slim(document: ApiDocument, operations: Operation[]): ApiDocument {
  const paths: ApiDocument['paths'] = {};
  for (const operation of operations) {
    const { path, method, body } = operation;
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        operationId: operation.title,
        parameters: operation.arguments.map(({ name, in: place, required, description, schema }) => ({
          name,
          in: place,
          required,
          description,
          schema,
        })),
        ...(body && {
          requestBody: { required: body.required, content: { [sentAs(body)]: { schema: body.schema } } },
        }),
        responses: { 200: goodReply(operation) },
      },
    };
  }
  const { openapi, info, components } = document;
  return { openapi, info, paths, ...(components && { components }) };
}

/** A line is described as JSON: its type is then the type of one line. */
function sentAs({ as, type }: NonNullable<Operation['body']>): string {
  return as === 'lines' || isJson(type) ? 'application/json' : type;
}

function goodReply({ reply }: Operation): Content {
  const description = 'Done.';
  if (reply.json.length === 0) return { description };
  const schema = reply.json.length === 1 ? reply.json[0]! : { anyOf: reply.json };
  return { description, content: { 'application/json': { schema } } };
}
