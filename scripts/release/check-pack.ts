// npm run check:pack: every package holds what it must, nothing else, and is not too large.
import { rmSync } from 'node:fs';
import { POLICIES, type Policy, pack, packProblems } from './packing.js';
import { stagedClient } from './staged-client.js';

function check(policy: Policy, folder: string): string[] {
  const packed = pack(folder);
  const mebibytes = (packed.unpackedSize / 1024 ** 2).toFixed(1);
  console.log(`${packed.name}@${packed.version}: ${packed.files.length} files, ${mebibytes} MiB unpacked`);
  return packProblems(policy, packed);
}

const root = process.cwd();
const client = stagedClient(root);
try {
  const problems = [...check(POLICIES.product, root), ...check(POLICIES.client, client)];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  rmSync(client, { recursive: true, force: true });
}
