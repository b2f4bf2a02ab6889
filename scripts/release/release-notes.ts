// npm run release:notes [-- FROM TO] [--out FILE]: what the commits of a release say, as Markdown.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { commitsOf, notes, tagAt, tagBefore } from './commits.js';
import { versionOf } from './versions.js';

const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
const root = process.cwd();
const to = positionals[1] ?? 'HEAD';
const from = positionals[0] ?? tagBefore(root, to);
try {
  const text = notes(tagAt(root, to) ?? `v${versionOf(root)}`, commitsOf(root, from ? `${from}..${to}` : to));
  if (values.out) {
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, text);
  } else console.log(text);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
