// npm run generate:clients makes clients of a stranger's document: they compile, and say on the wire what it asks for.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocument, UnusableDocument } from '../../scripts/clients/document.js';
import { clientFiles, LANGUAGES, newPackages } from '../../scripts/clients/packages.js';
import { ensureBuilt, root } from '../support/child-server.js';
import { pythonDriver } from './callers.js';
import { Library } from './library.js';

/** The package that is made here; what it gives is compared with what was asked for. */
interface Made {
  LendingLibraryClient: new (options: object) => Record<string, (...args: unknown[]) => Promise<unknown>>;
}

interface Ran {
  code: number;
  text: string;
}

const head = 'openapi: 3.1.0\ninfo: { title: a, version: "1" }\npaths:\n';
const twins = `${head}  /a: { get: { operationId: get_a }, put: { operationId: getA } }\n`;
const cookie = `${head}  /a: { get: { parameters: [{ name: c, in: cookie, required: true }] } }\n`;
const style = `${head}  /a: { get: { parameters: [{ name: q, in: query, style: pipeDelimited }] } }\n`;
const reply = `${head}  /a: { get: { responses: { default: { $ref: other.yaml } } } }\n`;
const styleOf = (place: string, name: string) =>
  `${head}  /a/{p}: { get: { parameters: [{ name: p, in: ${place}, style: ${name} }] } }\n`;
const far = (reference: string) => `${head}  /a: { get: { parameters: [{ $ref: "${reference}" }] } }\n`;

const folder = mkdtempSync(join(tmpdir(), 'clients-'));
const SHOWN = { pageable: { page: 1, sort: ['id', 'title'] }, window: { from: 1, to: 2 }, near: { x: 1 } };
let library: Library;

beforeAll(async () => {
  ensureBuilt();
  library = await Library.start();
  const made = await generate('--spec', join(root, 'test/clients/foreign.yaml'), '--out', 'made');
  expect(made).toMatchObject({ code: 0, text: expect.stringContaining('files') });
}, 120_000);
afterAll(async () => {
  await library.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(file: string, args: string[], cwd = root): Promise<Ran> {
  const env = { PATH: process.env.PATH, INIT_CWD: folder };
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, text: stdout + stderr }),
    );
  });
}

const node = (script: string, ...args: string[]) => run(process.execPath, [join(root, script), ...args]);
const generate = (...args: string[]) => node('scripts/generate-clients.mjs', ...args);

