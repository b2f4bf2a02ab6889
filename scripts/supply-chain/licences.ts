// npm run check:licences: every package of the lockfile has a licence that it may have.
import { licenceReport } from './licence-check.js';
import { lockedPackages } from './lockfile.js';

const root = process.cwd();
const { problems, shipped, tools } = licenceReport(root, lockedPackages(root));
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
const counts = [...shipped].sort(([, a], [, b]) => b - a).map(([licence, count]) => `${licence} ${count}`);
console.log(`Shipped: ${counts.join(', ')}. Tools: ${tools}.`);
