// Who is calling, and what they may do.
export { type AuthConfig, authSection } from './auth.section.js';
export { bearerToken } from './bearer-token.js';
export type { Caller } from './caller.js';
export { developmentSecret } from './development-secret.js';
export { mintToken, type TokenRequest } from './mint-token.js';
export { openVerifier, signingSecret } from './open-verifier.js';
export type { PeerCertificate } from './peer-certificate.js';
export { isScope, SCOPES, type Scope } from './scopes.js';
export { TokenVerifier, type TokenVerifierOptions } from './token-verifier.js';
export { ALGORITHMS, type Algorithm, type VerificationKeys, verificationKeys } from './verification-keys.js';
