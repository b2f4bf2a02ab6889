// resk provider: what can be chosen is listed, what is chosen is proven, and a package of one's own is begun.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../../../test/support/redis.js';
import { aFolder, resk } from './command-line.js';

/** A package of a stranger, with one provider. */
async function aPackage(file: string, family: string, provider: string): Promise<string> {
  const path = join(await aFolder(), file);
  const schema = `{ '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } }`;
  await writeFile(
    path,
    `export default { family: '${family}', name: 'names', portsVersion: 1, options: ${schema}, open: async () => (${provider}) };`,
  );
  return path;
}

/** A detector that `finds`. */
function aDetector(finds: string): Promise<string> {
  const detector = `{ provider: 'names', kinds: ['name'], find: (text) => ${finds}, close: async () => {} }`;
  return aPackage('detector.mjs', 'text-detector', detector);
}

const ANNA = `[...text.matchAll(/Anna/g)].map(({ index }) => ({ kind: 'name', sort: 'personal', start: index, end: index + 4 }))`;
const detecting = (PLUGINS: string) => ({ env: { PLUGINS, PII_DETECTORS: 'names' } });

describe('resk provider list', () => {
  test('names what is built in, and what PLUGINS bring', async () => {
    const plugin = await aDetector('[]');
    const { code, out } = await resk(['provider', 'list'], detecting(plugin));
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}family +provider +package\n/);
    for (const row of [
      /vector-store +embedded +built in/,
      /embedding-model +openai +built in/,
      /reranker +cohere +built in/,
      /key-service +vault +built in/,
      /text-detector +names +\S+detector.mjs/,
    ]) {
      expect(out).toMatch(row);
    }
  });

  test('says which package cannot be imported, and where to install it', async () => {
    const { code, err } = await resk(['provider', 'list'], { env: { PLUGINS: 'a-package-of-nobody' } });
    expect(code).toBe(1);
    expect(err).toContain('a-package-of-nobody listed in PLUGINS cannot be imported (ERR_');
    expect(err).toContain('Install it beside resk-caching');
  });
});

