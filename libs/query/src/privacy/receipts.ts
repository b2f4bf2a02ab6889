// Receipts of erasure: what was erased, how many and when, signed, so that anybody can check one who has the public keys.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { type Signed, Signer, signReceipt, verifyReceipt } from '#crypto';

/** How much was erased, by what it was. */
export interface ErasedCounts {
  entries: number;
  documents: number;
  idempotency: number;
}

export interface Receipt extends Signed {
  receiptId: string;
  action: 'privacy.erase';
  tenant: string;
  /** Who was erased, without naming them: HMAC-SHA-256 of the subject under the salt; both in base64url. */
  subject: { salt: string; digest: string };
  /** When the erasure was complete. ISO 8601 UTC. */
  at: string;
  erased: ErasedCounts;
}

export class Receipts {
  constructor(private readonly signer: Signer) {}

  /** Fails as the records or the key service fail. */
  async issue(tenant: string, subject: string, erased: ErasedCounts, now: number): Promise<Receipt> {
    const salt = randomBytes(16).toString('base64url');
    return signReceipt(this.signer, {
      receiptId: randomUUID(),
      action: 'privacy.erase' as const,
      tenant,
      subject: { salt, digest: digestOf(subject, salt) },
      at: new Date(now).toISOString(),
      erased,
    });
  }
}

export type ReceiptProblem = 'malformed' | 'unknown_key' | 'altered' | 'other_subject';

/** What is wrong with a receipt of this service, of whatever act; or `undefined`. With a subject, also whether it is that one's. */
export function receiptProblem(
  receipt: unknown,
  keys: Parameters<typeof verifyReceipt>[0],
  subject?: string,
): ReceiptProblem | undefined {
  if (!isReceipt(receipt)) return 'malformed';
  if (!keys.some(({ kid }) => kid === receipt.keyId)) return 'unknown_key';
  if (!verifyReceipt(keys, receipt)) return 'altered';
  return subject === undefined || isAbout(receipt, subject) ? undefined : 'other_subject';
}

function isAbout({ subject: told }: AnyReceipt, subject: string): boolean {
  return typeof told?.salt === 'string' && digestOf(subject, told.salt) === told.digest;
}

function digestOf(subject: string, salt: string): string {
  return createHmac('sha256', Buffer.from(salt, 'base64url')).update(subject).digest('base64url');
}

const TEXTS = ['receiptId', 'action', 'tenant', 'at', 'keyId', 'signature'] as const;

type AnyReceipt = Record<(typeof TEXTS)[number], string> & { subject?: Partial<Receipt['subject']> | null };

function isReceipt(value: unknown): value is AnyReceipt {
  if (typeof value !== 'object' || value === null) return false;
  return TEXTS.every((name) => typeof (value as Record<string, unknown>)[name] === 'string');
}
