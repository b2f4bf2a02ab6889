// Bodies and replies of the privacy endpoints.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { DECISIONS } from '#privacy';
import * as field from './fields.js';

const MAX_AGE_SECONDS = 3650 * 86_400;
const count = z.int().min(0).meta({ example: 3 });

export const subjectParams = z.strictObject({ subject: field.subject });

export const exportQuery = z.strictObject({
  cursor: z.string().min(1).max(4096).optional().describe('Where the page begins, as the page before gave it.'),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Items in the page, at most about.'),
});

export class ExportDto extends createZodDto(
  z.object({
    subject: z.string(),
    subjectDigest: z.string().describe('Stands for the subject in the audit log.'),
    items: z.array(
      z.object({
        kind: z.enum(['entry', 'document', 'idempotency']),
        data: z.record(z.string(), z.unknown()).describe('All that is kept, by what it is; see docs/PRIVACY.md.'),
      }),
    ),
    cursor: z.string().nullable().describe('Where the next page begins; null after the last. A page may be empty.'),
  }),
) {}

export class ReceiptDto extends createZodDto(
  z.object({
    receiptId: z.uuid(),
    action: z.literal('privacy.erase'),
    tenant: z.string(),
    subject: z
      .object({ salt: z.string(), digest: z.string() })
      .describe('Who was erased, without a name: HMAC-SHA-256 of the subject under the salt.'),
    at: z.iso.datetime(),
    erased: z.object({ entries: count, documents: count, idempotency: count }),
    keyId: z.string().describe('One of GET /api/privacy/receipt-keys.'),
    signature: z.string().describe('Ed25519, base64url. Check it with: resk receipt verify FILE'),
  }),
) {}

const action = z
  .enum(DECISIONS)
  .describe(
    'store: kept as it is. redact: replaced by its kind. skip: answered, and neither kept nor looked up. refuse: 422.',
  );
const maxAge = z.int().min(1).max(MAX_AGE_SECONDS).describe('Greatest age in seconds.').meta({ example: 2_592_000 });
const kind = z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be a kind of finding, e.g. iban');

const retention = z.strictObject({
  entries: maxAge.optional().describe('Greatest age of cached answers, in seconds.'),
  documents: maxAge.optional().describe('Greatest age of documents, in seconds.'),
  collections: z.record(field.collection, maxAge).optional().describe('By collection; goes before documents.'),
});
const detection = z.strictObject({
  personal: action.optional().describe('What becomes of texts with personal data.'),
  secret: action.optional().describe('What becomes of texts with secrets.'),
  kinds: z.record(kind, action).optional().describe('By kind of finding; goes before its sort.'),
});

export class PolicyDto extends createZodDto(
  z.strictObject({ retention: retention.optional(), detection: detection.optional() }).meta({
    example: { retention: { documents: 31_536_000 }, detection: { secret: 'refuse', kinds: { iban: 'redact' } } },
  }),
) {}

export class PolicyReplyDto extends createZodDto(
  z.object({
    own: z
      .object({ retention, detection })
      .nullable()
      .describe('What the tenant has set; null where it has set nothing.'),
    effective: z.object({ retention, detection }).describe('What holds: what is not set is as the server has it.'),
  }),
) {}

export class JwksDto extends createZodDto(
  z.object({
    keys: z
      .array(z.record(z.string(), z.unknown()))
      .describe('Public keys of signatures, as JSON Web Keys (RFC 8037); former ones stay.'),
  }),
) {}
