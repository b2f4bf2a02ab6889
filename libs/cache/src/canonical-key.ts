// Gives a question its name: all that an answer depends on, each part length-prefixed, under a keyed hash.
import canonicalize from 'canonicalize';
import type { KeyNames } from '#crypto';
import type { JsonObject } from '#ports';
import { type KeyProfile, normalise } from './normalise.js';

export interface KeyParts {
  tenant: string;
  query: string;
  /** BCP 47; case does not count (RFC 5646 §2.1.1). */
  language?: string | undefined;
  model?: string | undefined;
  /** Parameters that shape the answer, e.g. `{ temperature: 0 }`. The order of names does not count (RFC 8785). */
  params?: JsonObject | undefined;
  /** Options of the vector search that shape the answer, e.g. `{ k: 5 }`. */
  retrieval?: JsonObject | undefined;
}

/** Changes when the same parts would get another name; entries under the former names are then never found again. */
const VERSION = 'resk-key-1';
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The name of the entry that answers these parts: 43 characters of base64url. Two sets of parts share a name only when
 * each part is equal after normalisation; an absent part differs from an empty one. Nothing of the text can be read
 * from the name without the secret of `names`.
 */
export function canonicalKey(parts: KeyParts, names: KeyNames, profile: KeyProfile = 'standard'): string {
  return names.name(
    `${VERSION} ${profile} ` +
      framed(parts.tenant) +
      framed(normalise(parts.query, profile)) +
      framed(parts.language?.toLowerCase()) +
      framed(parts.model) +
      framed(parts.params && canonicalize(parts.params)) +
      framed(parts.retrieval && canonicalize(parts.retrieval)),
  );
}

/** A part with its length before it, so that no two sequences of parts are written alike. */
export function framed(part: string | undefined): string {
  if (part === undefined) return '-';
  // Encoding as UTF-8 would make all lone surrogates one character: such a text is spelt in its code units instead.
  if (LONE_SURROGATE.test(part)) return `u${framed(Buffer.from(part, 'utf16le').toString('hex'))}`;
  return `${part.length}:${part}`;
}
