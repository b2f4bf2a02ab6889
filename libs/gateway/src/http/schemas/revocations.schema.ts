// What is asked and told of revoked tokens.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { TENANT } from '#auth';

const id = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'must be the id of a revocation, as a reply gave it')
  .describe('Stands for what was revoked, without telling it: the same token or subject has the same id again.')
  .meta({ example: 'kQ2vJ7m0b5l8XhJr3fY9sWc1ZtUoPnEaLdGxVi6TgHk' });
const tenant = z
  .string()
  .regex(TENANT, 'must be 1 to 64 of A-Z a-z 0-9 . _ -')
  .optional()
  .describe('Another tenant than the caller’s, for operators.')
  .meta({ example: 'north' });
/** As the claims `jti` and `sub` may be. */
const name = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,256}$/u, 'must be 1 to 256 characters, none of them a control character');
const time = z.iso
  .datetime({ offset: true })
  .describe('When it is forgotten.')
  .meta({ example: '2027-01-31T00:00:00Z' });

export class RevokeDto extends createZodDto(
  z
    .strictObject({
      jti: name.optional().describe('The claim `jti` of the token to revoke.').meta({ example: 'b0c1d2e3' }),
      sub: name
        .optional()
        .describe('The claim `sub` of the tokens to revoke: all that were issued until now, or do not say when.')
        .meta({ example: 'ada' }),
      expiresAt: time
        .refine((text) => Date.parse(text) > Date.now(), 'must lie in the future')
        .refine((text) => Date.parse(text) < Date.now() + 10 * 365 * 86_400_000, 'must lie within ten years')
        .optional()
        .describe('When the revocation is forgotten: not before the tokens end. Where absent: after JWT_MAX_LIFETIME.'),
      tenant,
    })
    .refine(({ jti, sub }) => (jti === undefined) !== (sub === undefined), 'must have either jti or sub'),
) {}

export const revocationsQuery = z.strictObject({
  tenant,
  cursor: id.optional().describe('Where the page begins, as the page before gave it.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .meta({ description: 'Revocations at most.', example: '100' }),
});

export const revocationParams = z.strictObject({ id });
export const revocationQuery = z.strictObject({ tenant });

const revocation = z.object({
  id,
  by: z.enum(['jti', 'sub']).describe('Whether one token was revoked, or what a subject held.'),
  revokedAt: time.describe('When it was revoked.'),
  expiresAt: time,
});

export class RevocationDto extends createZodDto(revocation) {}

export class RevocationsDto extends createZodDto(
  z.object({
    revocations: z.array(revocation),
    cursor: z.string().nullable().describe('Where the next page begins; null after the last.'),
  }),
) {}

export class LiftedDto extends createZodDto(z.object({ success: z.literal(true) })) {}
