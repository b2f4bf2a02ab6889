// What is asked and told of keys.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { TENANT } from '#auth';

const tenant = z
  .string()
  .regex(TENANT, 'must be 1 to 64 of A-Z a-z 0-9 . _ -')
  .describe('Name of a tenant.')
  .meta({ example: 'north' });
const dataKeyId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be the id of a data key')
  .describe('Id of a data key.')
  .meta({ example: 'kQ2vJ7m0b5l8' });
const masterKeyId = z
  .string()
  .regex(/^[A-Za-z0-9_/:.@-]{1,200}$/, 'must be the id of a master key, as GET /api/admin/keys gives it')
  .describe('Id of a master key.')
  .meta({ example: 'vzbn2yw3' });
const whole = z.number().int().min(0);
const time = z.iso.datetime();

export const keysQuery = z.strictObject({
  tenant: tenant.optional().describe('This tenant alone. Who is no operator sees its own.'),
  cursor: z
    .string()
    .max(400)
    .regex(/^[A-Za-z0-9:._~/@-]+$/, 'must be a cursor, as the page before gave it')
    .optional()
    .describe('Where the page begins, as the page before gave it.'),
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Tenants on a page.'),
});

export class KeysDto extends createZodDto(
  z
    .object({
      sealing: z.boolean().describe('Whether anything is sealed.'),
      provider: z.string().describe('The key service; `none` where nothing is sealed.'),
      masterKeys: z
        .array(
          z.object({
            masterKeyId: z.string(),
            state: z.enum(['current', 'former', 'disabled', 'retired', 'missing']),
            dataKeys: whole.describe('Data keys wrapped under it.'),
          }),
        )
        .describe('Only for operators.'),
      tenants: z.array(
        z.object({
          tenant: z.string(),
          dataKeys: z.array(
            z.object({
              dataKeyId: z.string(),
              masterKeyId: z.string(),
              state: z.enum(['current', 'former']),
              createdAt: time,
              sealings: whole.describe('Sealings reserved under it: no fewer than were done.'),
            }),
          ),
          resealed: z.boolean().describe('Whether former data keys are no longer needed, and may be retired.'),
          shreddedAt: time.nullable(),
        }),
      ),
      cursor: z.string().nullable().describe('Where the next page begins; `null` after the last.'),
    })
    .meta({ id: 'Keys' }),
) {}

export class RotateDto extends createZodDto(
  z
    .strictObject({
      tenant: tenant.optional().describe('Begins a new data key of this tenant. Where absent: of the caller’s.'),
      masterKeyId: masterKeyId
        .optional()
        .describe('Promotes this master key, and wraps all data keys under it. For operators.'),
    })
    .refine(
      (one) => one.tenant === undefined || one.masterKeyId === undefined,
      'must not have both tenant and masterKeyId',
    ),
) {}

export class RotatedDto extends createZodDto(
  z
    .object({
      success: z.literal(true),
      tenant: z.string().optional(),
      dataKeyId: z.string().optional().describe('The new data key.'),
      masterKeyId: z.string().optional().describe('The master key promoted.'),
      rewrapped: whole.optional().describe('Data keys wrapped anew.'),
      left: whole.optional().describe('Data keys that could not be unwrapped, for their master key is not held.'),
    })
    .meta({ id: 'Rotated' }),
) {}

export class RetireDto extends createZodDto(
  z
    .strictObject({
      dataKeyId: dataKeyId.optional().describe('Destroys this former data key.'),
      tenant: tenant.optional().describe('Whose data key it is. Where absent: the caller’s.'),
      masterKeyId: masterKeyId.optional().describe('Takes this former master key out of use. For operators.'),
      force: z.boolean().default(false).describe('Also where data is still sealed under it, which is then lost.'),
    })
    .refine(
      (one) => (one.dataKeyId === undefined) !== (one.masterKeyId === undefined),
      'must have either dataKeyId or masterKeyId',
    )
    .refine(
      (one) => one.masterKeyId === undefined || one.tenant === undefined,
      'must not have both tenant and masterKeyId',
    ),
) {}

export class RetiredDto extends createZodDto(
  z.object({ success: z.literal(true), destroyed: whole.describe('Data keys destroyed.') }).meta({ id: 'Retired' }),
) {}

export class ResealDto extends createZodDto(
  z.strictObject({
    tenant: tenant.optional().describe('This tenant’s alone. Where absent: all tenants’, or the caller’s own.'),
    limit: z.number().int().min(1).max(10_000).default(1000).describe('Entries and documents looked at, about.'),
    restart: z.boolean().default(false).describe('Forgets how far an earlier run came.'),
  }),
) {}

export class ResealedDto extends createZodDto(
  z
    .object({
      done: z.boolean().describe('Whether all is done; else ask again.'),
      seen: whole.describe('Entries and documents looked at in this run.'),
      resealed: whole.describe('Those of them that were sealed anew.'),
      tenantsDone: whole,
      tenantsLeft: whole,
    })
    .meta({ id: 'Resealed' }),
) {}

export const shredParams = z.strictObject({ tenant: tenant.describe('The tenant to shred.') });

export class ShreddedDto extends createZodDto(
  z
    .object({
      receiptId: z.uuid(),
      action: z.literal('tenant.shred'),
      tenant: z.string(),
      at: time,
      destroyed: z.object({
        dataKeys: whole,
        entries: whole.describe('Stored answers that could be read before.'),
        documents: whole,
        collections: whole,
        atLeast: z.boolean().describe('Whether there were more answers than were counted.'),
      }),
      proof: z
        .object({ tried: whole, readable: whole })
        .describe('After the keys were destroyed: what was tried of what is stored, and what of it could be read.'),
      keyId: z.string().describe('Key of the signature: see GET /api/privacy/receipt-keys.'),
      signature: z.string().describe('Ed25519 over the RFC 8785 form of the other members, keyId left out; base64url.'),
    })
    .meta({ id: 'Shredded' }),
) {}
