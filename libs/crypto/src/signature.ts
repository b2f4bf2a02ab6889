// Verifies Ed25519 signatures of this service, with nothing but its public keys: also far from it, and years later.
import { createPublicKey, verify } from 'node:crypto';

/** A public key as RFC 8037 §2 writes it. */
export interface SigningJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  /** The public key, base64url. */
  x: string;
  /** Thumbprint of the key itself (RFC 7638): a key cannot take another's name. */
  kid: string;
  use: 'sig';
  alg: 'EdDSA';
}

/** Whether the key of that id, one of `jwks`, signed the bytes. Anything that is malformed verifies nothing. */
export function verifySignature(
  jwks: readonly { readonly [Name in 'kty' | 'crv' | 'x' | 'kid']?: unknown }[],
  keyId: string,
  signature: string,
  bytes: Uint8Array,
): boolean {
  const jwk = jwks.find(({ kid }) => kid === keyId);
  if (jwk?.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.x !== 'string') return false;
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x }, format: 'jwk' });
    return verify(null, bytes, key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}
