// The types of a document in TypeScript, by @hey-api/openapi-ts, under names that are known beforehand.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { type ApiDocument, type Content, UnusableDocument } from './document.js';
import { notice } from './generated-file.js';
import { isJson, type Operation } from './operations.js';

export interface TypesFile {
  text: string;
  /** Whether the file exports a type of this name. */
  has(name: string): boolean;
}

/** @throws UnusableDocument where the document does not fit what OpenAPI asks for */
export async function typesOf(document: ApiDocument, operations: Operation[]): Promise<TypesFile> {
  const folder = await mkdtemp(join(tmpdir(), 'clients-'));
  try {
    await createClient({
      input: slim(document, operations) as unknown as Record<string, unknown>,
      output: { path: folder, entryFile: false },
      logs: { level: 'silent', file: false },
      plugins: ['@hey-api/typescript'],
    });
    const written = await readFile(join(folder, 'types.gen.ts'), 'utf8');
    const text = notice('//', 'The types of the API.') + written.slice(written.indexOf('\n') + 1);
    const names = new Set([...text.matchAll(/^export (?:type|enum|const) (\w+)/gm)].map(([, name]) => name));
    return { text, has: (name) => names.has(name) };
  } catch (error) {
    throw new UnusableDocument(`no types can be made of this document: ${(error as Error).message}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
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
