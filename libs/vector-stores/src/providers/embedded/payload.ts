// What is kept of a point besides vector and id: sealed for its place, and opened only there.
import { announce, isFailure, type JsonObject, type Lineage, type VectorPoint } from '#ports';
import type { PayloadSealer, SealPlace } from '../../payload-sealer.js';
import type { CollectionRow } from './collection-table.js';
import type { PointDraft, PointRow } from './point-table.js';

const PURPOSE = 'vector-payload';
const VERSION = 2;
/** Version 1 lacked purposes and lineage. */
const READABLE = new Set<unknown>([1, VERSION]);

/** The sealed part. Columns beside it repeat what searching needs to know; these here are believed. */
export type Payload = Omit<VectorPoint, 'id' | 'vector'>;

type Rejection = 'unsealed' | 'tampered' | 'unknown_key' | 'malformed';

/** Why a payload is not served. Where the key may come back, the point stays in the file. */
export interface Rejected {
  rejected: Rejection;
}

export class Payloads {
  constructor(
    private readonly sealer: PayloadSealer,
    private readonly provider: string,
    private readonly now: () => number,
  ) {}

  /** A draft of the point for the table. */
  async seal(collection: CollectionRow, point: VectorPoint): Promise<PointDraft> {
    const { id, vector, consent = true, purposes } = point;
    const expiresAt = point.expiresAt && Math.ceil(point.expiresAt);
    const { ingestRun, provider, model, version, normalised, ingestedAt = this.now() } = point.lineage ?? {};
    const lineage = { ingestRun, provider, model, version, normalised, ingestedAt: Math.floor(ingestedAt) };
    const plain = encode({ ...point, expiresAt, consent, lineage });
    const payload = await this.sealer.seal(plain, placeOf(collection, id));
    return { id, vector, expiresAt, consent, purposed: !!purposes, ingestedAt: lineage.ingestedAt, payload };
  }

  /** The payload under the key of now; `undefined` where it is already, or where it does not open. */
  async resealed(collection: CollectionRow, row: PointRow): Promise<Uint8Array | undefined> {
    const at = placeOf(collection, row.id);
    try {
      if (await this.sealer.isCurrent(row.payload, at)) return undefined;
      return await this.sealer.seal(await this.sealer.open(row.payload, at), at);
    } catch (error) {
      this.announce(rejectionOf(error));
      return undefined;
    }
  }

  /** What was sealed for this point; or why it cannot be trusted, which is announced. */
  async open(collection: CollectionRow, row: PointRow): Promise<Payload | Rejected> {
    const found = await this.tryOpen(collection, row);
    if (isRejected(found)) this.announce(found.rejected);
    return found;
  }

  private async tryOpen(collection: CollectionRow, row: PointRow): Promise<Payload | Rejected> {
    try {
      const payload = decode(await this.sealer.open(row.payload, placeOf(collection, row.id)));
      if (!payload) return { rejected: 'malformed' };
      return isRepeated(payload, row) ? payload : { rejected: 'tampered' };
    } catch (error) {
      return { rejected: rejectionOf(error) };
    }
  }

  private announce(reason: Rejection): void {
    announce('vector.rejected', { provider: this.provider, reason });
  }
}

/** Anything but `crypto.unreadable` says nothing about the bytes, and is thrown on. */
function rejectionOf(error: unknown): Rejection {
  if (!isFailure(error, 'crypto.unreadable')) throw error;
  return error.problems?.[0]?.code as Rejection;
}

export function isRejected(found: Payload | Rejected): found is Rejected {
  return 'rejected' in found;
}

/** The length before the name keeps `a` + `bc` and `ab` + `c` apart. */
function placeOf({ tenant, name }: CollectionRow, id: string): SealPlace {
  return { tenant, purpose: PURPOSE, name: `${name.length}:${name}${id}` };
}

/** What is encoded: names that are there, but undefined, are left out. */
type Draft = { [K in keyof Omit<Payload, 'lineage'>]: Payload[K] | undefined } & {
  lineage: { [K in keyof Lineage]: Lineage[K] | undefined };
};

/** JSON in UTF-8 with names in this order. */
function encode(payload: Draft): Uint8Array {
  const { text, metadata, subject, source, expiresAt, consent, purposes, lineage } = payload;
  return Buffer.from(
    JSON.stringify({ v: VERSION, text, metadata, subject, source, expiresAt, consent, purposes, lineage }),
  );
}

/** Whether the columns say what was sealed. What version 1 did not seal is taken from them. */
function isRepeated({ expiresAt, consent, purposes, lineage }: Payload, row: PointRow): boolean {
  const { ingestedAt = row.ingestedAt } = lineage ?? {};
  const ends = expiresAt === row.expiresAt && ingestedAt === row.ingestedAt;
  return ends && consent === row.consent && !!purposes === row.purposed;
}

function decode(bytes: Uint8Array): Payload | undefined {
  try {
    const { v, ...payload } = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    ) as {
      v: number;
    } & Payload;
    return READABLE.has(v) ? payload : undefined;
  } catch {
    return undefined;
  }
}

export function metadataOf(payload: Payload): JsonObject {
  return payload.metadata ?? {};
}
