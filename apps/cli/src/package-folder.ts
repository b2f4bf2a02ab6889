// Finds files of the package, from the sources as from dist.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of a file of the package, e.g. `examples/documents.csv`: beside the nearest package.json above this file. */
export function packageFile(name: string): string {
  let folder = new URL('..', import.meta.url);
  while (!existsSync(new URL('package.json', folder)) && folder.pathname !== '/') folder = new URL('..', folder);
  return fileURLToPath(new URL(name, folder));
}
