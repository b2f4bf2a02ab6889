// A release has one version everywhere, tells what became true, and is handed out as it was built.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Commit, commitsOf, isOn, notes, tagAt, tagBefore, told } from '../../../scripts/release/commits.js';
import { commandsOf, type Release } from '../../../scripts/release/publishing.js';
import {
  incoherent,
  isVersion,
  PLACES,
  pythonVersion,
  released,
  setVersion,
  versionOf,
} from '../../../scripts/release/versions.js';
import { ensureBuilt } from '../../support/child-server.js';
import { git, put, ROOT, scratch, script } from './scratch.js';

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const textsOfPlaces = () =>
  Object.fromEntries(PLACES.map(({ file }) => [file, readFileSync(join(ROOT, file), 'utf8')]));

describe('the version', () => {
  test('is one wherever it is named', () => expect(incoherent(ROOT, versionOf(ROOT))).toEqual([]));

  test('is set wherever it is named, and nothing else is changed', () => {
    const folder = scratch(textsOfPlaces());
    const before = versionOf(folder);
    setVersion(folder, '9.8.7-rc.1');
    expect(incoherent(folder, '9.8.7-rc.1')).toEqual([]);
    expect(incoherent(folder, before).length).toBeGreaterThanOrEqual(PLACES.length);
    setVersion(folder, before);
    for (const [file, text] of Object.entries(textsOfPlaces()))
      expect(readFileSync(join(folder, file), 'utf8')).toBe(text);
  });

  test.each(PLACES.map(({ file }) => file))('that %s names must be the same', (file) => {
    const folder = scratch(textsOfPlaces());
    setVersion(
      folder,
      '9.8.7',
      PLACES.filter((place) => place.file === file),
    );
    expect(incoherent(folder, versionOf(ROOT)).join()).toContain(`${file} says 9.8.7`);
    put(folder, { [file]: '{}' });
    expect(incoherent(folder, versionOf(ROOT))).toContain(`${file} names no version`);
  });

  test.each(['1.0', 'v1.0.0', '01.0.0', '1.0.0+build', '1.0.0-', 'latest', ''])('%j is none', (text) => {
    expect(isVersion(text)).toBe(false);
    expect(() => setVersion(scratch(textsOfPlaces()), text)).toThrow('is no version');
  });

  test.each(['1.0.0', '0.2.13', '1.0.0-rc.1', '2.0.0-alpha-2'])('%j is one', (text) =>
    expect(isVersion(text)).toBe(true),
  );

  test.each([
    ['1.0.0', '1.0.0'],
    ['1.0.0-alpha.0', '1.0.0a0'],
    ['1.0.0-beta.12', '1.0.0b12'],
    ['10.2.0-rc.1', '10.2.0rc1'],
    // Python would take the last for what comes after 1.0.0, and knows no order for the others.
    ['1.0.0-preview.x', undefined],
    ['1.0.0-rc.01', undefined],
    ['1.0.0-rc.1.2', undefined],
    ['1.0.0-1', undefined],
  ])('%s is %s in Python', (of, wanted) => expect(pythonVersion(of)).toBe(wanted));

  test('takes what was unreleased in the changelog, once', () => {
    const changelog = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n';
    const after = released(changelog, '1.0.0', '2026-01-02')!;
    expect(after).toBe('# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-02\n\n### Added\n\n- A thing.\n');
    expect(released(after, '1.0.0', '2026-01-02')).toBeUndefined();
    expect(released('# Changelog\n', '1.0.0', '2026-01-02')).toBeUndefined();
  });
});

const aCommit = (subject: string, body = ''): Commit => ({ id: '0123456789abcdef', subject, body });

describe('a commit', () => {
  test.each([
    ['cache: serve stale answers while the store is down', { areas: ['cache'], breaking: false }],
    ['auth, crypto: keys are read once', { areas: ['auth', 'crypto'], breaking: false }],
    ['server and library: one door', { areas: ['server', 'library'], breaking: false }],
    ['feat(cache): stale answers', { areas: ['cache'], breaking: false }],
    ['fix: a thing', { areas: ['fix'], breaking: false }],
    ['gateway!: the old path is gone', { areas: ['gateway'], breaking: true }],
    ['feat(api)!: the old path is gone', { areas: ['api'], breaking: true }],
  ])('%j has the form', (subject, wanted) => expect(told(aCommit(subject))).toMatchObject(wanted));

  test.each(['Fixed a bug', 'cache:no space', ': nothing', 'cache:', 'Merge branch main'])(
    '%j has no form',
    (subject) => {
      expect(told(aCommit(subject))).toBeUndefined();
    },
  );

  test('breaks what it says in its footer', () => {
    const commit = aCommit('cache: keys are shorter', 'Why.\n\nBREAKING CHANGE: answers kept before are not found');
    expect(told(commit)).toEqual({ areas: ['cache'], what: 'answers kept before are not found', breaking: true });
  });
});