describe('clients of a stranger’s document', () => {
  it('in TypeScript compile strictly, and speak as it asks', async () => {
    const compiled = await node('node_modules/typescript/bin/tsc', '-p', join(folder, 'made/typescript'));
    expect(compiled).toEqual({ code: 0, text: '' });
    const made = (await import(pathToFileURL(join(folder, 'made/typescript/dist/index.js')).href)) as Made;
    const client = new made.LendingLibraryClient({ baseUrl: library.url, token: 'user:pa ss' });
    library.requests.length = 0;
    expect(await client.getBook!('a/b', { 'X-Branch': 'north', fields: ['id', 'title'] })).toMatchObject({
      from: 1815,
    });
    expect(await client.delete_!('7')).toBeUndefined();
    expect(
      await client.getBooks!({ from: '2026-01-01', class: "poem's", timeout: 3, filter: { a: '1&2' } }),
    ).toHaveLength(1);
    expect(await client.addBook!({ title: 'Emma', note: 'é' })).toMatchObject({ id: '7' });
    expect(await client.putCover!({ title: 'Emma', image: new Blob(['\x89PNG']) })).toBe('4 bytes');
    const slip = (await client.lend!({ book: '7', days: [1, 2] })) as Blob;
    expect([...new Uint8Array(await slip.arrayBuffer())]).toEqual([37, 80, 68, 70, 0, 255]);
    expect(await client.scan!(new Uint8Array([1, 2]))).toBeUndefined();
    const shown = { 'X-Rooms': [1, 2], ...SHOWN };
    expect(await client.getShelves!(['a/b', 'c'], shown)).toEqual(['a']);
    spoken();
  }, 60_000);

  it('in Python are strictly typed, and speak as it asks', async () => {
    const checked = await node('node_modules/pyright/index.js', '-p', join(folder, 'made/python/pyproject.toml'));
    expect(checked.text).toContain('0 errors, 0 warnings');
    const ask = pythonDriver(join(folder, 'made/python'));
    const settings = { class_name: 'LendingLibraryClient', base_url: library.url, token: 'user:pa ss' };
    expect((await ask({ package: 'lending_library_client', settings })).error).toBeUndefined();
    const call = async (method: string, args: unknown[], kwargs: object = {}) => {
      const { value, error } = await ask({ method, args, kwargs });
      expect(error).toBeUndefined();
      return value;
    };
    library.requests.length = 0;
    const about = { x_branch: 'north', fields: ['id', 'title'] };
    expect(await call('get_book', ['a/b'], about)).toMatchObject({ from: 1815 });
    expect(await call('delete', ['7'])).toBeNull();
    const filter = { from_: '2026-01-01', class_: "poem's", timeout_: 3, filter: { a: '1&2' } };
    expect(await call('get_books', [], filter)).toHaveLength(1);
    expect(await call('add_book', [{ title: 'Emma', note: 'é' }])).toMatchObject({ id: '7' });
    expect(await call('put_cover', [{ title: 'Emma', image: '\x89PNG' }])).toBe('4 bytes');
    expect(await call('lend', [{ book: '7', days: [1, 2] }])).toEqual({ base64: '2550444600ff' });
    expect(await call('scan', ['\x01\x02'])).toBeNull();
    expect(await call('get_shelves', [['a/b', 'c']], { x_rooms: [1, 2], ...SHOWN })).toEqual(['a']);
    spoken();
  }, 60_000);

  /** What either client must have sent. */
  function spoken(): void {
    const [book, gone, books, added, cover, lent, scanned, shelves] = library.requests;
    expect(book).toMatchObject({ method: 'GET', url: '/v2/books/a%2Fb?fields=id%2Ctitle' });
    expect(book!.headers).toMatchObject({ 'x-api-key': 'user:pa ss', 'x-branch': 'north' });
    expect(gone).toMatchObject({ method: 'DELETE', url: '/v2/books/7', body: '' });
    const query = Object.fromEntries(new URL(books!.url, library.url).searchParams);
    expect(query).toEqual({ from: '2026-01-01', class: "poem's", timeout: '3', 'filter[a]': '1&2' });
    expect(added!.headers).toMatchObject({ authorization: 'Bearer user:pa ss', 'content-type': 'application/json' });
    expect(JSON.parse(Buffer.from(added!.body, 'latin1').toString())).toEqual({ title: 'Emma', note: 'é' });
    expect(cover!.headers.authorization).toBe(`Basic ${btoa('user:pa ss')}`);
    expect(cover!.headers['content-type']).toMatch(/^multipart\/form-data; ?boundary=/);
    expect(cover!.body).toMatch(/name="title"\r\n\r\nEmma\r\n/);
    expect(cover!.body).toMatch(/name="image"/);
    expect(lent).toMatchObject({ url: '/v2/form?api_key=user%3Apa%20ss', body: 'book=7&days=1&days=2' });
    expect(scanned).toMatchObject({ method: 'PUT', body: '\x01\x02' });
    expect(scanned!.headers).toMatchObject({ 'content-type': 'image/png' });
    expect(scanned!.headers.authorization).toBeUndefined();
    expect(shelves!.headers).toMatchObject({ 'x-rooms': '1,2' });
    const { pathname, searchParams } = new URL(shelves!.url, library.url);
    expect(pathname).toBe('/v2/shelves/a%2Fb,c');
    expect([...searchParams]).toEqual([
      ['page', '1'],
      ['sort', 'id'],
      ['sort', 'title'],
      ['window', 'from,1,to,2'],
      ['near', '{"x":1}'],
    ]);
  }
});

