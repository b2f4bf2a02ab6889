// Secrets are found in files and in what files once were, are never printed, and this repository holds none.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are files.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { analyse } from 'scslre';
import { describe, expect, test } from 'vitest';
import { pastTexts, presentTexts } from '../../../scripts/supply-chain/git-texts.js';
import { NO_SECRETS, OWN } from '../../../scripts/supply-chain/secret-rules.js';
import { type Leak, leaksIn, type Text } from '../../../scripts/supply-chain/secret-scan.js';
import { git, put, ROOT, scratch } from './scratch.js';

/** Made and put together here, the same in each run: no file of this repository holds them. */
let made = 0;
const bytes = (length: number) => createHash('shake256', { outputLength: length }).update(`secret ${made++}`).digest();
const drawn = (length: number) => bytes(length).toString('hex');
const inBase64 = (length: number) => bytes(length).toString('base64');
/** With signs that no base64 has, the first and the last letter among them. */
const withSigns = () => `#${drawn(6)}@!#${drawn(6)}%?`;
const keyOf = (type: 'ec' | 'ed25519', form = {}) =>
  generateKeyPairSync(type as 'ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', ...form },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
const inAPod = (name: string, value: string) => `env:\n  - name: ${name}\n    value: "${value}"\n`;
const COMMENT = ['// secretlint', '-disable'].join('');
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
  'the secret that signs, with signs': `JWT_SECRET${'='}${withSigns()}`,
  'the secret that signs, with signs and in quotes': `{ JWT_SECRET: '(${withSigns()})' }`,
  'the secret that signs, with the other quote in it': `JWT_SECRET="${drawn(6)}'${drawn(8)}"`,
  'the secret that signs, with signs and without quotes': `JWT_SECRET: ${withSigns()}`,
  'a secret that signed': `JWT_FORMER_SECRETS=${drawn(16)},${drawn(16)}`,
  'the secret of a container': inAPod('JWT_SECRET', withSigns()),
  'the secret of a container, in JSON': JSON.stringify([{ name: 'JWT_SECRET', value: withSigns() }]),
  'the secret of names': `export KEY_NAME_SECRET="${inBase64(32)}"`,
  'a passphrase': `CACHE_ENCRYPTION_PASSPHRASE=${drawn(8)}`,
  'a passphrase of words': `CACHE_ENCRYPTION_PASSPHRASE=${['correct', 'horse', 'battery'].join(' ')}`,
  'a passphrase of words in quotes': `CACHE_ENCRYPTION_PASSPHRASE: "${['correct', 'horse', 'battery', 'staple'].join(' ')}!"`,
  'the key that seals': `CACHE_ENCRYPTION_KEY${'='}${inBase64(32)}`,
  'the key that seals, without its last sign': `CACHE_ENCRYPTION_KEY=${bytes(32).toString('base64url')}`,
  'the key of a container': inAPod('CACHE_ENCRYPTION_KEY', inBase64(32)),
  'a key that sealed': `CACHE_FORMER_ENCRYPTION_KEYS=${inBase64(32)},${inBase64(32)}`,
  'Redis with its password': `REDIS_URL=redis://:${drawn(6)}@host`,
  'Redis over TLS with its password': `url: 'rediss://default:${withSigns().replaceAll('@', '')}@host:6380/0'`,
  'a broker with its password': `amqp://svc:${drawn(4)}@mq.example.com`,
  'a broker over TLS with its password': `amqps://svc:${drawn(4)}@mq.example.com/vhost`,
  'a key of a curve, as openssl ecparam writes it': keyOf('ec', { type: 'sec1' }).privateKey,
  'a key of a curve': keyOf('ec').privateKey,
  'a key of Ed25519': keyOf('ed25519').privateKey,
  'a key of Ed25519 on one line': JSON.stringify(keyOf('ed25519').privateKey),
  'an encrypted key': keyOf('ec', { cipher: 'aes-256-cbc', passphrase: 'of the test' }).privateKey,
  'an encrypted key of old': keyOf('ec', { type: 'sec1', cipher: 'aes-256-cbc', passphrase: 'of the test' }).privateKey,
  'a key of Google': `AIza${drawn(17)}_`,
  'a token of PyPI': `pypi-AgEIcHlwaS5vcmc${bytes(90).toString('base64url')}`,
  'a key of Pinecone': `pcsk_${drawn(3)}_${drawn(32)}`,
  'a key of Azure': `AccountName=a;AccountKey=${inBase64(64)};EndpointSuffix=core.windows.net`,
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

  test.each(['', '-line', '-next-line'])('a comment that would silence (%s), and what it would hide', async (which) => {
    const comment = `${COMMENT}${which}`;
    const content = `${comment}\n${SECRETS['a token of GitHub']} ${comment}\n${SECRETS['the key that seals']}\n`;
    const lines = (await leaksIn({ at: 'a.ts', content })).map(({ line }) => line);
    expect(lines.toSorted()).toEqual([1, 2, 2, 3]);
  });

  test('in a time that grows no faster than the text', () => {
    const slow = OWN.flatMap(({ name, shapes }) =>
      shapes.flatMap(({ source, flags }) => analyse({ source, flags: `${flags}u` }).reports.map(() => name)),
    );
    expect(slow).toEqual([]);
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
    'JWT_SECRET="${A_SECRET_THAT_IS_ELSEWHERE}"',
    'JWT_SECRET="$A_SECRET_THAT_IS_ELSEWHERE"',
    'JWT_SECRET=<a-secret-of-at-least-32-characters>',
    'JWT_SECRET=\nA_VARIABLE_OF_ANOTHER_NAME=a',
    'KEY_NAME_SECRET: options.keyNameSecret,',
    `CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64')`,
    'CACHE_ENCRYPTION_PASSPHRASE="${PASSPHRASE:?of at least 16}"',
    'CACHE_ENCRYPTION_KEY_FILE=/secrets/server/cache-encryption-key',
    '- name: JWT_SECRET\n  valueFrom:\n    secretKeyRef: { name: resk, key: JWT_SECRET }',
    '- name: JWT_SECRET\n  value: "{{ .Values.a.long.way.to.the.secret }}"',
    'REDIS_URL=redis://cache:6379/0',
    'REDIS_URL=rediss://default@cache:6379/0',
    'REDIS_URL=redis://:${REDIS_PASSWORD}@cache',
    'REDIS_URL=redis://:$REDIS_PASSWORD@cache',
    'REDIS_URL=redis://default:<password>@cache',
    '-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----',
    keyOf('ec').publicKey,
    'AccountName=a;AccountKey=;EndpointSuffix=core.windows.net',
    'names begin with AIza, pypi-AgEI or pcsk_',
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
