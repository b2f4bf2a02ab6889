// npm run audit: known vulnerabilities of what is installed; with `-- --shipped` of what is handed on. Where the registry has no such data it says so, and is no pass.
import { spawnSync } from 'node:child_process';
import { type AuditReply, auditOutcome } from './audit-outcome.js';
import { lockedPackages } from './lockfile.js';

const asked = process.argv.slice(2);
// npm counts as tools what an image ships and the product's package does not, so that its own --omit=dev would miss it.
const shipped = asked.includes('--shipped')
  ? new Set(lockedPackages(process.cwd()).flatMap((one) => (one.shipped ? [one.path] : [])))
  : undefined;
const args = ['audit', '--json', ...asked.filter((one) => one !== '--shipped')];
const done = spawnSync('npm', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });

function replyOf(stdout: string): AuditReply {
  try {
    return JSON.parse(stdout);
  } catch {
    return {};
  }
}

const { code, lines } = auditOutcome(replyOf(done.stdout), shipped);
for (const line of lines) (code === 0 ? console.log : console.error)(line);
process.exitCode = code;