describe('resk provider check', () => {
  test('proves every family that is configured, and leaves nothing behind', async () => {
    const DATA_DIR = join(await aFolder(), 'data');
    const env = { DATA_DIR, CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64') };
    const { code, out, err } = await resk(['provider', 'check', '--yes', '--json'], { env });
    expect(code, out + err).toBe(0);
    const { holds, providers } = JSON.parse(out) as { holds: boolean; providers: Array<Record<string, unknown>> };
    expect(holds).toBe(true);
    expect(providers.map(({ family, provider }) => `${family} ${provider}`)).toEqual([
      'vector-store embedded',
      'byte-store sqlite',
      'embedding-model local',
      'key-service local',
      'text-detector contact',
      'text-detector finance',
      'text-detector identity',
      'text-detector secrets',
    ]);
    const stored = await readFile(join(DATA_DIR, 'vectors.sqlite'));
    expect(stored.includes('contract-')).toBe(false);
  });

  test('says what it will do, and does nothing of it without --yes', async () => {
    const DATA_DIR = join(await aFolder(), 'data');
    const { code, out, err } = await resk(['provider', 'check', '--family', 'vector-store'], { env: { DATA_DIR } });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('vector-store embedded: Writes documents into tenants of its own');
    expect(err).toContain('Add --yes');
    await expect(readdir(DATA_DIR)).rejects.toThrow('ENOENT');
  });

  test.each([
    ['vector-store', { VECTORDB_TYPE: 'none' }],
    ['byte-store', { CACHE_BACKEND: 'memory' }],
    ['reranker', {}],
    ['key-service', {}],
    ['text-detector', { PII_DETECTORS: ',' }],
  ])('says that no %s is configured', async (family, env) => {
    const { code, err } = await resk(['provider', 'check', '--family', family], { env });
    expect([code, err]).toEqual([2, expect.stringContaining(`No ${family} is configured`)]);
  });

  test('proves a reranker, after it has said that it may cost', async () => {
    const scores = `texts.map((text) => (text.includes('card') ? 0.9 : 0.1))`;
    const rerank = `async (_, texts, { signal } = {}) => (signal?.throwIfAborted(), { scores: ${scores}, tokens: 0 })`;
    const model = `{ provider: 'names', model: 'm', maxBatch: 10, remote: false, rerank: ${rerank}, close: async () => {} }`;
    const env = { PLUGINS: await aPackage('reranker.mjs', 'reranker', model), RERANK_PROVIDER: 'names' };
    const asked = await resk(['provider', 'check', '--family', 'reranker'], { env });
    expect([asked.code, asked.err]).toEqual([2, expect.stringContaining('A paid service bills them')]);
    const { code, out } = await resk(['provider', 'check', '--family', 'reranker', '--yes'], { env });
    expect([code, out]).toEqual([0, expect.not.stringContaining('BROKEN')]);
  });

  test('proves the store of the cache in Redis', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const env = { CACHE_BACKEND: 'redis', REDIS_URL: redis.url };
    const { code, out } = await resk(['provider', 'check', '--family', 'byte-store', '--yes'], { env });
    expect([code, out]).toEqual([0, expect.stringMatching(/^byte-store redis\n(.+\n)+ {2}17 of 17 promises hold\n/)]);
  });

  test('proves it as a user of Redis that may have the keys of the service alone', async () => {
    // As docs/operations/REDIS.md has it.
    const rights = '~resk* ~{resk}* &* +@all -@admin -@dangerous +info'.split(' ');
    const redis = await startRedis({ args: ['--user', 'resk', 'on', 'nopass', ...rights] });
    onTestFinished(() => redis.stop());
    const url = Object.assign(new URL(redis.url), { username: 'resk', password: 'any' });
    const env = { CACHE_BACKEND: 'redis', REDIS_URL: url.href };
    const { code, out, err } = await resk(['provider', 'check', '--family', 'byte-store', '--yes'], { env });
    expect([code, out]).toEqual([0, expect.stringContaining('  17 of 17 promises hold\n')]);
    expect(err).toContain('under keys of its own, resk:contract:…');
  });

  test('proves the detector of a stranger with a sample of its own', async () => {
    const argv = ['provider', 'check', '--family', 'text-detector'];
    const around = detecting(await aDetector(ANNA));
    const { code, out } = await resk([...argv, '--sample', 'This is Anna.'], around);
    expect([code, out]).toEqual([0, expect.stringContaining('text-detector names\n  kept    opens as the')]);
    const without = await resk(argv, around);
    expect(without.code).toBe(2);
    expect(without.out).toContain('BROKEN  finds something in the sample\n          names finds nothing');
  });

  test('names the promises that are broken, with reasons, and counts them', async () => {
    const always = `[{ kind: 'other', sort: 'personal', start: 0, end: 1 }]`;
    const argv = ['provider', 'check', '--family', 'text-detector'];
    const around = detecting(await aDetector(always));
    const { code, out, err } = await resk(argv, around);
    expect(code).toBe(2);
    expect(out).toContain('  BROKEN  finds nothing where there is nothing\n');
    expect(out).toMatch(/\n {2}\d of 7 promises hold\n/);
    expect(err).toContain('[cli.promises_broken]');
    const { out: json } = await resk([...argv, '--json'], around);
    expect(JSON.parse(json)).toMatchObject({ holds: false, providers: [{ provider: 'names' }] });
  });

  test('of what cannot be opened it says why, once', async () => {
    const env = { VECTORDB_TYPE: 'chroma', VECTORDB_URL: 'http://127.0.0.1:1' };
    const { code, out } = await resk(['provider', 'check', '--family', 'vector-store', '--yes'], { env });
    expect(code).toBe(2);
    expect(out).toMatch(
      /^vector-store chroma\n {2}BROKEN {2}opens as the configuration says, and answers\n {10}.+\[\w+\.\w+\]\n {2}0 of/,
    );
  });

  test('gives up on a promise that takes too long', async () => {
    const around = detecting(await aDetector(`text.startsWith('🙂') ? new Promise(() => {}) : ${ANNA}`));
    const argv = ['provider', 'check', '--family', 'text-detector', '--sample', 'Anna', '--timeout', '100ms'];
    const { code, out } = await resk(argv, around);
    expect(code).toBe(2);
    expect(out).toContain('did not answer within 100 ms. [call.timeout]');
  });

  test('stops when it is interrupted', async () => {
    const signal = AbortSignal.abort();
    const { code, out } = await resk(['provider', 'check', '--family', 'embedding-model'], { signal });
    expect([code, out]).toEqual([130, 'embedding-model local\n']);
  });
});

describe('resk provider create', () => {
  test.each(['vector-store', 'embedding-model', 'reranker'])('writes a package with a %s', async (family) => {
    const dir = join(await aFolder(), 'mine');
    const { code, out, err } = await resk(['provider', 'create', 'acme-2', '--family', family, '--dir', dir]);
    expect([code, err]).toEqual([0, expect.stringContaining(`cd ${dir} && npm install && npm test`)]);
    const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    expect(out.trim().split('\n').sort()).toEqual(files.map((one) => join(one.parentPath, one.name)).sort());
    const made = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'));
    expect(made.name).toBe('acme-2');
    // This is a clone: its version need not be published.
    const from = /^file:(.+)$/.exec(made.devDependencies['resk-caching'])![1]!;
    expect(JSON.parse(await readFile(join(dir, from, 'package.json'), 'utf8')).name).toBe('resk-caching');
    const texts = await Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), 'utf8')));
    expect(texts.join('')).toContain('class Acme2 extends');
    expect(texts.join('')).not.toMatch(/\{\{|undefined-/);
  });

  test.each(['Acme', '-acme', 'acme store', 'a'.repeat(33), '../acme'])('refuses %j as a name', async (name) => {
    const { code, err } = await resk(['provider', 'create', '--family', 'reranker', '--', name]);
    expect([code, err]).toEqual([2, expect.stringContaining('is no name of a provider')]);
  });

  test('writes over nothing', async () => {
    const dir = await aFolder();
    await mkdir(join(dir, 'src'));
    const argv = ['provider', 'create', 'acme', '--family', 'reranker', '--dir'];
    expect(await resk([...argv, dir])).toMatchObject({ code: 2, err: expect.stringContaining('is not empty') });
    const file = join(dir, 'file');
    await writeFile(file, '');
    expect(await resk([...argv, file])).toMatchObject({ code: 5, err: expect.stringContaining('ENOTDIR') });
  });
});
