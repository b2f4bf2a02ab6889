// npm run release:verify -- vX.Y.Z: the tag, every version that is named, and the changelog are of one release.
import { readFileSync } from 'node:fs';
import { incoherent, isVersion, versionOf } from './versions.js';

const root = process.cwd();
const [tag = `v${versionOf(root)}`] = process.argv.slice(2);
const version = tag.replace(/^v/, '');
const problems = incoherent(root, version);
if (!tag.startsWith('v') || !isVersion(version)) problems.push(`${tag} is no tag of a release: vX.Y.Z`);
// Without a tag only the places are held together: between releases the changelog names none.
const unnamed = process.argv.length > 2 && !readFileSync('CHANGELOG.md', 'utf8').includes(`\n## [${version}]`);
if (unnamed) problems.push(`CHANGELOG.md has no heading ## [${version}]: npm run version:set -- ${version}`);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`Everything is ${version}.`);
