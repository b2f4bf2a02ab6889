// Who is calling, and what they may do.
export { type AuthConfig, authSection } from './auth.section.js';
export { bearerToken } from './bearer-token.js';
export { type Caller, TENANT } from './caller.js';
export { Callers, lacking, type Shown } from './callers.js';
export { CertificateCallers, type CertificateCallersOptions } from './certificate-callers.js';
export { developmentSecret } from './development-secret.js';
export { IssuerKeys, type IssuerKeysOptions } from './issuer-keys.js';
export { Lockout, type LockoutOptions } from './lockout.js';
export { type LockoutConfig, lockoutSection } from './lockout.section.js';
export { mintToken, type TokenRequest } from './mint-token.js';
export { issuerKeys, openVerifier, signingSecret } from './open-verifier.js';
export type { PeerCertificate } from './peer-certificate.js';
export {
  type RecordNames,
  type Revocation,
  Revocations,
  type RevocationsOptions,
  type Revoked,
} from './revocations.js';
export { isScope, SCOPES, type Scope } from './scopes.js';
export { TokenVerifier, type TokenVerifierOptions } from './token-verifier.js';
export { ALGORITHMS, type Algorithm, type VerificationKeys, verificationKeys } from './verification-keys.js';
