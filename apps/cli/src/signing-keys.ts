// The public keys by which receipts and the audit log are verified: from a file, or of the server.
import { readFile } from 'node:fs/promises';
import { failure } from '#ports';
import type { ApiClient } from './api-client.js';

export interface Jwk {
  kty: string;
  crv: string;
  x: string;
  kid: string;
}

/** Keys of a JSON Web Key Set (RFC 7517 §5): of the file, where one is named, else of the server. */
export async function keysOf(file: string | undefined, client?: ApiClient): Promise<Jwk[]> {
  const set = file === undefined ? await client!.get('/api/privacy/receipt-keys') : await setIn(file);
  const { keys } = (set ?? {}) as { keys?: Jwk[] };
  if (Array.isArray(keys)) return keys;
  throw failure('cli.file_invalid', { file: file ?? 'the reply', row: 1, reason: 'it is not a JSON Web Key Set' });
}

async function setIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw failure('cli.file_unreadable', { file, reason: cause.code ?? 'unknown error' }, { cause });
  });
  try {
    return JSON.parse(text);
  } catch {
    throw failure('cli.file_invalid', { file, row: 1, reason: 'it is not JSON' });
  }
}
