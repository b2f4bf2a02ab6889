// Reads a JSON Web Key Set (RFC 7517): each key is pinned to the one algorithm that it may verify, and what fits none is passed over.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Algorithm } from './verification-keys.js';

/** Larger sets are refused whole. */
const MAX_KEYS = 100;
/** OpenSSL's time to verify grows with the square of the modulus and with the length of the exponent. */
const RSA_BITS = { min: 2048, max: 8192 };
const MAX_RSA_EXPONENT = 2n ** 32n;

/** RFC 7517 §4, RFC 7518 §6. A key that also shows its private part (`d`) is no longer anybody's: it does not fit, like `oct` keys. */
const about = {
  kid: z.string().min(1).max(256).optional(),
  use: z.literal('sig').optional(),
  key_ops: z
    .array(z.string())
    .refine((operations) => operations.includes('verify'))
    .optional(),
  d: z.undefined().optional(),
};
const base64url = z.string().regex(/^[A-Za-z0-9_-]{1,2048}$/);
const keySchema = z.discriminatedUnion('kty', [
  z.object({ ...about, kty: z.literal('RSA'), alg: z.literal('RS256').optional(), n: base64url, e: base64url }),
  z.object({
    ...about,
    kty: z.literal('EC'),
    alg: z.literal('ES256').optional(),
    crv: z.literal('P-256'),
    x: base64url,
    y: base64url,
  }),
]);

/** The form of a set; its keys are looked at one by one. */
export const keySetSchema = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });

interface PublishedKey {
  readonly id: string | undefined;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

export class PublishedKeys {
  private constructor(private readonly byContent: ReadonlyMap<string, PublishedKey>) {}

  /** The usable keys of a set. Those that stood in `former` too are the same objects. */
  static from({ keys }: z.infer<typeof keySetSchema>, former?: PublishedKeys): PublishedKeys {
    const found = new Map<string, PublishedKey>();
    for (const one of keys) {
      const { data } = keySchema.safeParse(one);
      if (!data) continue;
      const content = JSON.stringify(data.kty === 'RSA' ? [data.kid, data.n, data.e] : [data.kid, data.x, data.y]);
      const read = former?.byContent.get(content) ?? readKey(data);
      if (read) found.set(content, read);
    }
    return new PublishedKeys(found);
  }

  /** The key of an algorithm with that id. Without an id, the only one of the algorithm; where two answer to it, none. */
  find(algorithm: Algorithm, id: unknown): KeyObject | undefined {
    const fitting = [...this.byContent.values()].filter(
      (one) => one.algorithm === algorithm && (id === undefined || one.id === id),
    );
    return fitting.length === 1 ? fitting[0]!.key : undefined;
  }

  /** Whether every key of these is among those. */
  within(those: PublishedKeys): boolean {
    return [...this.byContent.keys()].every((content) => those.byContent.has(content));
  }

  get size(): number {
    return this.byContent.size;
  }
}

function readKey({ kid: id, ...data }: z.infer<typeof keySchema>): PublishedKey | undefined {
  const { kty } = data;
  // Only the named members: what else stands there is not the key's.
  const jwk = kty === 'RSA' ? { kty, n: data.n, e: data.e } : { kty, crv: data.crv, x: data.x, y: data.y };
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    if (kty === 'EC') return { id, algorithm: 'ES256', key };
    return fits(key) ? { id, algorithm: 'RS256', key } : undefined;
  } catch {
    // Not a point of the curve, or not a number.
    return undefined;
  }
}

function fits({ asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = asymmetricKeyDetails ?? {};
  return bits >= RSA_BITS.min && bits <= RSA_BITS.max && exponent >= 3n && exponent <= MAX_RSA_EXPONENT;
}
