// Receipts of erasure: what was erased, how many and when, signed, so that anybody can check one who has the public keys.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import canonicalize from 'canonicalize';
import { verifySignature } from '#crypto';

/** How much was erased, by what it was. */
export interface ErasedCounts {
  entries: number;
  documents: number;
  idempotency: number;
}

export interface Receipt {
  version: 1;
  receiptId: string;
  tenant: string;
  /** Who was erased, without naming them: HMAC-SHA-256 of the subject under the salt; both in base64url. */
  subject: { salt: string; digest: string };
  /** When the erasure was complete. ISO 8601 UTC. */
  at: string;
  erased: ErasedCounts;
  /** The key that signed, as `GET /api/privacy/receipt-keys` lists it. */
  keyId: string;
  /** Ed25519, base64url. */
  signature: string;
}

export interface ReceiptSigner {
  sign(bytes: Uint8Array): Promise<{ keyId: string; signature: string }>;
}

/** Keeps a signature of a receipt from passing for a signature of anything else. */
const PURPOSE = 'resk-caching erasure receipt v1\n';

export class Receipts {
  constructor(private readonly signer: ReceiptSigner) {}

  async issue(tenant: string, subject: string, erased: ErasedCounts, now: number): Promise<Receipt> {
    const salt = randomBytes(16).toString('base64url');
    const body = {
      version: 1 as const,
      receiptId: randomUUID(),
      tenant,
      subject: { salt, digest: digestOf(subject, salt) },
      at: new Date(now).toISOString(),
      erased,
    };
    return { ...body, ...(await this.signer.sign(bytesOf(body))) };
  }
}

export type ReceiptProblem = 'malformed' | 'unknown_key' | 'altered' | 'other_subject';

/** What is wrong with a receipt, or `undefined`. With a subject, also whether it is that one's. */
export function receiptProblem(
  receipt: unknown,
  keys: Parameters<typeof verifySignature>[0],
  subject?: string,
): ReceiptProblem | undefined {
  if (!isReceipt(receipt)) return 'malformed';
  const { keyId, signature, ...body } = receipt;
  if (!keys.some(({ kid }) => kid === keyId)) return 'unknown_key';
  if (!verifySignature(keys, keyId, signature, bytesOf(body))) return 'altered';
  const { salt, digest } = body.subject;
  return subject === undefined || digestOf(subject, salt) === digest ? undefined : 'other_subject';
}

/** Every member is signed, those of later versions too. RFC 8785. */
function bytesOf(body: Omit<Receipt, 'keyId' | 'signature'>): Uint8Array {
  return Buffer.from(PURPOSE + canonicalize(body));
}

function digestOf(subject: string, salt: string): string {
  return createHmac('sha256', Buffer.from(salt, 'base64url')).update(subject).digest('base64url');
}

function isReceipt(value: unknown): value is Receipt {
  if (!isRecord(value) || !isRecord(value.subject) || !isRecord(value.erased)) return false;
  const texts = [
    value.receiptId,
    value.tenant,
    value.at,
    value.keyId,
    value.signature,
    value.subject.salt,
    value.subject.digest,
  ];
  return value.version === 1 && texts.every((one) => typeof one === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
