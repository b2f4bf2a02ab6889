// Says in our codes why jsonwebtoken refused a token.
import jsonwebtoken from 'jsonwebtoken';
import { type Failure, failure, isFailure } from '#ports';

/** jsonwebtoken tells its refusals apart by message alone; the first that matches decides. */
const BY_MESSAGE: ReadonlyArray<readonly [RegExp, 'auth.audience' | 'auth.algorithm' | 'auth.signature']> = [
  [/^jwt (audience|issuer) invalid/, 'auth.audience'],
  [/^invalid algorithm|symmetric key when using/, 'auth.algorithm'],
  [/signature/, 'auth.signature'],
];

/** The failure for whatever verification threw. */
export function tokenFailure(error: unknown): Failure {
  if (isFailure(error)) return error;
  const message = error instanceof Error ? error.message : '';
  // Its own errors say what was expected; others, such as a parser's, quote the token, and are not kept.
  const cause = error instanceof jsonwebtoken.JsonWebTokenError ? { cause: error } : {};
  if (error instanceof jsonwebtoken.TokenExpiredError) return failure('auth.expired', {}, cause);
  if (error instanceof jsonwebtoken.NotBeforeError) return failure('auth.not_yet', {}, cause);
  const claim = /^invalid (exp|nbf) value$/.exec(message)?.[1];
  if (claim) return failure('auth.claims', { claim }, cause);
  const code = BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? 'auth.malformed';
  return failure(code, {}, cause);
}
