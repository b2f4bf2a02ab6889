// What is published: packed, installed in a folder of its own, and used as a stranger would use it.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, root } from '../support/child-server.js';
import { send } from '../support/server.js';

const run = promisify(execFile);
let folder: string;
let packed: { filename: string; files: { path: string }[]; bundled: string[] };

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'resk-library-'));
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  // Built just now: without scripts the build is not made a second time.
  const { stdout } = await npm(root, ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  const [first] = Object.values(JSON.parse(stdout) as Record<string, typeof packed>);
  packed = first!;
  // Without optional packages: the native sqlite3 would be compiled, which takes minutes and a download.
  await npm(folder, ['install', '--prefer-offline', '--omit=optional', '--ignore-scripts', `./${packed.filename}`]);
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

function npm(cwd: string, args: string[]) {
  return run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd });
}

/** Runs a program of the folder under Node, with what stands before it on the command line. */
async function program(source: string, flags: string[] = []): Promise<unknown> {
  const file = join(folder, `program-${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(file, source);
  const env = { PATH: process.env.PATH };
  const { stdout } = await run(process.execPath, [...flags, file], { cwd: folder, env });
  return JSON.parse(stdout);
}

// Each test has a process of its own, so they run side by side.
describe.concurrent('the package', () => {
  it('holds what runs, and neither tests nor sources nor anything of this machine', async () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toContain('dist/libs/sdk/src/index.d.ts');
    expect(paths).toContain('LICENSE');
    const own = paths.filter((path) => !path.startsWith('node_modules/'));
    const allowed =
      /^(dist\/(apps|libs)\/[\w-]+\/src\/|apps\/cli\/(bin|templates)\/|examples\/|(README|CHANGELOG)\.md|LICENSE|package\.json)/;
    expect(own.filter((path) => !allowed.test(path))).toEqual([]);
    const unwanted = /(^|\/)(test|tests|data|coverage)\/|\.test\.|\.env|\.sqlite|secret$|(?<!\.d)\.ts$/;
    const product = own.filter((path) => !path.startsWith('apps/cli/templates/'));
    expect(product.filter((path) => unwanted.test(path))).toEqual([]);
    // docs/decisions/0013: what npm would else resolve beside a Nest of another major.
    expect(packed.bundled.sort()).toEqual(['deepmerge', 'nestjs-zod']);
    const texts = await Promise.all(
      paths.map((path) => readFile(join(folder, 'node_modules/resk-caching', path), 'utf8')),
    );
    expect(paths.filter((_, at) => texts[at]!.includes(root))).toEqual([]);
    expect(paths.filter((_, at) => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(texts[at]!))).toEqual([]);
  });

  it('brings a command line that runs from where it is installed', async () => {
    const { stdout } = await run('npx', ['--no-install', 'resk', '--help'], { cwd: folder });
    expect(stdout).toMatch(/^Usage: resk /);
  });

  it('takes it as no failure when nobody reads its output to the end', async () => {
    const child = spawn(join(folder, 'node_modules/.bin/resk'), ['--help'], { cwd: folder });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    expect([...(await once(child, 'close')), said]).toEqual([0, null, '']);
  });

  it('brings a server that starts, with all that it needs to search and to show its documents', async ({
    onTestFinished,
  }) => {
    const env = { PATH: process.env.PATH, PORT: '0', CACHE_BACKEND: 'memory', LOG_LEVEL: 'silent' };
    const server = spawn(join(folder, 'node_modules/.bin/resk'), ['serve'], { cwd: folder, env });
    onTestFinished(() => void server.kill('SIGKILL'));
    const ended = once(server, 'close');
    let said = '';
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (said += text));
    const greeting = /Resk-Caching {3}(?<url>\S+)[\s\S]*Bearer (?<token>[\w.-]+)/;
    await expect.poll(() => said, { timeout: 20_000 }).toMatch(greeting);
    const { url, token } = greeting.exec(said)!.groups as { url: string; token: string };
    const post = (path: string, body: object) => send(url + path, 'POST', { token, body });
    await post('/api/vectors/upsert', { documents: [{ id: 'one', text: 'a lost card' }] });
    expect((await post('/api/cache/query', { query: 'a lost card' })).json.result.matches[0].id).toBe('one');
    expect((await send(`${url}/docs`, 'GET', {})).status).toBe(200);
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});

describe.concurrent('a plain program', () => {
  const SNIPPET = `
    import { selectCache } from "resk-caching";
    const cache = selectCache();
    await cache.set("key", { payload: true }, 60);
    const value = await cache.get("key");
    await cache.close();
    console.log(JSON.stringify(value));`;

  /** Lets a program load nothing of the packages that only a server needs. */
  async function serverForbidden(): Promise<string[]> {
    const file = join(folder, 'server-forbidden.mjs');
    await writeFile(
      file,
      `import { registerHooks } from 'node:module';
       const forbidden = /^(@nestjs\\/|nestjs-|@willsoto\\/|reflect-metadata|rxjs|fastify|socket\\.io|prom-client|passport)/;
       registerHooks({
         resolve(specifier, context, next) {
           if (forbidden.test(specifier)) throw new Error('LOADED ' + specifier);
           return next(specifier, context);
         },
       });`,
    );
    return ['--import', file];
  }

  it('keeps and gets, without Nest or anything else of the server being loaded', async () => {
    expect(await program(SNIPPET, await serverForbidden())).toEqual({ payload: true });
    const nest = "import 'resk-caching/nest'; console.log('{}');";
    await expect(program(nest, await serverForbidden())).rejects.toThrow(/LOADED @nestjs\//);
  });

  it('is told which package SQLite needs, where that is not installed', async () => {
    const source = `
      import { isFailure, selectCache } from "resk-caching";
      const cache = selectCache({ backend: "sqlite", keyNameSecret: "x".repeat(32) });
      const error = await cache.get("key").catch((error) => error);
      console.log(JSON.stringify([isFailure(error), error.code, error.message]));`;
    expect(await program(source)).toEqual([
      true,
      'cache.client_missing',
      'CACHE_BACKEND=sqlite needs the package @keyv/sqlite. Install it: npm install @keyv/sqlite',
    ]);
  });

  it('runs the example of the repository', async () => {
    const example = join(folder, 'node_modules/resk-caching/examples/library.mjs');
    const { stdout } = await run(process.execPath, [example], { cwd: folder });
    expect(stdout).toContain('10 answers, made 1 time(s)');
    expect(stdout).toContain('deleted: undefined');
  });

  it('finds the ports for providers of its own, and nothing that is not a face', async () => {
    const ports = 'import * as ports from "resk-caching/ports"; console.log(JSON.stringify(Object.keys(ports)));';
    expect(await program(ports)).toEqual(
      expect.arrayContaining(['VectorStore', 'defineProvider', 'vectorStoreContract']),
    );
    const inside = 'import "resk-caching/dist/libs/cache/src/index.js";';
    await expect(program(inside)).rejects.toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  it('of Nest injects the cache from resk-caching/nest', async () => {
    const source = `
      import "reflect-metadata";
      import { NestFactory } from "@nestjs/core";
      import { LibraryCache, ReskCachingModule } from "resk-caching/nest";
      const app = await NestFactory.createApplicationContext(ReskCachingModule.forRoot(), { logger: false });
      const cache = app.get(LibraryCache);
      await cache.set("key", { payload: true });
      const value = await cache.get("key");
      await app.close();
      console.log(JSON.stringify(value));`;
    expect(await program(source)).toEqual({ payload: true });
  });
});

describe.concurrent('a program in TypeScript', () => {
  const CONSUMER = `
    import { type CacheOptions, isFailure, LibraryCache, selectCache } from 'resk-caching';
    import { ReskCachingModule } from 'resk-caching/nest';
    import { defineProvider, type VectorStore } from 'resk-caching/ports';
    const options: CacheOptions = { backend: 'memory', ttl: 60 };
    const cache: LibraryCache = selectCache(options);
    export const value: { n: number } | undefined = await cache.get<{ n: number }>('key');
    export const made: number = await cache.wrap('key', async () => 1, 60);
    // @ts-expect-error: there is no such backend
    selectCache({ backend: 'disk' });
    // @ts-expect-error: a key is a text
    await cache.set(1, 2);
    // @ts-expect-error: the value may be absent
    export const sure: string = await cache.get<string>('key');
    export const names: [typeof isFailure, typeof ReskCachingModule, typeof defineProvider, VectorStore?] =
      [isFailure, ReskCachingModule, defineProvider];`;

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('is checked strictly, declarations included: module %s, resolution %s', async (module, moduleResolution) => {
    const config = {
      compilerOptions: {
        module,
        moduleResolution,
        target: 'es2024',
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
      },
      files: ['consumer.ts'],
    };
    await writeFile(join(folder, 'consumer.ts'), CONSUMER);
    await writeFile(join(folder, `tsconfig.${moduleResolution}.json`), JSON.stringify(config));
    const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '-p', `tsconfig.${moduleResolution}.json`];
    const { stdout } = await run(process.execPath, tsc, { cwd: folder }).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });
});
