// What PostgreSQL says, in the words of the port. Translated here, once; no message of the server is passed on, for it may quote data.
import { type Failure, failure, isFailure } from 'resk-caching/ports';

export const PROVIDER = 'pgvector';

type Translation = (code: string, cause: unknown) => Failure;

const unauthorised =
  (fix: string): Translation =>
  (_, cause) =>
    failure('vector.store_unauthorised', { provider: PROVIDER, fix }, { cause });
const refused: Translation = (code, cause) =>
  failure('vector.input_refused', { provider: PROVIDER, reason: `SQLSTATE ${code}` }, { cause });

/**
 * Classes and codes of SQLSTATE, the longest first. What is not listed is a store that does not answer as it should.
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const TABLE: ReadonlyArray<[prefix: string, translation: Translation]> = [
  ['42501', unauthorised('Grant the user the rights to the schema.')],
  ['53100', (_, cause) => failure('vector.quota_exhausted', { provider: PROVIDER, reason: 'disk full' }, { cause })],
  ['22', refused],
  ['28', unauthorised('Check the user of VECTORDB_URL and the password (VECTORDB_API_KEY).')],
  ['54', refused],
];

/** The table of a collection is gone: another instance has dropped it. */
export function isTableAbsent(error: unknown): boolean {
  return codeOf(error) === '42P01';
}

/** A failure of the port for whatever the driver threw. One that is a failure already stays as it is. */
export function translated(error: unknown): Failure {
  if (isFailure(error)) return error;
  const code = codeOf(error);
  const translation = TABLE.find(([prefix]) => code.startsWith(prefix))?.[1];
  if (translation) return translation(code, error);
  return failure('vector.store_unavailable', { provider: PROVIDER, reason: code || 'no connection' }, { cause: error });
}

/** For what keeps the store from being opened at all, and stays so until somebody acts. */
export function notUsable(reason: string, fix: string, cause?: unknown): Failure {
  return failure('vector.store_refused', { provider: PROVIDER, reason, fix }, { cause });
}

/** SQLSTATE, or the code of a system error, e.g. `ECONNREFUSED`. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
