// Looks for a text in the files of a folder, as anybody could who gets hold of the disk.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether the text stands readable anywhere in the folder, as it is or as base64 in any of its three alignments. */
export async function isReadableIn(folder: string, text: string): Promise<boolean> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const contents = await Promise.all(files.map((file) => readFile(file)));
  const inner = [0, 1, 2].map((skip) =>
    Buffer.from('x'.repeat(skip) + text)
      .toString('base64')
      .slice(4, -4),
  );
  return contents.some((bytes) => [text, ...inner].some((form) => bytes.includes(form)));
}