describe('the notes', () => {
  function aHistory(): { folder: string; commit: (subject: string) => void } {
    const folder = scratch({ a: '1', 'package.json': '{"version":"9.9.9"}' });
    git(folder, 'init', '-q', '-b', 'main');
    const commit = (subject: string) => {
      put(folder, { a: subject });
      git(folder, 'add', '-A');
      git(folder, 'commit', '-q', '-m', subject);
    };
    return { folder, commit };
  }

  test('tell first what breaks, then what is true by area, then how much else there was', () => {
    const commits = [
      aCommit('cache: answers are shorter'),
      aCommit('tests: a promise more'),
      aCommit('gateway!: the old path is gone'),
      aCommit('auth: keys are read once'),
      aCommit('something without a form'),
      aCommit('cache: and faster'),
    ];
    expect(notes('v1.0.0', commits)).toBe(
      [
        ...['# v1.0.0', '', '## Breaking', '', '- **gateway**: the old path is gone (01234567)', ''],
        ...['## What is true now', '', '### auth', '', '- keys are read once (01234567)', ''],
        ...['### cache', '', '- answers are shorter (01234567)', '- and faster (01234567)', ''],
        ...['### other', '', '- something without a form (01234567)', ''],
        ...['And 1 commits to tests and tools.', ''],
      ].join('\n'),
    );
  });

  test('are of the commits between two tags, oldest first, merges left out', () => {
    const { folder, commit } = aHistory();
    commit('cache: first');
    expect(tagBefore(folder, 'HEAD')).toBeUndefined();
    git(folder, 'tag', 'v0.1.0');
    commit('cache: second\n\nBREAKING CHANGE: a thing');
    git(folder, 'switch', '-q', '-c', 'side');
    commit('auth: third');
    git(folder, 'switch', '-q', 'main');
    git(folder, 'merge', '-q', '--no-ff', '-m', 'Merge branch side', 'side');
    git(folder, 'tag', 'v0.2.0');
    expect(tagBefore(folder, 'v0.2.0')).toBe('v0.1.0');
    const commits = commitsOf(folder, 'v0.1.0..v0.2.0');
    expect(commits.map(({ subject }) => subject)).toEqual(['cache: second', 'auth: third']);
    expect(told(commits[0]!)!.breaking).toBe(true);
    expect(() => commitsOf(folder, 'v0.1.0..v9.9.9')).toThrow('git log v0.1.0..v9.9.9 failed');
    expect(() => commitsOf(folder, '--output=stolen')).toThrow('failed');
  });

  test('of a release begin at the release before it, those of a preview at the preview before', () => {
    const { folder, commit } = aHistory();
    for (const tag of ['v1.0.0', 'v1.1.0-rc.1', 'v1.1.0-rc.2', 'v1.1.0']) {
      commit(`cache: ${tag}`);
      git(folder, 'tag', tag);
    }
    expect(tagAt(folder, 'HEAD')).toBe('v1.1.0');
    expect(tagBefore(folder, 'HEAD')).toBe('v1.0.0');
    expect(tagBefore(folder, 'v1.1.0')).toBe('v1.0.0');
    expect(tagBefore(folder, 'v1.1.0-rc.2')).toBe('v1.1.0-rc.1');
    commit('cache: later');
    expect(tagAt(folder, 'HEAD')).toBeUndefined();
    expect(tagBefore(folder, 'HEAD')).toBe('v1.1.0');
  });

  test('are headed by the tag that they are of, else by the version', () => {
    const { folder, commit } = aHistory();
    commit('cache: first');
    expect(script('release/release-notes', [], folder).output).toMatch(/^# v9\.9\.9\n/);
    git(folder, 'tag', 'v0.1.0');
    expect(script('release/release-notes', [], folder).output).toMatch(/^# v0\.1\.0\n[\s\S]*- first/);
  });
});

describe('a tag', () => {
  const VERIFIED = [...PLACES.map(({ file }) => file), 'CHANGELOG.md'];
  /** A repository of these versions, whose main another machine has. */
  function aRepository(version: string): string {
    const folder = scratch(textsOfPlaces());
    setVersion(folder, version);
    put(folder, { 'CHANGELOG.md': `# Changelog\n\n## [${version}]\n` });
    git(folder, 'init', '-q', '-b', 'main');
    git(folder, 'add', '--', ...VERIFIED);
    git(folder, 'commit', '-q', '-m', 'release: it');
    git(folder, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
    return folder;
  }
  const verify = (folder: string, ...args: string[]) => script('release/verify', args, folder);

  beforeAll(ensureBuilt, 180_000);

  test('of a release is of one version, and of a commit of main', () => {
    const folder = aRepository('1.2.3');
    git(folder, 'tag', 'v1.2.3');
    expect(verify(folder, 'v1.2.3', '--on', 'origin/main').code).toBe(0);
    git(folder, 'commit', '-q', '--allow-empty', '-m', 'release: elsewhere');
    git(folder, 'tag', '-f', 'v1.2.3');
    expect(verify(folder, 'v1.2.3').code).toBe(0);
    const elsewhere = verify(folder, 'v1.2.3', '--on', 'origin/main');
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.output).toContain('v1.2.3 is no commit of origin/main');
    expect(isOn(folder, 'v1.2.3', 'main')).toBe(true);
    expect(isOn(folder, 'v1.2.3', 'no/such')).toBe(false);
  });

  test('of a preview has a form in Python', () => {
    expect(verify(aRepository('1.2.3-rc.1'), 'v1.2.3-rc.1').code).toBe(0);
    const { code, output } = verify(aRepository('1.2.3-next.1'), 'v1.2.3-next.1');
    expect(code).toBe(1);
    expect(output).toContain('1.2.3-next.1 has no form in Python');
  });
});

describe('what is handed out', () => {
  const files = {
    'resk-caching-1.0.0.tgz': '',
    'resk-caching-client-1.0.0.tgz': '',
    'resk-caching-chart-1.0.0.tgz': '',
    'sbom.cdx.json': '',
    'NOTES.md': '',
  };
  const aRelease = (o: Partial<Release> = {}): Release => ({
    folder: scratch(files),
    tag: 'v1.0.0',
    dryRun: false,
    ...o,
  });

  test('goes to npm with its provenance, without the chart', () => {
    const release = aRelease();
    const commands = commandsOf('npm', release);
    expect(commands.map(([, , file]) => file)).toEqual([
      join(release.folder, 'resk-caching-1.0.0.tgz'),
      join(release.folder, 'resk-caching-client-1.0.0.tgz'),
    ]);
    for (const command of commands) expect(command).toEqual(expect.arrayContaining(['publish', '--provenance']));
  });

  test('is of the version of its tag alone, from wherever the folder is', () => {
    const folder = scratch({ ...files, 'resk-caching-0.9.0.tgz': '', 'another-1.0.0.tgz': '' });
    const names = (of: Release) => commandsOf('npm', of).map(([, , file]) => file);
    const wanted = ['resk-caching-1.0.0.tgz', 'resk-caching-client-1.0.0.tgz'].map((name) => join(folder, name));
    expect(names(aRelease({ folder }))).toEqual(wanted);
    expect(names(aRelease({ folder: relative(process.cwd(), folder) }))).toEqual(wanted);
    for (const target of ['npm', 'github'] as const)
      expect(() => commandsOf(target, aRelease({ folder, tag: 'v2.0.0' }))).toThrow('There is no resk-caching-2.0.0');
  });

  test('is not the latest where it is a preview', () => {
    const names = Object.keys(files).map((name) => [name.replace('1.0.0', '1.0.0-rc.1'), '']);
    const preview = aRelease({ tag: 'v1.0.0-rc.1', folder: scratch(Object.fromEntries(names)) });
    for (const command of commandsOf('npm', preview)) expect(command.join(' ')).toContain('--tag next');
    for (const command of commandsOf('npm', aRelease())) expect(command.join(' ')).not.toContain('--tag');
    expect(commandsOf('github', preview)[0]).toContain('--prerelease');
    expect(commandsOf('github', aRelease())[0]).not.toContain('--prerelease');
  });

  test('is rehearsed by npm itself', () => {
    for (const command of commandsOf('npm', aRelease({ dryRun: true }))) expect(command).toContain('--dry-run');
  });

  test('of the chart goes where it is told, of this version alone', () => {
    const release = aRelease({ charts: 'oci://registry.example/charts' });
    const chart = join(release.folder, 'resk-caching-chart-1.0.0.tgz');
    expect(commandsOf('chart', release)).toEqual([['helm', 'push', chart, 'oci://registry.example/charts']]);
    expect(() => commandsOf('chart', aRelease())).toThrow('--charts');
    expect(() => commandsOf('chart', { ...release, tag: 'v2.0.0' })).toThrow('There is no resk-caching-chart-2.0.0');
  });

  test('on the page of the release has its notes and every file', () => {
    const release = aRelease();
    const [command] = commandsOf('github', release);
    expect(command!.slice(0, 5)).toEqual(['gh', 'release', 'create', 'v1.0.0', '--verify-tag']);
    const given = Object.keys(files).map((name) => join(release.folder, name));
    expect(command).toEqual(expect.arrayContaining(given));
    expect(() => commandsOf('github', aRelease({ folder: scratch({ a: '' }) }))).toThrow('There are no notes');
  });

  test('is nothing where nothing was built', () => {
    expect(() => commandsOf('npm', aRelease({ folder: scratch({ a: '' }) }))).toThrow(
      'There is no resk-caching-1.0.0.tgz',
    );
  });

  test('is handed out without anything being installed or built', () => {
    const clone = scratch();
    for (const path of ['package.json', 'scripts']) cpSync(join(ROOT, path), join(clone, path), { recursive: true });
    put(clone, Object.fromEntries(Object.keys(files).map((name) => [`release/${name}`, ''])));
    const [program, ...args] = scripts['release:publish'].split(' ');
    expect(program).toBe('node');
    const asked = [...args, 'github', '--tag', 'v1.0.0', '--dry-run'];
    const { status, stdout, stderr } = spawnSync(process.execPath, asked, { cwd: clone, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^gh release create v1\.0\.0 /);
    expect(readdirSync(clone).sort()).toEqual(['package.json', 'release', 'scripts']);
  });
});
