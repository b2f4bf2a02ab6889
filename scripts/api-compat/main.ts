// Compares docs/openapi.json with the last release's; with --record it becomes the release's own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ApiDocument, breakingChanges, earlyRemovals } from './breaking-changes.js';
import { keepsSunsets, mayBreak, newest } from './versions.js';

const CURRENT = 'docs/openapi.json';
const RELEASED = 'docs/api';
const CHANGELOG = 'CHANGELOG.md';
const RULES = 'docs/API_VERSIONS.md';

function documentAt(path: string): ApiDocument {
  return JSON.parse(readFileSync(path, 'utf8')) as ApiDocument;
}

/** The versions that have a document. */
function recorded(root: string): string[] {
  const folder = join(root, RELEASED);
  return existsSync(folder) ? readdirSync(folder).map((name) => name.replace(/\.json$/, '')) : [];
}

function compare(root: string): number {
  const release = newest(recorded(root));
  if (release !== undefined) return compareWith(root, release);
  console.error(`${RELEASED} holds no released document, e.g. 1.2.0.json: run npm run check:api -- --record`);
  return 1;
}

function compareWith(root: string, release: string): number {
  const current = documentAt(join(root, CURRENT));
  const former = documentAt(join(root, RELEASED, `${release}.json`));
  const early = earlyRemovals(former, current, new Date());
  const broken = [...early, ...breakingChanges(former, current)];
  for (const sentence of broken) console.log(sentence);
  const { version } = current.info;
  const step = `${release} → ${version}`;
  if (broken.length === 0) {
    console.log(`The API ${version} takes and gives what the API ${release} took and gave.`);
    return 0;
  }
  if (early.length > 0 && keepsSunsets(release)) {
    console.error(`${early.length} broken promises of how long operations stay, which no version may bring: ${RULES}.`);
    return 1;
  }
  if (mayBreak(release, version)) {
    console.log(`${broken.length} breaking changes, as a new version may bring: ${step}.`);
    return 0;
  }
  console.error(`${broken.length} breaking changes, and ${step} may bring none: ${RULES}.`);
  return 1;
}

/** What the version may not bring is not recorded either: from then on it would be what everything is compared with. */
function record(root: string): number {
  const text = readFileSync(join(root, CURRENT), 'utf8');
  const { version } = (JSON.parse(text) as ApiDocument).info;
  const file = join(RELEASED, `${version}.json`);
  const former = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : undefined;
  if (former !== undefined && former !== text && isReleased(root, version)) {
    console.error(
      `${file} is the document of a release, and stays as it is: give the API of now a version of its own.`,
    );
    return 1;
  }
  const release = newest(recorded(root).filter((name) => name !== version));
  if (release !== undefined && compareWith(root, release) !== 0) return 1;
  mkdirSync(join(root, RELEASED), { recursive: true });
  writeFileSync(join(root, file), text);
  console.log(`${file} written`);
  return 0;
}

/**
 * Whether the changelog has a heading for the version. The commit of a release brings it: while the release is being made it
 * stands in the file, and not yet in the last commit. Without git the file must do.
 */
function isReleased(root: string, version: string): boolean {
  const committed = spawnSync('git', ['show', `HEAD:./${CHANGELOG}`], { cwd: root, encoding: 'utf8' });
  const file = join(root, CHANGELOG);
  const text = committed.status === 0 ? committed.stdout : existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.includes(`## [${version}]`);
}

const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
process.exitCode = (values.record ? record : compare)(process.cwd());
