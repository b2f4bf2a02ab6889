// Builds every libs/**/*.wat into the .wasm beside it. The results are checked in, so that users need no compiler.
import { glob, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const root = fileURLToPath(new URL('..', import.meta.url));
const features = { threads: true, simd: true };

/** The bytes of a module in WebAssembly text. The same text gives the same bytes. */
export async function assemble(wat, name) {
  const { parseWat } = await wabt();
  const parsed = parseWat(name, wat, features);
  parsed.validate(features);
  return Buffer.from(parsed.toBinary({}).buffer);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for await (const path of glob('libs/**/*.wat', { cwd: root })) {
    const wasm = path.replace(/\.wat$/, '.wasm');
    await writeFile(join(root, wasm), await assemble(await readFile(join(root, path), 'utf8'), path));
    console.log(`${path} -> ${wasm}`);
  }
}
