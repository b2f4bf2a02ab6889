// npm run check:secrets: no file holds a secret; with `-- --history` no version of any file ever did.
import { parseArgs } from 'node:util';
import { pastTexts, presentTexts } from './git-texts.js';
import { type Leak, leaksIn } from './secret-scan.js';

const { values } = parseArgs({ options: { history: { type: 'boolean', default: false } } });
const root = process.cwd();
const leaks: Leak[] = [];
let read = 0;
for await (const text of values.history ? pastTexts(root) : presentTexts(root)) {
  leaks.push(...(await leaksIn(text)));
  read += 1;
}
for (const { at, line, kind } of leaks) console.error(`${at}:${line}  ${kind}`);
if (read === 0) console.error('No file was read.');
if (leaks.length > 0)
  console.error(`${leaks.length} found. What was pushed is known: revoke it first, then take it out.`);
if (leaks.length > 0 || read === 0) process.exitCode = 1;
else console.log(`No secret in ${read} ${values.history ? 'versions of files' : 'files'}.`);
