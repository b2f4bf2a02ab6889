// npm run check:workflows: every workflow is valid, and keeps the rules of this repository.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lintProblems } from './lint.js';
import { policyProblems } from './policy.js';

const FOLDER = '.github/workflows';
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const files = readdirSync(FOLDER).filter((name) => /\.ya?ml$/.test(name));
const problems: string[] = [];
for (const name of files) {
  const content = readFileSync(join(FOLDER, name), 'utf8');
  problems.push(...(await lintProblems(name, content)), ...policyProblems(name, content, Object.keys(scripts)));
}
for (const problem of problems) console.error(problem);
if (problems.length > 0 || files.length === 0) process.exitCode = 1;
else console.log(`${files.length} workflows are valid and keep the rules.`);
