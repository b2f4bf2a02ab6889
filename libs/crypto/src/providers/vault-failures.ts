// Gives the failures of Vault's transit engine their meaning here. Vault has no codes: its words are all there is.
// https://developer.hashicorp.com/vault/api-docs#http-status-codes; sdk/helper/keysutil/policy.go and builtin/logical/transit
import { failure } from '#ports';
import { type CallSubject, refusalIn, unavailable } from './key-service-calls.js';

const PROVIDER = 'vault';

/** Whether the token may be the reason: Vault answers the same to one that has ended and to one without the right. */
export function isForbidden(error: unknown): boolean {
  return refusalIn(error)?.status === 403;
}

/** Translates a failed call, once. */
export function translated(error: unknown, { operation, masterKeyId }: CallSubject): unknown {
  const refusal = refusalIn(error);
  if (!refusal) return error;
  const { status } = refusal;
  const cause = { cause: error };
  const words = wordsIn(refusal.body);
  if (status === 401 || status === 403) return unauthorised(error, status);
  if (status === 429) return unavailable(PROVIDER, 'throttled', cause);
  // A replica that has not yet heard of what the token was made with. Passing, though not by its status.
  if (status === 412) return unavailable(PROVIDER, 'status 412');
  if (status === 404 || /key not found|policy not found|version is too new/.test(words))
    return failure('crypto.key_unknown', { keyId: masterKeyId }, cause);
  if (/disallowed by policy|less than the minimum encryption|soft deleted/.test(words))
    return failure('crypto.key_disabled', { masterKeyId }, cause);
  // The error of the cipher itself reaches us as 400 or 500, by the version of Vault.
  if (operation === 'unwrap' && (status === 400 || /message authentication failed|unable to decrypt/.test(words)))
    return failure('crypto.unwrap_refused', { provider: PROVIDER }, cause);
  if (status >= 500)
    return unavailable(PROVIDER, status === 503 ? 'sealed or in maintenance' : `status ${status}`, cause);
  const fix = 'Check KEY_SERVICE_OPTIONS: the address of the active node or a balancer, and the mount.';
  return failure('crypto.key_service_refused', { provider: PROVIDER, reason: `it said ${status}`, fix }, cause);
}

function unauthorised(cause: unknown, status: number) {
  const rights = 'read to keys/NAME, update to encrypt/NAME and decrypt/NAME';
  const fix = `It said ${status}. Check the option auth and namespace of KEY_SERVICE_OPTIONS, and the policy: ${rights}.`;
  return failure('crypto.key_service_unauthorised', { provider: PROVIDER, fix }, { cause });
}

/** `{"errors": ["…"]}`; looked at, never shown. */
function wordsIn(body: string): string {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown };
    return Array.isArray(errors) ? errors.join('; ') : '';
  } catch {
    return '';
  }
}
