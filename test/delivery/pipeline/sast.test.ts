// The rules of security find what they are there for, leave the rest alone, and the code keeps them.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are programs.
import { beforeAll, describe, expect, test } from 'vitest';
import { ACCEPTED } from '../../../scripts/sast/accepted.js';
import { type Finding, findings, judged, silenced } from '../../../scripts/sast/findings.js';
import { ensureBuilt } from '../../support/child-server.js';
import { ROOT, scratch, script } from './scratch.js';

/** Rule → lines that break it. */
const BAD: Record<string, string[]> = {
  'house/verified-tls': [
    'connect({ rejectUnauthorized: false });',
    `connect({ 'rejectUnauthorized': false });`,
    'connect({ checkServerIdentity: () => undefined });',
    `process['env']['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';`,
    `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';`,
    `spawn('node', ['a.mjs'], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });`,
    'options.rejectUnauthorized = false;',
    `options['rejectUnauthorized'] = false;`,
    'options.checkServerIdentity = () => undefined;',
  ],
  'house/strong-crypto': [
    `createHash('md5');`,
    `crypto.createHash('sha1');`,
    `createHmac('SHA-1', key);`,
    `createCipheriv('aes-256-cbc', key, iv);`,
    `createCipheriv('des-ede3', key, iv);`,
    `createDecipheriv('aes-256-gcm', key, iv);`,
    `createDecipheriv('aes-256-gcm', key, iv, {});`,
  ],
  'house/unpredictable': ['export const id = Math.random();', 'export const f = (random = Math.random) => random();'],
  'house/no-shell': [
    `import { exec } from 'node:child_process';\nexec('ls');`,
    `import { execSync as run } from 'child_process';\nrun('ls');`,
    `spawn('ls', [], { shell: true });`,
    `spawn('ls', [], { shell: onWindows });`,
    `import child from 'node:child_process';\nchild.execSync('ls');`,
    `import * as child from 'node:child_process';\nchild.exec('ls');`,
    `spawn('sh', ['-c', given]);`,
    'child.execFileSync(`/bin/bash`, given);',
    `const SHELL = 'C:\\\\cmd.exe';\nexecFile(SHELL, given);`,
    `start('sh', ['-lc', given]);`,
  ],
  'house/no-dynamic-code': [
    `eval('1');`,
    `new Function('return 1');`,
    'globalThis.eval(given);',
    `globalThis['eval'](given);`,
    '(0, eval)(given);',
    'new globalThis.Function(given);',
    `setTimeout('go()', 1);`,
    `import vm from 'node:vm';\nvm.runInNewContext('1');`,
    'export const load = (name) => import(name);',
  ],
  'house/no-built-sql': [
    'database.exec(`DELETE FROM entries WHERE id = ${id}`);',
    'database.prepare(`SELECT * FROM ${table}`);',
    `database.prepare('SELECT * FROM a WHERE b = ' + given);`,
    'const sql = `SELECT * FROM a WHERE b = ${given}`;\ndatabase.exec(sql);',
    `let sql = 'SELECT * FROM a';\nif (given) sql += \` WHERE b = '\${given}'\`;\ndatabase.prepare(sql);`,
  ],
  'house/pinned-tokens': [
    'jwt.verify(token, key);',
    'jsonwebtoken.verify(token, key, { audience });',
    'jsonwebtoken.decode(token);',
    'jsonwebtoken.verify(token, key, (error, claims) => go(claims));',
    `import { verify } from 'jsonwebtoken';\nverify(token, key);`,
    `import { decode as read } from 'jsonwebtoken';\nread(token);`,
    `import tokens from 'jsonwebtoken';\ntokens.verify(token, key);`,
    `import * as tokens from 'jsonwebtoken';\ntokens.decode(token);`,
    `import tokens from 'jsonwebtoken';\nconst { verify } = tokens;\nverify(token, key);`,
  ],
  'house/constant-time': ['if (given === secret) go();', 'if (sent.apiKey !== known.apiKey) stop();'],
  'house/linear-patterns': [
    'export const bad = /^(a+)+$/;',
    'export const slow = /\\s+$/;',
    `export const bad = new RegExp('(a+)+$');`,
    'export const bad = RegExp(String.raw`\\s+$`, "u");',
    `const BAD = '(a+)+$';\nexport const bad = new RegExp(BAD);`,
  ],
  'security/detect-bidi-characters': ['export const a = "\u202E";'],
  'security/detect-new-buffer': ['export const b = new Buffer(size);'],
};

const GOOD = [
  'connect({ rejectUnauthorized: true });',
  'connect({ rejectUnauthorized: required });',
  `createHash('sha256');`,
  `createCipheriv('aes-256-gcm', key, iv);`,
  'createDecipheriv(CIPHER, key, iv, { authTagLength: 16 });',
  'export const id = randomUUID();',
  `import { execFile } from 'node:child_process';\nexecFile('ls', ['-l']);`,
  `spawn('ls', [], { shell: false });`,
  'setTimeout(go, 1);',
  `export const load = () => import('node:fs');`,
  'export const load = () => import(PACKAGE);',
  'database.exec(`PRAGMA busy_timeout = ${TIMEOUT_MS}`);',
  `database.prepare('SELECT * FROM a WHERE b = ?1' + ' AND c = ?2');`,
  '/select (.*)/.exec(`select ${what} from it`);',
  'jsonwebtoken.verify(token, key, { algorithms });',
  'jsonwebtoken.verify(token, key, options);',
  `if (token === '') go();`,
  'if (secret === undefined) go();',
  'export const good = /^[a-z]+$/;',
  'options.rejectUnauthorized = true;',
  'options.rejectUnauthorized = required;',
  `spawn('ssh', ['-l', 'someone', host]);`,
  `spawn(process.execPath, ['-c', file]);`,
  `found.get('sh');`,
  'redis.eval(script, 1, key);',
  'export const run = (page) => page.eval(given);',
  'const sql = `SELECT * FROM ${TABLE} WHERE b = ?1`;\ndatabase.prepare(sql);',
  'const name = `entry ${id}`;\ncache.get(name);',
  'export const a = (sql) => database.exec(sql);\nexport const b = (id) => {\n  const sql = `SELECT ${id}`;\n  return sql;\n};',
  `import { verify } from 'jsonwebtoken';\nverify(token, key, { algorithms });`,
  `import { verify, decode } from './signature.js';\nverify(text, key);\ndecode(text);`,
  `import tokens from 'jsonwebtoken';\nconst { sign } = tokens;\nsign(claims, key);`,
  `export const good = new RegExp('^[a-z]+$', 'u');`,
  'export const given = (text) => new RegExp(text);',
  `export const none = () => new RegExp('(');`,
];

