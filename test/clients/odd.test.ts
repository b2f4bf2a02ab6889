// Clients of documents at which generated code breaks: they compile, their types say what comes, and every name is called.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkedDocument, readDocument } from '../../scripts/clients/document.js';
import { LANGUAGES, newPackages } from '../../scripts/clients/packages.js';
import { pythonFiles } from '../../scripts/clients/python.js';
import { canNameClass, EXPORTED } from '../../scripts/clients/taken-names.js';
import { root } from '../support/child-server.js';
import { pythonDriver } from './callers.js';

const folder = mkdtempSync(join(tmpdir(), 'odd-'));
const asked: string[] = [];
let server: Server;
let baseUrl: string;

beforeAll(async () => {
  const files = await newPackages(readDocument(join(root, 'test/clients/odd.yaml')), LANGUAGES);
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    const isJson = url === '/any' || url === '/literals' || method === 'POST';
    if (isJson) response.writeHead(200, { 'content-type': 'application/json' }).end('{"of":"any"}');
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function node(script: string, ...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, script), ...args], (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

const TYPESCRIPT_CONSUMER = `import { OddClient, type Array2, type Either, type Problem, type Problem2 } from './index.js';
const client = new OddClient({ baseUrl: 'http://127.0.0.1' });
export const first = async (): Promise<string> => (await client.first()).x;
export const second = async (): Promise<string> => (await client.second()).y;
export const third = async (): Promise<string | undefined> => (await client.third())[0]?.of;
export const any = async (): Promise<string | undefined> => (await client.anything()).of;
export const picture = (): Promise<Blob> => client.picture();
export const words: () => Promise<Array2> = async () => ['a', ...(await client.words())];
export const taken = async (): Promise<Problem2> => (await client.taken()).problem;
export const problem: Problem = { code: 'of the runtime' };
export const verified = async (): Promise<string | undefined> => (await client._2faVerify({ code: '1' })).at;
export const numbers = async (): Promise<number[]> => await client.userV23get({ q: 'a' });
export const mixed = (): Promise<Either> => client.mixed({ a: 'a', c: 'c' });
// @ts-expect-error one of the alternatives must be there
export const alone = () => client.mixed({ a: 'a' });
`;

const PYTHON_CONSUMER = `from __future__ import annotations

from . import OddClient, types

client = OddClient("http://127.0.0.1")
first: str = client.first()["x"]
second: str = client.second()["y"]
found = client.anything()
of: str = found["of"] if "of" in found else ""
picture: bytes = client.picture()
words: types.Array = ["a", *client.words()]
mine: int = client.taken()["problem"]["mine"]
mixed = client.mixed({"a": "a", "c": "c"})
alone = client.mixed({"a": "a"})  # pyright: ignore[reportArgumentType]
value: types.Values = "a"
half: types.Values = 0.5
wrong: types.Values = "b"  # pyright: ignore[reportAssignmentType]
file: types.File = {"shelf-mark": "a"}
odd: types.File = {"shelf-mark": "c"}  # pyright: ignore[reportAssignmentType]
`;

describe('names and schemas at which generated code breaks', () => {
  it('make a client in TypeScript that compiles strictly, is typed as they say, and calls', async () => {
    writeFileSync(join(folder, 'typescript/src/consumer.ts'), TYPESCRIPT_CONSUMER);
    expect(await node('node_modules/typescript/bin/tsc', '-p', join(folder, 'typescript'))).toBe('');
    const made = (await import(pathToFileURL(join(folder, 'typescript/dist/index.js')).href)) as {
      OddClient: new (options: object) => Record<string, (...args: unknown[]) => Promise<unknown>>;
    };
    const client = new made.OddClient({ baseUrl });
    asked.length = 0;
    await client.referred!();
    await client.twins!('1', '2', '3', { id: '4', 'user-id': '5', user_id: '6' });
    await client.toString!();
    await client.constructor_!();
    await client.names!({ cast: 'a', types: 'b', str: 'c' });
    await client._2faVerify!({ code: '1' });
    expect(await client.anything!()).toEqual({ of: 'any' });
    spoken();
  }, 60_000);

  it('make a client in Python that is strictly typed as they say, and calls', async () => {
    writeFileSync(join(folder, 'python/odd_client/consumer.py'), PYTHON_CONSUMER);
    const checked = await node('node_modules/pyright/index.js', '-p', join(folder, 'python/pyproject.toml'));
    expect(checked).toContain('0 errors, 0 warnings');
    const ask = pythonDriver(join(folder, 'python'));
    const settings = { class_name: 'OddClient', base_url: baseUrl };
    expect((await ask({ package: 'odd_client', settings })).error).toBeUndefined();
    const call = async (method: string, args: unknown[] = [], kwargs: object = {}) => {
      const { value, error } = await ask({ method, args, kwargs });
      expect(error).toBeUndefined();
      return value;
    };
    asked.length = 0;
    await call('referred');
    await call('twins', ['1', '2', '3'], { id_query: '4', user_id: '5', user_id_query: '6' });
    await call('to_string');
    await call('constructor');
    await call('names', [], { cast_: 'a', types_: 'b', str_: 'c' });
    await call('_2fa_verify', [{ code: '1' }]);
    expect(await call('anything')).toEqual({ of: 'any' });
    expect(await call('literals')).toEqual({ of: 'any' });
    spoken();
  }, 60_000);

  /** What either client must have sent. */
  function spoken(): void {
    expect(asked.slice(0, 7)).toEqual([
      'GET /referred',
      'GET /twins/1/2/3/1?id=4&user-id=5&user_id=6',
      'GET /string',
      'GET /constructor',
      'POST /names?cast=a&types=b&str=c',
      'POST /2fa',
      'GET /any',
    ]);
  }
});

describe('names of the clients themselves', () => {
  it('are all that index.ts exports', () => {
    const index = readFileSync(join(root, 'clients/typescript/src/index.ts'), 'utf8');
    const exported = [...index.matchAll(/^export (?:type )?\{(.*)\}/gm)].flatMap(([, names]) =>
      names!.split(',').map((name) => name.replace('type', '').trim()),
    );
    expect(EXPORTED.toSorted()).toEqual(exported.toSorted());
  });

  it.each(['client.gen.ts', '_client.py'])('are all that %s names', (file) => {
    const home = join(root, 'clients', file.endsWith('.py') ? 'python/resk_caching_client' : 'typescript/src');
    const imports = readFileSync(join(home, file), 'utf8').match(/^(?:import|from) .*$/gm)!;
    const names = imports.flatMap((line) => line.replace(/'.*'/, '').match(/\b[A-Z][a-z]\w*/g) ?? []);
    expect(names).toContain('Transport');
    expect(names.filter(canNameClass)).toEqual([]);
  });
});

describe('a Python type', () => {
  const typesOf = (schemas: object) => {
    const paths = { '/a': { get: { responses: {} } } };
    const document = checkedDocument(
      { openapi: '3.1.0', info: { title: 'a', version: '1' }, paths, components: { schemas } },
      'a',
    );
    const files = pythonFiles(document, { className: 'A', packageName: 'a' });
    return files.find(({ path }) => path === 'types.py')!.text;
  };
  const object = (...names: string[]) => ({
    type: 'object',
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  });
  const to = (name: string) => ({ $ref: `#/components/schemas/${name}` });

  it('of a parent that names its children, and of the children, holds the fields of both', () => {
    const types = typesOf({
      Shape: { ...object('kind'), oneOf: [to('Circle'), to('Square')] },
      Circle: { allOf: [to('Shape'), object('radius')] },
      Square: { allOf: [to('Shape'), object('side')] },
    });
    expect(types).toContain('Shape = Union["ShapeOption1", "ShapeOption2"]');
    expect(types).toContain('class ShapeOption2(TypedDict):\n    kind: str\n    side: str\n');
    expect(types).toContain('class Circle(TypedDict):\n    kind: str\n    radius: str\n');
  });

  it('of parts that lead in a circle ends', () => {
    expect(typesOf({ Circle: { allOf: [to('Circle'), object('radius')] } })).toContain('class Circle(TypedDict):');
  });

  it('of more alternatives than can be told apart is any object', () => {
    const choices = { oneOf: ['a', 'b', 'c', 'd'].map((name) => object(name)) };
    const types = typesOf({ Many: { allOf: [object('x'), choices, choices, choices] } });
    expect(types).toContain('Many = Dict[str, Any]');
  });
});
