// What a remote store is given of a document, and what is believed of what it gives back: only what was sealed for its place.
import { announce, type CollectionRef, isFailure, type VectorPoint } from '#ports';
import type { PayloadSealer, SealPlace } from '../payload-sealer.js';

/** `text`: metadata stays readable, so that it can be filtered by. `payload`: that is sealed only. */
export type SealMode = 'text' | 'payload';

/** What is sealed: all of a point but its id and vector. */
export type SealedPayload = Omit<VectorPoint, 'id' | 'vector'>;

type Rejection = 'unsealed' | 'tampered' | 'unknown_key' | 'malformed';

const PURPOSE = 'vector-document';
const VERSION = 1;
/** Stands before the sealed form where the store keeps the text. */
const MARK = 'resk-sealed:1:';

export class SealedPayloads {
  constructor(
    private readonly sealer: PayloadSealer,
    private readonly o: { mode: SealMode; provider: string; now: () => number },
  ) {}

  /**
   * The point as the store gets it. What the store must know to search and to delete is repeated beside the sealed form:
   * end, consent, purposes, subject and time of the ingestion; metadata where they are to be filtered by.
   */
  async seal(ref: CollectionRef, point: VectorPoint): Promise<VectorPoint> {
    const { id, vector, text, ...rest } = point;
    const copy = Float32Array.from(vector); // Before the first `await`: the caller may write into it afterwards.
    const ingestedAt = Math.floor(rest.lineage?.ingestedAt ?? this.o.now());
    const payload = { text, ...rest, lineage: { ...rest.lineage, ingestedAt } };
    const sealed = await this.sealer.seal(encoded(payload), placeOf(ref, id));
    const { metadata, source: _, lineage: __, ...searched } = rest;
    const filtered = this.o.mode === 'text' && metadata ? { metadata } : {};
    return { id, vector: copy, text: written(sealed), ...searched, ...filtered, lineage: { ingestedAt } };
  }

  /** What was sealed for this point; `undefined`, and announced, where that cannot be trusted. */
  async open(ref: CollectionRef, { id, text }: { id: string; text?: string }): Promise<SealedPayload | undefined> {
    const sealed = read(text);
    if (!sealed) return this.rejected('unsealed');
    try {
      return decoded(await this.sealer.open(sealed, placeOf(ref, id))) ?? this.rejected('malformed');
    } catch (error) {
      return this.rejected(rejectionOf(error));
    }
  }

  /** The stored text, sealed under the key of now; `undefined` where it is already, or where it does not open. */
  async resealed(ref: CollectionRef, { id, text }: VectorPoint): Promise<string | undefined> {
    const sealed = read(text);
    const place = placeOf(ref, id);
    try {
      if (!sealed) return this.rejected('unsealed');
      if (await this.sealer.isCurrent(sealed, place)) return undefined;
      return written(await this.sealer.seal(await this.sealer.open(sealed, place), place));
    } catch (error) {
      return this.rejected(rejectionOf(error));
    }
  }

  private rejected(reason: Rejection): undefined {
    announce('vector.rejected', { provider: this.o.provider, reason });
    return undefined;
  }
}

/** Anything but `crypto.unreadable` says nothing about the bytes, and is thrown on. */
function rejectionOf(error: unknown): Rejection {
  if (!isFailure(error, 'crypto.unreadable')) throw error;
  return error.problems?.[0]?.code as Rejection;
}

/** The length before the name keeps `a` + `bc` and `ab` + `c` apart. */
function placeOf({ tenant, collection }: CollectionRef, id: string): SealPlace {
  return { tenant, purpose: PURPOSE, name: `${collection.length}:${collection}${id}` };
}

function written(sealed: Uint8Array): string {
  return MARK + Buffer.from(sealed).toString('base64');
}

function read(text: string | undefined): Uint8Array | undefined {
  return text?.startsWith(MARK) ? Buffer.from(text.slice(MARK.length), 'base64') : undefined;
}

function encoded(payload: object): Uint8Array {
  return Buffer.from(JSON.stringify({ v: VERSION, ...payload }));
}

function decoded(plain: Uint8Array): SealedPayload | undefined {
  try {
    const { v, ...payload } = JSON.parse(Buffer.from(plain).toString('utf8')) as { v: unknown } & SealedPayload;
    return v === VERSION ? payload : undefined;
  } catch {
    return undefined;
  }
}