const FILES = Object.fromEntries([
  ...Object.entries(BAD).flatMap(([rule, lines]) =>
    lines.map((line, at) => [`bad/${rule.replace('/', '-')}-${at}.mjs`, `${line}\n`]),
  ),
  ...GOOD.map((line, at) => [`good/${at}.mjs`, `${line}\n`]),
]);

describe('the rules', () => {
  let found: Finding[];
  beforeAll(() => {
    found = findings(ROOT, scratch(FILES), ['.']);
  });

  const cases = Object.entries(BAD).flatMap(([rule, lines]) => lines.map((line, at) => [rule, line, at] as const));
  test.each(cases)('%s: %j is found', (rule, _line, at) => {
    const file = `bad/${rule.replace('/', '-')}-${at}.mjs`;
    expect(found.filter((one) => one.file === file).map((one) => one.rule)).toContain(rule);
  });

  test.each(GOOD.map((line, at) => [line, at] as const))('%j is left alone', (_line, at) => {
    expect(found.filter((one) => one.file === `good/${at}.mjs`)).toEqual([]);
  });

  test('a finding names the line and what stands there', () => {
    const file = scratch({ 'a.mjs': '// One.\n\nexport const id = Math.random();\n' });
    expect(findings(ROOT, file, ['a.mjs'])).toEqual([
      expect.objectContaining({ file: 'a.mjs', line: 3, text: 'export const id = Math.random();' }),
    ]);
  });

  test.each([
    '// oxlint-disable-next-line house/unpredictable',
    '/* eslint-disable house/unpredictable */',
    '/* oxlint-disable */',
    '// oxlint-disable-next-line -- because',
    '// oxlint-disable-line typescript/a, house/unpredictable',
    '// oxlint-disable-next-line no-console, house/unpredictable',
    '// eslint-disable-next-line no-console house/unpredictable -- because',
    '/* oxlint-disable no-console,\n   security/detect-new-buffer */',
    '//oxlint-disable-next-line',
  ])('%j does not silence them unseen: only the list accepts', (comment) => {
    const folder = scratch({ 'libs/a.mjs': `${comment}\nexport const id = Math.random();\n` });
    expect(silenced(folder, ['libs'])).toEqual([expect.objectContaining({ file: 'libs/a.mjs', line: 1 })]);
  });

  test.each([
    '// oxlint-disable-next-line typescript/no-floating-promises\n// of house/a.ts',
    '/* eslint-disable no-console */\nexport const path = "house/unpredictable";',
    '/* eslint-disable\n   no-console */',
  ])('%j is about other rules and silences none of security', (comment) => {
    const folder = scratch({ 'libs/a.mjs': `${comment}\nexport const id = Math.random();\n` });
    expect(silenced(folder, ['libs'])).toEqual([]);
    expect(findings(ROOT, folder, ['libs']).map(({ rule }) => rule)).toEqual(['house/unpredictable']);
  });

  test('nothing to read is no pass', () => {
    expect(() => findings(ROOT, scratch({ 'a.txt': '' }), ['.'])).toThrow('No files found');
  });
});

describe('what is accepted', () => {
  const finding = { rule: 'house/no-shell', file: 'scripts/a/b.mjs', line: 3, text: 'shell: true,', message: '' };

  test.each([
    [{ rule: 'house/no-shell', at: 'scripts/a/b.mjs' }, true],
    [{ rule: 'house/no-shell', at: 'scripts/a/' }, true],
    [{ rule: 'house/no-shell', at: 'scripts/a/b.mjs', line: 'shell: true' }, true],
    [{ rule: 'house/no-shell', at: 'scripts/a/b.mjs', line: 'other' }, false],
    [{ rule: 'house/no-shell', at: 'scripts/a' }, false],
    [{ rule: 'house/verified-tls', at: 'scripts/a/b.mjs' }, false],
  ])('%j covers the finding: %s', (entry, covers) => {
    const { refused, stale } = judged([finding], [{ ...entry, why: 'a reason' }]);
    expect(refused).toHaveLength(covers ? 0 : 1);
    expect(stale).toHaveLength(covers ? 0 : 1);
  });

  test('every entry has a reason that says something', () => {
    expect(ACCEPTED.filter(({ why }) => why.split(' ').length < 5)).toEqual([]);
  });
});

describe('npm run check:sast', () => {
  beforeAll(ensureBuilt, 120_000);

  test('the code keeps the rules', () => {
    const { code, output } = script('sast/main');
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('No finding') });
  });

  test('a line that breaks one fails it, and is shown', () => {
    const folder = scratch({ 'libs/a/src/a.mjs': `eval('1');\n` });
    // The rules lie beside the code that they judge.
    expect(judged(findings(ROOT, folder, ['libs']), []).refused.map(({ file }) => file)).toContain('libs/a/src/a.mjs');
  });
});
