// npm run sbom: writes the bill of materials of what users install, as CycloneDX JSON that its own schema accepts.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bill, ofUsers } from './bill.js';
import { lockedPackages } from './lockfile.js';
import { treeProblems } from './tree-problems.js';

const PROGRAM = 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'release/sbom.cdx.json' } } });
const out = values.out;
const root = process.cwd();

function unexpectedProblems(): string[] {
  const { overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const done = spawnSync('npm', ['ls', '--json', '--all', '--omit=dev'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const { problems = [] } = JSON.parse(done.stdout) as { problems?: string[] };
  return treeProblems(problems, overrides, lockedPackages(root));
}

const problems = unexpectedProblems();
if (problems.length > 0) {
  console.error(`What is installed is not what is asked for:\n${problems.join('\n')}`);
  process.exit(1);
}
mkdirSync(dirname(out), { recursive: true });
const { status } = spawnSync(
  process.execPath,
  [
    ...[PROGRAM, '--ignore-npm-errors', '--omit', 'dev', '--validate'],
    ...['--output-reproducible', '--output-format', 'JSON', '--output-file', out],
  ],
  { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] },
);
if (status !== 0) {
  console.error('The bill of materials could not be made, or its schema does not accept it.');
  process.exit(1);
}
const bill = ofUsers(JSON.parse(readFileSync(out, 'utf8')) as Bill, lockedPackages(root));
writeFileSync(out, JSON.stringify(bill, undefined, 2));
const { specVersion, components } = bill;
console.log(`${out}: CycloneDX ${specVersion}, ${components.length} packages`);
