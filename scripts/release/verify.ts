// npm run release:verify [-- vX.Y.Z [--on BRANCH]]: the tag, every version that is named, and the changelog are of one release.
import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isOn } from './commits.js';
import { incoherent, isVersion, pythonVersion, versionOf } from './versions.js';

const { values, positionals } = parseArgs({
  options: {
    // A file of `name=value` lines, from which the steps that follow read the version.
    outputs: { type: 'string' },
    // Beforehand the commit is on no branch of another machine: only who releases asks for it.
    on: { type: 'string' },
  },
  allowPositionals: true,
});
const root = process.cwd();
const [tag] = positionals;
const version = tag?.replace(/^v/, '') ?? versionOf(root);
const problems = incoherent(root, version);
if (tag !== undefined && !(tag.startsWith('v') && isVersion(version)))
  problems.push(`${tag} is no tag of a release: vX.Y.Z`);
if (pythonVersion(version) === undefined)
  problems.push(`${version} has no form in Python: a suffix is -alpha.N, -beta.N or -rc.N`);
if (values.on !== undefined && !isOn(root, tag ?? 'HEAD', values.on))
  problems.push(`${tag ?? 'HEAD'} is no commit of ${values.on}`);
// Without a tag only the places are held together: between releases the changelog names none.
if (tag !== undefined && !readFileSync('CHANGELOG.md', 'utf8').includes(`\n## [${version}]`))
  problems.push(`CHANGELOG.md has no heading ## [${version}]: npm run version:set -- ${version}`);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else {
  console.log(`Everything is ${version}.`);
  if (values.outputs) appendFileSync(values.outputs, `version=${version}\n`);
}
