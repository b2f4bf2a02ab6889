// What Redis says, in the words of the port. Translated here, once; no message of the server is passed on, for it may quote data.
import { type Failure, failure, isFailure } from 'resk-caching/ports';

export const PROVIDER = 'redis-vector-sets';

/** What a script answers where the collection is not the one that was expected. */
export const CHANGED = 'RESKCHANGED';

const unauthorised = 'Check the user of VECTORDB_URL, the password (VECTORDB_API_KEY) and the rights of the user.';

/**
 * First words of error replies. What is not listed is a server that does not answer as it should (LOADING, READONLY,
 * MISCONF, BUSY, …). https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
const UNAUTHORISED = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM']);

/** A failure of the port for whatever the client threw. One that is a failure already stays as it is. */
export function translated(error: unknown): Failure {
  if (isFailure(error)) return error;
  const word = wordOf(error);
  const facts = { provider: PROVIDER, reason: word || 'no connection' };
  // A password for a user that has none is an ERR like any other, but for its next word.
  if (UNAUTHORISED.has(word) || /^ERR AUTH /.test(String((error as Error)?.message))) {
    return failure('vector.store_unauthorised', { provider: PROVIDER, fix: unauthorised }, { cause: error });
  }
  if (word === 'OOM')
    return failure('vector.quota_exhausted', { ...facts, reason: 'maxmemory reached' }, { cause: error });
  if (word === 'ERR') return failure('vector.input_refused', facts, { cause: error });
  return failure('vector.store_unavailable', facts, { cause: error });
}

/** For what keeps the store from being opened at all, and stays so until somebody acts. */
export function notUsable(reason: string, fix: string): Failure {
  return failure('vector.store_refused', { provider: PROVIDER, reason, fix });
}

/** Whether a call failed because its collection was dropped or made anew meanwhile. */
export function isChanged(error: unknown): boolean {
  return wordOf((error as Error | undefined)?.cause) === CHANGED;
}

/** The first word of an error reply, or the code of a system error, e.g. `ECONNREFUSED`. */
export function wordOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return code;
  return /^(?:-)?([A-Z]{2,})(?= |$)/.exec(String(message))?.[1] ?? '';
}
