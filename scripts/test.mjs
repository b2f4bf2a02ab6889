// npm test: installs what the tests need, builds, runs them. Arguments go to Vitest: `npm test -- libs/cache`.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, root, runNode } from './bootstrap.mjs';
import { ensureSystemTools } from './system-tools.mjs';

const REPORT = join(root, 'node_modules', '.cache', 'test-report.json');

await main(async (args) => {
  ensureInstalled();
  ensureSystemTools();
  ensureBuilt();
  rmSync(REPORT, { force: true });
  // Coverage is a promise about the whole suite; a part of it would always miss the thresholds.
  const whole = args.length === 0;
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const code = await runNode([
    'node_modules/vitest/vitest.mjs',
    'run',
    ...reporters,
    ...(whole ? ['--coverage'] : args),
  ]);
  if (whole) console.log(`shared/ suite: ${existsSync(join(root, '..', 'shared')) ? 'run' : 'not run (no ../shared)'}`);
  console.log(closingLine());
  return code;
});

function closingLine() {
  if (!existsSync(REPORT)) return 'The tests did not run to their end.';
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(REPORT, 'utf8'));
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const notes = [
    numPendingTests > 0 && `${numPendingTests} skipped`,
    broken.length > 0 && `${broken.length} file(s) that could not be loaded`,
  ].filter(Boolean);
  return [`${numPassedTests} passed, ${numFailedTests} failed`, ...notes].join(', ');
}
