// npm run check:sast: no line of the product, its commands, clients, examples or what it is deployed with breaks a rule of security, but for those that were looked at.
import { existsSync } from 'node:fs';
import { ACCEPTED } from './accepted.js';
import { findings, judged, silenced } from './findings.js';

/** Tests may do what the product must not: they attack it. */
const PATHS = ['apps', 'libs', 'scripts', 'bench', 'clients', 'examples', 'deploy', 'helm'];
const NOT_TESTS = ['**/test/**', '**/dist/**', '**/node_modules/**'].flatMap((glob) => ['--ignore-pattern', glob]);

const root = process.cwd();
const paths = PATHS.filter((path) => existsSync(path));
const { refused, stale } = judged(
  [...findings(root, root, [...NOT_TESTS, ...paths]), ...silenced(root, paths)],
  ACCEPTED,
);

for (const { rule, file, line, text, message } of refused)
  console.error(`${file}:${line}  ${rule}  ${message}\n    ${text}`);
for (const { rule, at, line } of stale)
  console.error(`scripts/sast/accepted.ts: ${rule} at ${at}${line ? ` (${line})` : ''} is found no more; take it out.`);
if (refused.length + stale.length > 0) process.exitCode = 1;
else console.log(`No finding; ${ACCEPTED.length} accepted, each with its reason.`);
