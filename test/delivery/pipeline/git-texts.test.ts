// The texts that are looked through for secrets are files of the repository itself: no link leads out of it.
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { presentTexts } from '../../../scripts/supply-chain/git-texts.js';
import { git, put, scratch } from './scratch.js';

test('links are not followed, to a folder or to a file, and what was removed is not read', () => {
  const folder = scratch({ 'real/a.txt': 'a', 'gone.txt': 'b' });
  git(folder, 'init', '-q');
  git(folder, 'add', '-A');
  git(folder, 'commit', '-q', '-m', 'files');
  rmSync(join(folder, 'gone.txt'));
  put(folder, { 'new.txt': 'c' });
  const elsewhere = scratch({ 'd.txt': 'd' });
  symlinkSync(join(folder, 'real'), join(folder, 'to-folder'));
  symlinkSync(join(elsewhere, 'd.txt'), join(folder, 'to-file'));
  symlinkSync('nowhere', join(folder, 'to-nothing'));
  expect([...presentTexts(folder)]).toEqual([
    { at: 'new.txt', content: 'c' },
    { at: 'real/a.txt', content: 'a' },
  ]);
});
