// Makes the verifier that the configuration asks for.
import type { Secret } from '#ports';
import type { AuthConfig } from './auth.section.js';
import type { Caller } from './caller.js';
import { developmentSecret } from './development-secret.js';
import { IssuerDocuments, type KeySetPlace } from './issuer-documents.js';
import { IssuerKeys } from './issuer-keys.js';
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

/** The keys that the issuer publishes, where tokens are verified with those. To be opened and closed. */
export function issuerKeys(config: AuthConfig, { now }: { now?: () => number } = {}): IssuerKeys | undefined {
  const place = keySetPlace(config);
  if (!place) return undefined;
  return new IssuerKeys({
    documents: new IssuerDocuments(place, config.jwksTimeoutMs),
    refreshMs: config.jwksRefreshMs,
    maxAgeMs: config.jwksMaxAgeMs,
    backoffMs: config.jwksBackoffMs,
    ...(now && { now }),
  });
}

export interface OpenVerifierOptions {
  dataDir: string;
  /** `issuerKeys(config)`. */
  issuer?: IssuerKeys | undefined;
  /** Looks at every caller whose token was verified. */
  check?: (caller: Caller) => void;
}

export function openVerifier(config: AuthConfig, { dataDir, issuer, check }: OpenVerifierOptions): TokenVerifier {
  const { formerSecrets, publicKey } = config;
  const sources = { secret: signingSecret(config, dataDir), formerSecrets, publicKey, issuer };
  const keys = verificationKeys(config.algorithms.filter(isAlgorithm), sources);
  const { audience, issuer: issuers, clockToleranceMs, maxLifetimeMs, maxRemembered } = config;
  const { tenantClaim, operatorTenant, routeAudiences } = config;
  const limits = { audience, issuer: issuers, clockToleranceMs, maxLifetimeMs, maxRemembered };
  const verifier = new TokenVerifier({
    ...limits,
    keys,
    tenantClaim,
    operatorTenant,
    routeAudiences,
    ...(check && { check }),
  });
  issuer?.whenRemoved(() => verifier.forget());
  return verifier;
}

function keySetPlace({ jwksUrl, discovery, issuer: [issuer] }: AuthConfig): KeySetPlace | undefined {
  if (jwksUrl !== undefined) return { url: jwksUrl };
  return discovery && issuer !== undefined ? { issuer } : undefined;
}
