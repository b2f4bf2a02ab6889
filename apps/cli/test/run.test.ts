// The command as a whole: help, usage, settings, exit codes, and what is said of each failure.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { FAILURES } from '#ports';
import { EXIT_CODES } from '../src/exit-codes.js';
import { processIo } from '../src/io.js';
import { run } from '../src/run.js';
import { apiDouble, problem } from './api-double.js';
import { aFile, resk } from './command-line.js';

const file = () => aFile('a.csv', 'text\none\n');

test('tells its version and its commands', async () => {
  const version = await resk(['--version']);
  expect([version.code, version.out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  const help = await resk(['--help']);
  expect(help.code).toBe(0);
  for (const name of ['serve', 'token', 'ingest', 'replay', 'demo', 'config']) expect(help.out).toContain(`  ${name}`);
});

test.each([
  ['no command', []],
  ['an unknown command', ['fly']],
  ['an unknown option', ['token', '--fly']],
  ['a missing file', ['ingest']],
  ['a number that is none', ['replay', 'q.csv', '--repeat', 'many']],
  ['a number out of range', ['ingest', 'a.csv', '--parallel', '0']],
  ['a share above 1', ['replay', 'q.csv', '--threshold', '1.5']],
  ['an address that is none', ['replay', 'q.csv', '--url', 'localhost:3000']],
])('%s is a usage error', async (_, argv) => {
  const { code, out, err } = await resk(argv);
  expect([code, out]).toEqual([2, '']);
  expect(err).not.toBe('');
});

test('without a server it says what to start', async () => {
  const { code, err } = await resk(['ingest', await file()], { env: { PORT: '1' } });
  expect(code).toBe(8);
  expect(err).toContain('No server answers at http://127.0.0.1:1 (');
  expect(err).toContain('npm start');
});

test('a file that is not there is named before any server is asked', async () => {
  const { code, err } = await resk(['ingest', 'none.csv', '--url', 'http://127.0.0.1:1']);
  expect(code).toBe(5);
  expect(err).toBe('resk: The file none.csv cannot be read (ENOENT). [cli.file_unreadable]\n');
});

test('a page that is not ours is told from a failure of ours', async () => {
  const api = await apiDouble(() => ({ status: 404, text: '<html>nginx</html>' }));
  const { code, err } = await resk(['ingest', await file(), '--url', api.url]);
  expect(code).toBe(1);
  expect(err).toContain('status 404 in a form that is not this product');
});

test('a path in the address is kept as prefix', async () => {
  const api = await apiDouble(() => ({ body: { upserted: 1 } }));
  const { code } = await resk(['replay', await file(), '--url', `${api.url}/behind/`]);
  expect([code, api.asked[0]?.path]).toEqual([1, '/behind/health/live']);
});

test('every kind of failure has an exit code of its own', () => {
  const kinds = new Set(Object.values(FAILURES).map(({ kind }) => kind));
  expect([...kinds].every((kind) => EXIT_CODES[kind] > 0)).toBe(true);
  expect(new Set(Object.values(EXIT_CODES)).size).toBe(Object.keys(EXIT_CODES).length);
});

test.each([
  ['auth.scope', 403, 4],
  ['vector.collection_absent', 404, 5],
  ['vector.collection_conflict', 409, 6],
  ['internal.unexpected', 500, 1],
] as const)('the exit code of %s is that of its kind', async (failureCode, status, expected) => {
  const api = await apiDouble(() => problem(failureCode, status));
  const { code, err } = await resk(['ingest', await file(), '--url', api.url]);
  expect([code, err]).toEqual([expected, expect.stringContaining(`[${failureCode}]`)]);
});

test('config check names every setting that is given, and where it came from', async () => {
  const { code, out } = await resk(['config', 'check'], { env: { PORT: '3100', UPSERT_BATCH: '10' } });
  expect(code).toBe(0);
  expect(out).toMatch(/^The configuration is valid: \d+ settings, 3 of them given\.\n/);
  expect(out).toContain('  PORT from environment\n');
  expect(out).not.toContain('3100');
});

test('config check lists every problem at once', async () => {
  const { code, err } = await resk(['config', 'check'], {
    env: { PORT: 'high', CACHE_BACKEND: 'paper', RESK_URL: 'nowhere' },
  });
  expect(code).toBe(1);
  for (const name of ['PORT', 'CACHE_BACKEND', 'RESK_URL']) expect(err).toContain(`  ${name} (from environment)`);
});

test('config check names what the chosen providers would refuse, all of it, and shows no secret', async () => {
  const { code, err } = await resk(['config', 'check'], {
    env: {
      EMBEDDING_API_KEY: 'a key for nobody',
      VECTORDB_TYPE: 'chroma',
      VECTORDB_OPTIONS: '{"colour":"blue"}',
      RERANK_PROVIDER: 'paper',
    },
  });
  expect(code).toBe(1);
  expect(err).toContain('The options of local are not valid');
  expect(err).toContain('The options of chroma are not valid');
  expect(err).toContain('RERANK_PROVIDER=paper is not a known reranker');
  expect(err).not.toContain('a key for nobody');
});

test('config check says which variable is not for the provider that was chosen', async () => {
  const reranker = { RERANK_PROVIDER: 'onnx', RERANK_MODEL: 'a-folder', RERANK_URL: 'http://127.0.0.1:8080' };
  const env = { VECTORDB_URL: 'http://127.0.0.1:8000', ...reranker };
  const { err } = await resk(['config', 'check'], { env });
  expect(err).toContain('VECTORDB_URL is not for VECTORDB_TYPE=embedded: unset it, or set VECTORDB_TYPE to');
  expect(err).toContain('RERANK_URL is not for RERANK_PROVIDER=onnx: unset it');
});

test('config check takes what the providers take', async () => {
  const env = {
    VECTORDB_TYPE: 'chroma',
    VECTORDB_URL: 'http://127.0.0.1:8000',
    RERANK_PROVIDER: 'tei',
    RERANK_URL: 'http://127.0.0.1:8080',
  };
  expect(await resk(['config', 'check'], { env })).toMatchObject({ code: 0 });
  expect(await resk(['config', 'check'], { env: { VECTORDB_TYPE: 'none' } })).toMatchObject({ code: 0 });
});

test('works on the process itself where nothing else is given', async () => {
  const io = processIo();
  expect(io.stdout).toBe(process.stdout);
  const before = io.now();
  await io.wait(1, io.signal);
  expect(io.now()).toBeGreaterThan(before);
  expect(io.random()).toBeLessThan(1);
});

test('a fault that is no failure of ours shows its stack', async () => {
  const err = new PassThrough();
  const lookUp = () => {
    throw new TypeError('broken');
  };
  const code = await run(['token'], { stdout: new PassThrough(), stderr: err, sources: { lookUp } });
  expect(code).toBe(1);
  expect(String(err.read())).toMatch(/^resk: unexpected failure\nTypeError: broken\n +at /);
});
