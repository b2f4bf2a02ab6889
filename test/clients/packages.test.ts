// What is published: the package of TypeScript installs, compiles and runs elsewhere; that of Python is typed and compiles.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { root, startChildServer } from '../support/child-server.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'packages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONSUMER = `import { ProblemError, ReskClient, type AnswerDto, type Lines } from 'resk-caching-client';

const [, , baseUrl = '', token = ''] = process.argv;
const client = new ReskClient({ baseUrl, token: async () => token });
await client.cacheWrite({ query: 'When?', response: 'At nine.' }, { idempotencyKey: 'k' });
const answer: AnswerDto = await client.queryAsk({ query: 'When?' });
const lines: Lines<{ id: string; text: string }> = [{ id: 'a', text: 'b' }];
const { upserted } = await client.vectorsIngest(lines, { run: 'r' });
const problem = await client.cacheEntry('none').catch((error: unknown) => error);
// @ts-expect-error a question must be there
const wrong = () => client.queryAsk({ language: 'en' });
// @ts-expect-error no such field
const odd = () => client.cacheWrite({ query: 'a', response: 1, tll: 3 });
console.log(answer.result, upserted, problem instanceof ProblemError && problem.status, typeof wrong, typeof odd);
`;

const TYPESCRIPT = { module: 'nodenext', target: 'es2022', strict: true, types: ['node'], typeRoots: [] as string[] };

async function packed(): Promise<{ tarball: string; files: string[] }> {
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: join(root, 'clients/typescript') });
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [
    { filename: string; files: Array<{ path: string }> },
  ];
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) };
}

it('the TypeScript client installs from its tarball, compiles strictly and runs', async () => {
  const { tarball, files } = await packed();
  expect(files.filter((path) => !/^dist\/[a-z.]+\.(js|d\.ts)$/.test(path)).sort()).toEqual([
    'LICENSE',
    'README.md',
    'package.json',
  ]);
  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "type": "module", "private": true }');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', tarball], { cwd: app });
  expect(readdirSync(join(app, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    'resk-caching-client',
  ]);
  writeFileSync(join(app, 'main.ts'), CONSUMER);
  const compilerOptions = { ...TYPESCRIPT, typeRoots: [join(root, 'node_modules/@types')] };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', app]);
  const server = await startChildServer();
  const { stdout } = await run(process.execPath, [join(app, 'main.js'), server.url, server.token()]);
  expect(stdout.trim()).toBe('At nine. 1 400 function function');
}, 120_000);

it('the Python client is strictly typed down to Python 3.9, and compiles without a warning', async () => {
  const python = join(folder, 'python');
  cpSync(join(root, 'clients/python'), python, { recursive: true });
  const pyright = join(root, 'node_modules/pyright/index.js');
  const checked = await run(process.execPath, [pyright, '-p', join(python, 'pyproject.toml')]);
  expect(checked.stdout).toContain('0 errors, 0 warnings');
  await run('python3', ['-W', 'error', '-m', 'compileall', '-q', '-f', python]);
  const consumer = (line: string) => {
    const config = JSON.stringify({ typeCheckingMode: 'strict', include: ['uses.py'], extraPaths: ['.'] });
    writeFileSync(join(python, 'pyrightconfig.json'), config);
    writeFileSync(
      join(python, 'uses.py'),
      `from resk_caching_client import ReskClient\nclient = ReskClient("http://a")\n${line}\n`,
    );
    return run(process.execPath, [pyright, '-p', join(python, 'pyrightconfig.json')]).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
  };
  expect(await consumer('print(client.query_ask({"query": "When?"})["hit"])')).toContain('0 errors');
  expect(await consumer('client.query_ask({"language": "en"})')).toContain('"query" is required');
  expect(await consumer('client.cache_write({"query": "a", "response": 1, "tll": 3})')).toContain('"tll"');
}, 120_000);

it('every example of the documents is strictly typed', async () => {
  const examples = (language: string) =>
    ['docs/CLIENTS.md', 'clients/typescript/README.md', 'clients/python/README.md'].flatMap((path) =>
      [
        ...readFileSync(join(root, path), 'utf8').matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g')),
      ].map(([, code]) => code!),
    );
  const shown = join(folder, 'shown');
  mkdirSync(join(shown, 'node_modules'), { recursive: true });
  symlinkSync(join(root, 'clients/typescript'), join(shown, 'node_modules/resk-caching-client'));
  writeFileSync(join(shown, 'package.json'), '{ "type": "module" }');
  const scripts = examples('ts').map((code, at) => [`shown${at}.ts`, code] as const);
  const modules = examples('python').map((code, at) => [`shown${at}.py`, code] as const);
  expect([scripts.length, modules.length]).toEqual([2, 2]);
  for (const [name, code] of [...scripts, ...modules]) writeFileSync(join(shown, name), code);
  const compilerOptions = { ...TYPESCRIPT, noEmit: true, typeRoots: [join(root, 'node_modules/@types')] };
  writeFileSync(
    join(shown, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: scripts.map(([name]) => name) }),
  );
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', shown]);
  const config = { typeCheckingMode: 'strict', include: ['*.py'], extraPaths: [join(root, 'clients/python')] };
  writeFileSync(join(shown, 'pyrightconfig.json'), JSON.stringify(config));
  const pyright = [join(root, 'node_modules/pyright/index.js'), '-p', join(shown, 'pyrightconfig.json')];
  expect((await run(process.execPath, pyright)).stdout).toContain('0 errors, 0 warnings');
}, 120_000);

it('both packages say the version and the licence of the product', () => {
  const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>;
  const npm = JSON.parse(readFileSync(join(root, 'clients/typescript/package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  expect(npm).toMatchObject({ version, license });
  expect(npm.dependencies).toBeUndefined();
  const python = readFileSync(join(root, 'clients/python/pyproject.toml'), 'utf8');
  expect(python).toContain(`version = "${version}"`);
  expect(python).toContain('dependencies = []');
  const text = readFileSync(join(root, 'LICENSE'), 'utf8');
  for (const client of ['typescript', 'python']) {
    expect(readFileSync(join(root, 'clients', client, 'LICENSE'), 'utf8')).toBe(text);
  }
});
