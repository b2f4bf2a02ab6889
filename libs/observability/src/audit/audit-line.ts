// One line of the audit log, version 1: a JSON object whose hash covers everything in it and the hash of the line before.
import { createHash } from 'node:crypto';
import type { AuditEvent } from '#ports';

/** What the first line follows. */
export const GENESIS = '0'.repeat(64);

/** What is hashed: the event, numbered, dated, and linked to the line before. */
export interface AuditBody extends AuditEvent {
  v: 1;
  /** From 1, without gaps. */
  n: number;
  /** ISO 8601 UTC. */
  at: string;
  /** `hash` of the line before. */
  prev: string;
}

export interface AuditLine extends AuditBody {
  /** SHA-256 over `canonicalBody`, in hex. */
  hash: string;
  /** The key that signed the hash, and its Ed25519 signature in base64url. */
  keyId?: string;
  signature?: string;
}

/** The fields that are hashed, in the order in which they are. A version has its own list for ever. */
const HASHED = [
  'v',
  'n',
  'at',
  'prev',
  'action',
  'outcome',
  'tenant',
  'actor',
  'target',
  'code',
  'address',
  'correlationId',
] as const satisfies readonly (keyof AuditBody)[];

/** The body as text: a JSON array of the fields in their order, `null` for an absent one, then the facts sorted by name. */
export function canonicalBody(body: AuditBody): string {
  const facts = Object.entries(body.facts ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([...HASHED.map((name) => body[name] ?? null), facts]);
}

export function hashOf(body: AuditBody): string {
  return createHash('sha256').update(canonicalBody(body)).digest('hex');
}

/** Reads a line; `undefined` for what is none. */
export function parseAuditLine(text: string): AuditLine | undefined {
  try {
    const line = JSON.parse(text) as AuditLine;
    const whole = typeof line === 'object' && line !== null && line.v === 1 && Number.isSafeInteger(line.n);
    return whole && typeof line.hash === 'string' && typeof line.prev === 'string' ? line : undefined;
  } catch {
    return undefined;
  }
}