describe('the command', () => {
  it('writes one language alone, under the name that is asked for', async () => {
    const spec = join(root, 'docs/openapi.json');
    const { code } = await generate('--spec', spec, '--out', 'one', '--language', 'python', '--name', 'Acme Cache');
    expect(code).toBe(0);
    expect(readdirSync(join(folder, 'one'))).toEqual(['python']);
    expect(readFileSync(join(folder, 'one/python/acme_cache/_client.py'), 'utf8')).toContain('class AcmeCache:');
  });

  it('keeps what a user has changed of the package, and renews what is made of the document', async () => {
    const manifest = join(folder, 'made/typescript/package.json');
    const client = join(folder, 'made/typescript/src/client.gen.ts');
    const before = readFileSync(client, 'utf8');
    writeFileSync(manifest, '{"name":"mine"}');
    writeFileSync(client, 'stale');
    await generate('--spec', join(root, 'test/clients/foreign.yaml'), '--out', 'made');
    expect(readFileSync(manifest, 'utf8')).toBe('{"name":"mine"}');
    expect(readFileSync(client, 'utf8')).toBe(before);
  });

  it.each([
    ['an unknown option', ['--spek', 'x'], '--spek'],
    ['a document without a folder', ['--spec', 'x.json'], '--spec and --out belong together'],
    ['a name without a document', ['--name', 'x'], '--name belongs to --spec'],
    ['a name that is taken', ['--spec', 'x.json', '--out', 'x', '--name', 'transport'], 'a part of their own'],
    ['another language', ['--language', 'cobol'], 'typescript or python, not cobol'],
  ])('shows how it is used with %s', async (_, args, message) => {
    const ran = await generate(...args);
    expect(ran).toMatchObject({ code: 2, text: expect.stringContaining(message) });
    expect(ran.text).toContain('npm run generate:clients --');
  });

  it('says in one line what is wrong with a document', async () => {
    const ran = await generate('--spec', 'nowhere.json', '--out', 'x');
    expect(ran).toEqual({ code: 1, text: `${join(folder, 'nowhere.json')} cannot be read: ENOENT\n` });
  });
});

describe('a document of which no clients can be made', () => {
  it.each([
    ['is neither JSON nor YAML', 'a: [1', 'neither JSON nor YAML'],
    ['is no object', 'hello', 'no OpenAPI document'],
    ['is Swagger', 'swagger: "2.0"', 'Swagger 2.0; convert'],
    ['has no version', 'info: {}', '"openapi" must be 3.0'],
    ['has no title', 'openapi: 3.1.0', '"info" must have a title'],
    ['has no operation', head, 'names no operation'],
    ['has two operations of one name', twins, 'get_a and getA would have one name'],
    ['refers to another file', far('other.yaml#/a'), 'bundle the document'],
    ['refers to another file in a reply', reply, 'bundle the document'],
    ['refers to nothing', far('#/components/none'), 'names nothing'],
    ['refers in a circle', `${far('#/components/a')}components: { a: { $ref: "#/components/a" } }`, 'in a circle'],
    ['asks for a cookie', cookie, 'cookies are not supported'],
    ['has a style that is not known', style, 'style pipeDelimited'],
    ['has labels in its path', styleOf('path', 'label'), 'the path parameter p has the style label'],
    ['has a matrix in its path', styleOf('path', 'matrix'), 'the path parameter p has the style matrix'],
    ['has another style of header', styleOf('header', 'form'), 'the header parameter p has the style form'],
  ])('that %s says so', async (_, content, message) => {
    const path = join(folder, 'odd.yaml');
    writeFileSync(path, content);
    const made = async () => newPackages(readDocument(path), LANGUAGES);
    await expect(made()).rejects.toThrow(UnusableDocument);
    await expect(made()).rejects.toThrow(message);
  });
});

describe('the check of generated documents', () => {
  it('makes other clients where the API is another', async () => {
    const path = join(root, 'docs/openapi.json');
    const files = await clientFiles(readDocument(path));
    for (const { path: file, text } of files) expect(readFileSync(join(root, 'clients', file), 'utf8')).toBe(text);
    const document = readDocument(path);
    (document.paths['/health']!.get as { operationId: string }).operationId = 'another';
    const stale = (await clientFiles(document)).filter(({ text }, at) => text !== files[at]!.text);
    expect(stale.map(({ path: file }) => file)).toEqual(
      expect.arrayContaining(['typescript/src/client.gen.ts', 'python/resk_caching_client/_client.py']),
    );
  });
});
