// What a tenant may use: the names of the quotas, their limits, and the refusal of who has reached one.
import { z } from 'zod';
import { announce, type Failure, failure } from '#ports';

const count = (max: number) => z.int().min(0).max(max);

/** Limits of a tenant. A name that is absent stands at the default of the server, `null` is no limit. */
export const quotaLimitsSchema = z.strictObject({
  requestsPerSecond: count(1_000_000)
    .nullable()
    .optional()
    .meta({ description: 'Requests in any second, by their cost.' }),
  requestsPerDay: count(1e12).nullable().optional().meta({ description: 'Requests in a day (UTC), by their cost.' }),
  tokensPerDay: count(1e15)
    .nullable()
    .optional()
    .meta({ description: 'Tokens of providers that may be spent in a day (UTC).' }),
  moneyPerDay: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,9})?$/, 'must be a decimal number in quotes of at most 999999.999999999, e.g. "2.50"')
    .nullable()
    .optional()
    .meta({
      description: 'Money that may be spent in a day (UTC), a decimal number in the currency of USAGE_PRICES.',
      example: '2.50',
    }),
  storedBytes: count(Number.MAX_SAFE_INTEGER)
    .nullable()
    .optional()
    .meta({ description: 'Bytes of cached answers kept at a time.' }),
  storedEntries: count(1e12).nullable().optional().meta({ description: 'Cached answers kept at a time.' }),
});

export type QuotaLimits = z.output<typeof quotaLimitsSchema>;
export type QuotaName = keyof QuotaLimits;

export const QUOTA_NAMES = Object.keys(quotaLimitsSchema.shape) as QuotaName[];

/** Announces that a tenant has reached a quota, and gives the refusal to be thrown. */
export function exceeded(
  tenant: string,
  { quota, limit, retryAfterMs }: { quota: QuotaName; limit: number | string; retryAfterMs: number },
): Failure {
  announce('quota.exceeded', { tenant, quota, limit: Number(limit) });
  return failure('quota.exceeded', { quota, limit }, { retryAfterMs });
}
