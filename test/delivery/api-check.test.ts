// npm run check:api lets a version through that may bring what it brings, and keeps the documents of releases.
// biome-ignore-all lint/suspicious/noExplicitAny: a document is changed here in ways that its type forbids.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { textOf } from './delivery-files.js';
import { git } from './pipeline/scratch.js';

describe('npm run check:api', () => {
  const program = fileURLToPath(new URL('../../dist/scripts/api-compat/main.js', import.meta.url));
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'api-'));
    mkdirSync(join(root, 'docs/api'), { recursive: true });
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  });
  const write = (change: (document: any) => void = () => undefined) => {
    const document = JSON.parse(textOf('docs/openapi.json'));
    change(document);
    writeFileSync(join(root, 'docs/openapi.json'), JSON.stringify(document));
  };
  const check = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: root, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  it('wants a released document, and records the one of now as such', () => {
    write();
    expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('check:api -- --record') });
    expect(check('--record').status).toBe(0);
    expect(check()).toMatchObject({ status: 0, output: expect.stringContaining('takes and gives what') });
  });

  it('fails on a breaking change, unless the version says that it may', () => {
    write();
    check('--record');
    write((document) => delete document.paths['/api/usage']);
    expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('GET /api/usage: is gone') });
    write((document) => {
      delete document.paths['/api/usage'];
      document.info.version = '99.0.0';
    });
    expect(check()).toMatchObject({ status: 0, output: expect.stringContaining('as a new version may bring') });
  });

  it('from 1.0.0 on lets no version take away an operation before its sunset', () => {
    write((document) => (document.info.version = '1.0.0'));
    check('--record');
    write((document) => {
      delete document.paths['/api/usage'];
      document.info.version = '2.0.0';
    });
    expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('which no version may bring') });
    expect(check('--record').status).toBe(1);
    write((document) => {
      document.paths['/api/cache/query'].post['x-scope'] = 'admin';
      document.info.version = '2.0.0';
    });
    expect(check()).toMatchObject({ status: 0, output: expect.stringContaining('as a new version may bring') });
    expect(check('--record').status).toBe(0);
  });

  it('records anew until the version is released, and not after', () => {
    const changelog = (text: string) => writeFileSync(join(root, 'CHANGELOG.md'), `# Changelog\n\n${text}\n`);
    const version = (text: string) => write((document) => (document.info.version = text));
    const broken = (document: any) => {
      delete document.paths['/api/usage'];
      document.info.version = '1.0.0';
    };
    changelog('## [Unreleased]');
    version('1.0.0');
    expect(check('--record').status).toBe(0);
    write(broken);
    expect(check('--record').status).toBe(0);
    version('1.0.0');
    expect(check('--record').status).toBe(0);

    changelog('## [Unreleased]\n\n## [1.0.0] - 2027-01-01');
    expect(check('--record').status).toBe(0);
    write(broken);
    expect(check('--record')).toMatchObject({
      status: 1,
      output: expect.stringContaining('the document of a release'),
    });
    expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('GET /api/usage: is gone') });
  });

  it('records anew while a release is being made: its heading is not committed yet', () => {
    const heading = '## [1.0.0] - 2027-01-01\n';
    const edit = (name: string) => write((d) => Object.assign(d.info, { version: '1.0.0', title: name }));
    writeFileSync(join(root, 'CHANGELOG.md'), '## [Unreleased]\n');
    edit('one');
    git(root, 'init', '--quiet');
    git(root, 'add', '.');
    git(root, 'commit', '--quiet', '-m', 'before');
    check('--record');
    writeFileSync(join(root, 'CHANGELOG.md'), heading);
    edit('two');
    expect(check('--record').status).toBe(0);
    git(root, 'commit', '--quiet', '-a', '-m', 'release: 1.0.0');
    edit('three');
    expect(check('--record').status).toBe(1);
  });

  it('does not record what the version may not bring', () => {
    write((document) => (document.info.version = '1.0.0'));
    check('--record');
    write((document) => {
      document.paths['/api/cache/query'].post['x-scope'] = 'admin';
      document.info.version = '1.0.1';
    });
    expect(check('--record')).toMatchObject({ status: 1, output: expect.stringContaining('scope was cache:read') });
    expect(existsSync(join(root, 'docs/api/1.0.1.json'))).toBe(false);
  });
});
