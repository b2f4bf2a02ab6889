// A receipt: a JSON object signed over its canonical form (RFC 8785), so that whoever holds it can prove what it says.
import canonicalize from 'canonicalize';
import { verifySignature } from './signature.js';
import type { Signer } from './signer.js';

/** What a receipt carries beside what it says. */
export interface Signed {
  /** Id of the key: a thumbprint, among the public keys of the service. */
  keyId: string;
  /** Ed25519 over the UTF-8 of the canonical form of all other members, `keyId` left out. Base64url. */
  signature: string;
}

/** Fails as `Signer.sign`. */
export async function signReceipt<Body extends object>(signer: Signer, body: Body): Promise<Body & Signed> {
  return { ...body, ...(await signer.sign(canonicalBytes(body))) };
}

/** Whether one of the public keys signed exactly this receipt. Anything that is no receipt is not. */
export function verifyReceipt(jwks: Parameters<typeof verifySignature>[0], receipt: unknown): boolean {
  if (typeof receipt !== 'object' || receipt === null) return false;
  const { keyId, signature, ...body } = receipt as Partial<Signed>;
  if (typeof keyId !== 'string' || typeof signature !== 'string') return false;
  return verifySignature(jwks, keyId, signature, canonicalBytes(body));
}

function canonicalBytes(body: object): Uint8Array {
  return Buffer.from(canonicalize(body) ?? '');
}
