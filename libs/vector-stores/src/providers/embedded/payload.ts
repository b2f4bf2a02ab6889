// What is kept of a point besides vector and id: sealed for its place, and opened only there.
import { announce, isFailure, type JsonObject, type VectorPoint } from '#ports';
import type { PayloadSealer, SealPlace } from '../../payload-sealer.js';
import type { CollectionRow } from './collection-table.js';
import type { PointDraft, PointRow } from './point-table.js';

const PURPOSE = 'vector-payload';
const VERSION = 1;

/** The sealed part. The columns beside it repeat `expiresAt` and `consent` for searching; these here are believed. */
export type Payload = Pick<VectorPoint, 'text' | 'metadata' | 'subject' | 'source' | 'expiresAt' | 'consent'>;

type Rejection = 'unsealed' | 'tampered' | 'unknown_key' | 'malformed';

/** Why a payload is not served. Where the key may come back, the point stays in the file. */
export interface Rejected {
  rejected: Rejection;
}

export class Payloads {
  constructor(
    private readonly sealer: PayloadSealer,
    private readonly provider: string,
  ) {}

  /** A draft of the point for the table, with a copy of its vector. */
  async seal(collection: CollectionRow, point: VectorPoint): Promise<PointDraft> {
    const { id, vector, expiresAt, consent = true } = point;
    const kept = { vector: Float32Array.from(vector), expiresAt: expiresAt && Math.ceil(expiresAt), consent };
    const payload = await this.sealer.seal(encode({ ...point, ...kept }), placeOf(collection, id));
    return { id, ...kept, payload };
  }

  /** What was sealed for this point; or why it cannot be trusted, which is announced. */
  async open(collection: CollectionRow, row: PointRow): Promise<Payload | Rejected> {
    const found = await this.tryOpen(collection, row);
    if ('rejected' in found) announce('vector.rejected', { provider: this.provider, reason: found.rejected });
    return found;
  }

  private async tryOpen(collection: CollectionRow, row: PointRow): Promise<Payload | Rejected> {
    try {
      const payload = decode(await this.sealer.open(row.payload, placeOf(collection, row.id)));
      if (!payload) return { rejected: 'malformed' };
      const same = payload.expiresAt === row.expiresAt && payload.consent === row.consent;
      return same ? payload : { rejected: 'tampered' };
    } catch (error) {
      if (!isFailure(error, 'crypto.unreadable')) throw error;
      return { rejected: error.facts.reason as Rejection };
    }
  }
}

export function isRejected(found: Payload | Rejected): found is Rejected {
  return 'rejected' in found;
}

/** The length before the name keeps `a` + `bc` and `ab` + `c` apart. */
function placeOf({ tenant, name }: CollectionRow, id: string): SealPlace {
  return { tenant, purpose: PURPOSE, name: `${name.length}:${name}${id}` };
}

/** JSON in UTF-8 with names in this order. */
export function encode({ text, metadata, subject, source, expiresAt, consent }: Payload): Uint8Array {
  return Buffer.from(JSON.stringify({ v: VERSION, text, metadata, subject, source, expiresAt, consent }));
}

function decode(bytes: Uint8Array): Payload | undefined {
  try {
    const { v, ...payload } = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    ) as {
      v: number;
    } & Payload;
    return v === VERSION ? payload : undefined;
  } catch {
    return undefined;
  }
}

export function metadataOf(payload: Payload): JsonObject {
  return payload.metadata ?? {};
}
