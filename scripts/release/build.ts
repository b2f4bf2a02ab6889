// npm run release:build [-- --repository URL]: makes what a release hands out, in release/; nothing leaves this machine.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chart, checksums, emptied, packages, pythonClient, run } from './artifacts.js';

const { values } = parseArgs({
  options: { repository: { type: 'string' }, out: { type: 'string', default: 'release' } },
});
const root = process.cwd();
try {
  const out = emptied(values.out);
  packages(root, out, values.repository);
  chart(root, out);
  pythonClient(root, out);
  cpSync(join(root, 'docs/openapi.json'), join(out, 'openapi.json'));
  run(
    root,
    process.execPath,
    join(import.meta.dirname, '../supply-chain/sbom.js'),
    '--out',
    join(out, 'sbom.cdx.json'),
  );
  console.log(checksums(out));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
