// The kernel that is checked in is the one that its source gives.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
// @ts-expect-error A script without types.
import { assemble } from '../../../scripts/build-wasm.mjs';

const kernel = new URL('../src/providers/embedded/kernel', import.meta.url);

test('building the kernel from its source gives the bytes that are checked in', async () => {
  const built = await assemble(await readFile(`${kernel.pathname}.wat`, 'utf8'), 'kernel.wat');
  const checkedIn = await readFile(`${kernel.pathname}.wasm`);
  expect(Buffer.compare(built, checkedIn)).toBe(0);
});
