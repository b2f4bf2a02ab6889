// Secrets are found in files and in what files once were, are never printed, and this repository holds none.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are files.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { pastTexts, presentTexts } from '../../../scripts/supply-chain/git-texts.js';
import { NO_SECRETS } from '../../../scripts/supply-chain/secret-rules.js';
import { type Leak, leaksIn, type Text } from '../../../scripts/supply-chain/secret-scan.js';
import { git, put, ROOT, scratch } from './scratch.js';

/** Drawn by lot for each run, and put together here: no file of this repository holds them. */
const drawn = (bytes: number) => randomBytes(bytes).toString('hex');
const ofAws = (end: string) =>
  `const id = "AKIA${drawn(8).toUpperCase()}";\nconst aws_secret_access_key = "${drawn(20).slice(1)}${end}";`;
const SECRETS: Record<string, string> = {
  'a key of AWS': ofAws('x'),
  'a key of AWS that ends in a slash': ofAws('/'),
  'a key of AWS that ends in a plus': ofAws('+'),
  'a token of GitHub': `ghp_${drawn(18)}`,
  'a token of npm': `//registry.example/:_authToken=npm_${drawn(18)}`,
  'a private key': generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey,
  'a database with its password': `postgres://admin:${drawn(8)}@db.example.com/main`,
  'a minted token': ['eyJ', 'hbGciOiJIUzI1NiJ9', `.eyJ${drawn(12)}.${drawn(24)}`].join(''),
  'the secret that signs': `JWT_SECRET${'='}${drawn(24)}`,
  'the key that seals': `CACHE_ENCRYPTION_KEY${'='}${randomBytes(32).toString('base64')}`,
};

async function all(texts: Iterable<Text> | AsyncIterable<Text>): Promise<{ read: number; leaks: Leak[] }> {
  const leaks: Leak[] = [];
  let read = 0;
  for await (const text of texts) {
    leaks.push(...(await leaksIn(text)));
    read += 1;
  }
  return { read, leaks };
}

describe('found is', () => {
  test.each(Object.entries(SECRETS))('%s, by its place and kind', async (_, secret) => {
    const leaks = await leaksIn({ at: 'a.txt', content: `one\n${secret}\n` });
    expect(leaks.length).toBeGreaterThan(0);
    expect(leaks[0]).toMatchObject({ at: 'a.txt' });
    expect(leaks.every(({ line }) => line >= 2)).toBe(true);
  });

  test('without a word of it in what is told', async () => {
    const secret = SECRETS['a token of GitHub']!;
    const leaks = await leaksIn({ at: 'a.txt', content: secret });
    expect(leaks).toHaveLength(1);
    expect(JSON.stringify(leaks)).not.toContain(secret.slice(4, 20));
  });
});

describe('no secret is', () => {
  test.each([
    'JWT_SECRET=',
    'JWT_SECRET=$(openssl rand -base64 48)',
    'JWT_SECRET: ${JWT_SECRET:?say it}',
    'postgres://user@db/main',
  ])('%s', async (content) => expect(await leaksIn({ at: 'a.txt', content })).toEqual([]));

  test('what the list says is none; anything beside it still is', async () => {
    for (const { value } of NO_SECRETS)
      expect(await leaksIn({ at: 'a.txt', content: `see ${value} there` })).toEqual([]);
    const content = `${NO_SECRETS[0]!.value} ${SECRETS['a token of GitHub']}`;
    expect(await leaksIn({ at: 'a.txt', content })).toHaveLength(1);
    expect(await leaksIn({ at: 'a.txt', content: NO_SECRETS[0]!.value }, [])).toHaveLength(1);
  });
});

describe('of a repository', () => {
  const commit = (folder: string, files: Record<string, string>) => {
    put(folder, files);
    git(folder, 'add', '-A');
    git(folder, 'commit', '-q', '-m', 'files');
  };

  test('the files of now are read: tracked, or new and not ignored', async () => {
    const folder = scratch();
    git(folder, 'init', '-q');
    commit(folder, { 'a.txt': 'a', '.gitignore': 'ignored.txt\n' });
    put(folder, { 'new.txt': SECRETS['a token of GitHub']!, 'ignored.txt': SECRETS['a token of GitHub']! });
    const { read, leaks } = await all(presentTexts(folder));
    expect(read).toBe(3);
    expect(leaks.map(({ at }) => at)).toEqual(['new.txt']);
  });

  test('a secret that was taken out again is found in the history, on every branch, in every size of file', async () => {
    const folder = scratch();
    git(folder, 'init', '-q', '-b', 'main');
    commit(folder, { 'a.txt': 'harmless', 'large.txt': 'x\n'.repeat(200_000), empty: '' });
    git(folder, 'switch', '-q', '-c', 'other');
    commit(folder, { 'deep/b.txt': `x\n${SECRETS['a token of GitHub']}\n` });
    commit(folder, { 'deep/b.txt': 'gone' });
    git(folder, 'switch', '-q', 'main');
    expect((await all(presentTexts(folder))).leaks).toEqual([]);
    const { read, leaks } = await all(pastTexts(folder));
    expect(read).toBe(5);
    expect(leaks).toEqual([
      expect.objectContaining({ at: expect.stringMatching(/^deep\/b\.txt in [0-9a-f]{10}$/), line: 2 }),
    ]);
  });

  test('pictures and programs are not read', async () => {
    const folder = scratch();
    git(folder, 'init', '-q');
    commit(folder, { 'a.bin': `\0${SECRETS['a token of GitHub']}` });
    expect(await all(presentTexts(folder))).toEqual({ read: 0, leaks: [] });
    expect(await all(pastTexts(folder))).toEqual({ read: 0, leaks: [] });
  });

  test('what is no repository is said to be none', async () => {
    await expect(all(pastTexts(scratch()))).rejects.toThrow('git rev-list failed');
  });
});

test('no file of this repository holds a secret', async () => {
  const { read, leaks } = await all(presentTexts(ROOT));
  expect(read).toBeGreaterThan(500);
  expect(leaks).toEqual([]);
});
