// Reaches the server's compiled files. Apps do not import one another: the server composes itself, the command line only names it.
import type { Section } from '#config';
import { failure } from '#ports';

const FOLDER = new URL('../../server/src/', import.meta.url);

/** Starts the server in this process: signals and the exit code are then its own. */
export async function startServer(): Promise<void> {
  await load('main.js');
}

/** Every section that the server reads when it starts. */
export async function serverSections(): Promise<readonly Section[]> {
  const { sections } = (await load('sections.js')) as { sections: readonly Section[] };
  return sections;
}

async function load(name: string): Promise<unknown> {
  const { href } = new URL(name, FOLDER);
  try {
    return await import(href);
  } catch (error) {
    // Another module that is missing is a fault of the installation, and shown as it is.
    if ((error as { url?: string }).url !== href) throw error;
    throw failure('cli.server_not_built', {}, { cause: error });
  }
}
