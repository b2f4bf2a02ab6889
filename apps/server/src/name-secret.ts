// What names of records are derived from where KEY_NAME_SECRET is not set.
import { type AuthConfig, signingSecret } from '#auth';
import type { CryptoConfig } from '#crypto';
import { failure, type Secret } from '#ports';

/** @throws Failure `boot.failed` where a change of JWT_SECRET would change the names too: what was revoked would not be found again. */
export function nameSecret(
  auth: AuthConfig,
  { keyNameSecret }: Pick<CryptoConfig, 'keyNameSecret'>,
  dataDir: string,
): Secret | undefined {
  if (auth.formerSecrets.length > 0 && !keyNameSecret) throw failure('boot.failed', { reason: UNSETTLED });
  return signingSecret(auth, dataDir);
}

const UNSETTLED =
  'JWT_FORMER_SECRETS is set and KEY_NAME_SECRET is not, so that names would be derived from the new JWT_SECRET, and neither answers nor revocations of before be found. Set KEY_NAME_SECRET to the secret that JWT_SECRET was when the names were first made.';
