// Reads the header Idempotency-Key: https://www.ietf.org/archive/id/draft-ietf-httpapi-idempotency-key-header-07.html
import { failure } from '#ports';

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;
/** RFC 8941 §3.3.3, without escapes. */
const QUOTED = /^"([^"\\]+)"$/;

/** The key; in quotes, as the draft has it, and without, as most clients send it, it is the same. @throws Failure `idempotency.key_invalid` */
export function idempotencyKey(header: string | string[]): string {
  // A header that was sent twice holds a blank by now, and a list is none of a client's.
  if (typeof header !== 'string' || !VISIBLE_ASCII.test(header)) throw failure('idempotency.key_invalid', {});
  return QUOTED.exec(header)?.[1] ?? header;
}
