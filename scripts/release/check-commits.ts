// npm run check:commits -- FROM..TO: the subject of every commit says where, and what is true now.
import { commitsOf, told } from './commits.js';

const [range = 'HEAD^..HEAD'] = process.argv.slice(2);
try {
  const commits = commitsOf(process.cwd(), range);
  const formless = commits.filter((commit) => !told(commit));
  for (const { id, subject } of formless) console.error(`${id.slice(0, 8)}  ${subject}`);
  if (formless.length > 0) console.error('A subject is "area: what is true now", as in CONTRIBUTING.md.');
  if (formless.length > 0) process.exitCode = 1;
  else console.log(`${commits.length} commits have the form.`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
