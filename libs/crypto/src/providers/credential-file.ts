// Reads what another program keeps in a file: a token, or the key of a service account.
import { readFile } from 'node:fs/promises';
import { failure } from '#ports';

const MAX_CHARACTERS = 65_536;

/** The text without white space around it. @throws Failure `crypto.key_service_refused` naming the option, not the path. */
export async function credentialFile(path: string, { provider, option }: { provider: string; option: string }) {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw unusable(`cannot be read (${cause.code})`);
  });
  const trimmed = text.trim();
  if (trimmed === '') throw unusable('is empty');
  if (trimmed.length > MAX_CHARACTERS) throw unusable('is too long');
  return trimmed;

  function unusable(reason: string) {
    const fix = `Check the option ${option} of KEY_SERVICE_OPTIONS, and the rights to the file.`;
    return failure('crypto.key_service_refused', { provider, reason: `the file of ${option} ${reason}`, fix });
  }
}
