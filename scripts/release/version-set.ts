// npm run version:set -- X.Y.Z: writes the version wherever it is named, and gives the changelog's news to it.
import { readFileSync, writeFileSync } from 'node:fs';
import { isVersion, released, setVersion } from './versions.js';

const [version = ''] = process.argv.slice(2);
if (!isVersion(version)) {
  console.error('Usage: npm run version:set -- X.Y.Z');
  process.exit(2);
}
const files = setVersion(process.cwd(), version);
const day = new Date().toISOString().slice(0, 10);
const changelog = released(readFileSync('CHANGELOG.md', 'utf8'), version, day);
if (changelog !== undefined) {
  writeFileSync('CHANGELOG.md', changelog);
  files.push('CHANGELOG.md');
}
for (const file of files) console.log(`${file}: ${version}`);
console.log('Next: npm run generate, then look at the changelog.');
