// Compares docs/openapi.json with the last release's; with --record it becomes the release's own.
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ApiDocument, breakingChanges } from './breaking-changes.js';
import { mayBreak, newest } from './versions.js';

const CURRENT = 'docs/openapi.json';
const RELEASED = 'docs/api';

function documentAt(path: string): ApiDocument {
  return JSON.parse(readFileSync(path, 'utf8')) as ApiDocument;
}

function compare(root: string): number {
  const current = documentAt(join(root, CURRENT));
  const release = newest(readdirSync(join(root, RELEASED)).map((name) => name.replace(/\.json$/, '')));
  if (release === undefined) {
    console.error(`${RELEASED} holds no released document, e.g. 1.2.0.json: run npm run check:api -- --record`);
    return 1;
  }
  const broken = breakingChanges(documentAt(join(root, RELEASED, `${release}.json`)), current, new Date());
  for (const sentence of broken) console.log(sentence);
  const { version } = current.info;
  const allowed = mayBreak(release, version);
  if (broken.length === 0) console.log(`The API ${version} takes and gives what the API ${release} took and gave.`);
  else if (allowed)
    console.log(`${broken.length} breaking changes, as a new version may bring: ${release} → ${version}.`);
  else
    console.error(
      `${broken.length} breaking changes, and ${release} → ${version} may bring none: docs/API_VERSIONS.md.`,
    );
  return broken.length === 0 || allowed ? 0 : 1;
}

function record(root: string): number {
  const { version } = documentAt(join(root, CURRENT)).info;
  mkdirSync(join(root, RELEASED), { recursive: true });
  copyFileSync(join(root, CURRENT), join(root, RELEASED, `${version}.json`));
  console.log(`${RELEASED}/${version}.json written`);
  return 0;
}

const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });
process.exitCode = (values.record ? record : compare)(process.cwd());
