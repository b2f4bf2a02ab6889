// npm run check:pack: every package holds what it must, nothing else, and is not too large.
import { compileClient } from './compile-client.js';
import { POLICIES, pack, packProblems } from './packing.js';

const root = process.cwd();
compileClient(root);
const problems: string[] = [];
for (const policy of POLICIES) {
  const packed = pack(root, policy.folder);
  problems.push(...packProblems(policy, packed));
  const mebibytes = (packed.unpackedSize / 1024 ** 2).toFixed(1);
  console.log(`${packed.name}@${packed.version}: ${packed.files.length} files, ${mebibytes} MiB unpacked`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
