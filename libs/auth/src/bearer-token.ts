// Takes the token out of an Authorization header (RFC 6750 §2.1).
import { failure } from '#ports';

const SCHEME = 'bearer ';
const MAX_TOKEN_CHARACTERS = 8192;

/** Fails with `auth.missing` where no bearer token is offered, `auth.malformed` where it is not exactly one of at most 8 KiB. */
export function bearerToken(header: string | undefined): string {
  if (header === undefined || header.slice(0, SCHEME.length).toLowerCase() !== SCHEME)
    throw failure('auth.missing', {});
  const token = header.slice(SCHEME.length).trim();
  if (token === '') throw failure('auth.missing', {});
  if (token.length > MAX_TOKEN_CHARACTERS || /\s/.test(token)) throw failure('auth.malformed', {});
  return token;
}
