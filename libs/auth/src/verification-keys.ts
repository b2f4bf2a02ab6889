// One key for each algorithm that is allowed, so that a token can never choose a key of another kind.
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { Secret } from '#ports';
import { type KeyRing, SecretRing } from './key-ring.js';

export const ALGORITHMS = ['HS256', 'RS256', 'ES256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** The key of each algorithm, or the ring of its keys. */
export type VerificationKeys = ReadonlyMap<Algorithm, KeyObject | KeyRing>;

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g;
const PUBLIC_LABELS = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'];
const MIN_RSA_BITS = 2048;

export function isAlgorithm(name: string): name is Algorithm {
  return (ALGORITHMS as readonly string[]).includes(name);
}

export interface KeySources {
  secret?: Secret | undefined;
  /** Believed beside `secret`. */
  formerSecrets?: readonly Secret[];
  publicKey?: Secret | undefined;
  /** Has the keys of RS256 and ES256 where there is no `publicKey`. */
  issuer?: { of(algorithm: Algorithm): KeyRing } | undefined;
}

/** Throws an `Error` that completes "JWT_PUBLIC_KEY …" where an algorithm has no key. */
export function verificationKeys(algorithms: readonly Algorithm[], sources: KeySources): VerificationKeys {
  const published = sources.publicKey ? publicKeys(sources.publicKey) : new Map<Algorithm, KeyObject>();
  const known = new Map<Algorithm, KeyObject | KeyRing>(published);
  if (sources.secret) known.set('HS256', secretKeys(sources.secret, sources.formerSecrets ?? []));
  return new Map(
    algorithms.map((algorithm) => {
      const key = known.get(algorithm) ?? (algorithm === 'HS256' ? undefined : sources.issuer?.of(algorithm));
      if (!key) throw new Error(`must hold a key for ${algorithm}, which JWT_ALGORITHMS allows`);
      return [algorithm, key];
    }),
  );
}

function secretKeys(secret: Secret, former: readonly Secret[]): KeyObject | KeyRing {
  const key = (one: Secret) => createSecretKey(one.reveal(), 'utf8');
  return former.length === 0 ? key(secret) : new SecretRing(key(secret), former.map(key));
}

/** Reads PEM, one public key for each algorithm; `\n` written out counts as a line break. */
export function publicKeys(pem: Secret): Map<Algorithm, KeyObject> {
  const blocks = [...pem.reveal().replaceAll('\\n', '\n').matchAll(PEM_BLOCK)];
  if (blocks.length === 0) throw new Error('must be a public key in PEM');
  const found = new Map<Algorithm, KeyObject>();
  for (const [block, label] of blocks) {
    if (!PUBLIC_LABELS.includes(label!))
      throw new Error(`must hold public keys only; it holds a ${label!.toLowerCase()}`);
    const key = readPublicKey(block);
    const algorithm = algorithmOf(key);
    if (found.has(algorithm)) throw new Error(`must hold one key for ${algorithm}; it holds more`);
    found.set(algorithm, key);
  }
  return found;
}

function readPublicKey(block: string): KeyObject {
  try {
    return createPublicKey(block);
  } catch (cause) {
    throw new Error('holds a PEM block that is not a key', { cause });
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): Algorithm {
  if (asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS) return 'RS256';
  if (asymmetricKeyType === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256';
  throw new Error(`must hold RSA keys of at least ${MIN_RSA_BITS} bits (RS256) or P-256 keys (ES256)`);
}
