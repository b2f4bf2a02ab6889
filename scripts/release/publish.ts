// npm run release:publish -- npm|chart|github --tag vX.Y.Z: hands the files of release/ on, as they were built. --dry-run only says how.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { commandsOf, isPublished, TARGETS, type Target } from './publishing.js';
import { isVersion } from './versions.js';

const { values, positionals } = parseArgs({
  options: {
    tag: { type: 'string', default: '' },
    charts: { type: 'string' },
    folder: { type: 'string', default: 'release' },
    'dry-run': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const target = positionals[0] as Target;
if (!TARGETS.includes(target) || !isVersion(values.tag.replace(/^v/, ''))) {
  console.error(`Usage: npm run release:publish -- ${TARGETS.join('|')} --tag vX.Y.Z [--charts oci://…] [--dry-run]`);
  process.exit(2);
}
const dryRun = values['dry-run'];
try {
  for (const [program, ...args] of commandsOf(target, { ...values, dryRun })) {
    console.log([program, ...args].join(' '));
    // npm rehearses by itself; the others are only said.
    if (dryRun && target !== 'npm') continue;
    if (!dryRun && target === 'npm' && (await isPublished(args[1]!))) {
      console.log('  is there already: a release that broke off is carried on');
      continue;
    }
    const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
    if (error ?? status !== 0) throw new Error(`${program} failed${error ? `: ${error.message}` : ''}`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
