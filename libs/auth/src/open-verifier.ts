// Makes the verifier that the configuration asks for.
import type { Secret } from '#ports';
import type { AuthConfig } from './auth.section.js';
import { developmentSecret } from './development-secret.js';
import { TokenVerifier } from './token-verifier.js';
import { isAlgorithm, verificationKeys } from './verification-keys.js';

/** The secret of HS256 tokens; outside production one of DATA_DIR's where none is set. `undefined` where HS256 is not allowed and none is set. */
export function signingSecret(
  { secret, algorithms }: Pick<AuthConfig, 'secret' | 'algorithms'>,
  dataDir: string,
): Secret | undefined {
  // In production the section's rule has refused HS256 without JWT_SECRET before this runs.
  return secret ?? (algorithms.includes('HS256') ? developmentSecret(dataDir) : undefined);
}

export function openVerifier(config: AuthConfig, { dataDir }: { dataDir: string }): TokenVerifier {
  const secret = signingSecret(config, dataDir);
  const keys = verificationKeys(config.algorithms.filter(isAlgorithm), {
    ...(secret && { secret }),
    ...(config.publicKey && { publicKey: config.publicKey }),
  });
  return new TokenVerifier({ ...config, keys });
}
