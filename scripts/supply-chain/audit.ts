// npm run audit: known vulnerabilities of what is installed. Where the registry has no such data it says so, and is no pass.
import { spawnSync } from 'node:child_process';
import { type AuditReply, auditOutcome } from './audit-outcome.js';

const args = ['audit', '--json', ...process.argv.slice(2)];
const done = spawnSync('npm', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });

function replyOf(stdout: string): AuditReply {
  try {
    return JSON.parse(stdout);
  } catch {
    return {};
  }
}

const { code, lines } = auditOutcome(replyOf(done.stdout));
for (const line of lines) (code === 0 ? console.log : console.error)(line);
process.exitCode = code;
