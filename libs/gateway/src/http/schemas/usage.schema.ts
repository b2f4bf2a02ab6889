// What is asked of usage and quotas, and what is told.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { lengthOf, QUOTA_NAMES, type QuotaName, quotaLimitsSchema } from '#usage';

/** Periods in one report. */
const MAX_PERIODS = 1000;
const DEFAULT_PERIODS = { hour: 24, day: 30 };

const time = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/,
    'must be a day or a time in UTC: 2026-11-01, 2026-11-01T05:00Z',
  )
  .refine((text) => !Number.isNaN(Date.parse(text)), 'must be a day or a time that there is');

const anyTenant = z
  .string()
  .regex(/^(~service|[A-Za-z0-9._-]{1,64})$/, 'must be the name of a tenant, or ~service')
  .optional()
  .describe('Another tenant than one’s own: for operators. `~service` is what the server spends for itself.');

export const usageQuery = z
  .strictObject({
    from: time
      .optional()
      .describe('First day or time (UTC). Where absent: 30 days, or 24 hours, before `to`.')
      .meta({ example: '2026-11-01' }),
    to: time
      .optional()
      .describe('Up to this day or time, without it. Where absent: now.')
      .meta({ example: '2026-12-01' }),
    by: z.enum(['hour', 'day']).default('day').describe('What is added up.'),
    tenant: anyTenant,
    format: z.enum(['json', 'csv']).optional().describe('Where absent, the header `accept` decides.'),
  })
  .superRefine((asked, context) => {
    const { from, to } = spanOf(asked);
    const periods = (to - from) / lengthOf(asked.by);
    const wrong = (message: string) => context.addIssue({ code: 'custom', path: ['from'], message });
    if (periods <= 0) wrong('must be before `to`');
    if (periods > MAX_PERIODS) wrong(`must be at most ${MAX_PERIODS} ${asked.by}s before \`to\``);
  });

export type UsageQuery = z.infer<typeof usageQuery>;

/** The time asked for, in epoch milliseconds. */
export function spanOf(
  { from, to, by }: Pick<UsageQuery, 'from' | 'to' | 'by'>,
  now = Date.now(),
): { from: number; to: number; by: 'hour' | 'day' } {
  const until = to === undefined ? now : Date.parse(to);
  return { from: from === undefined ? until - DEFAULT_PERIODS[by] * lengthOf(by) : Date.parse(from), to: until, by };
}

const amount = z
  .object({
    calls: z.int().describe('Calls to the provider; for `avoided`, answers that made one unnecessary.'),
    tokens: z.int(),
    money: z
      .string()
      .nullable()
      .describe('Exact decimal number; null where no price was in force.')
      .meta({ example: '0.00248' }),
  })
  .meta({ id: 'UsageAmount' });

const amounts = {
  spent: amount.describe('Counted by the provider.'),
  avoided: amount.describe('What hits would have cost, had they not been hits. Never part of what was spent.'),
  uncertain: amount.describe(
    'Estimates of calls that were sent and never answered: nobody knows whether they were billed.',
  ),
};

export class UsageDto extends createZodDto(
  z.object({
    tenant: z.string(),
    by: z.enum(['hour', 'day']),
    currency: z
      .string()
      .nullable()
      .describe('Of all money here; null where no prices are set.')
      .meta({ example: 'USD' }),
    rows: z.array(
      z.object({
        at: z.string().describe('When the hour or day began (UTC).'),
        provider: z.string(),
        model: z.string(),
        ...amounts,
      }),
    ),
    totals: z.object(amounts).describe('Of all rows. Money: of those with a price.'),
  }),
) {}

export const quotasQuery = z.strictObject({ tenant: anyTenant });

export const quotaParams = z.strictObject({
  tenant: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be the name of a tenant')
    .describe('Name of the tenant.')
    .meta({ example: 'north' }),
});

export class QuotaLimitsDto extends createZodDto(quotaLimitsSchema) {}

const state = z.object({
  limit: z.union([z.number(), z.string()]).nullable().describe('null: no limit.'),
  used: z.union([z.number(), z.string()]).nullable().describe('null where it is not counted.'),
  resetsAt: z.string().nullable().describe('When it begins again at nothing.'),
});

export class QuotasDto extends createZodDto(
  z.object({
    tenant: z.string(),
    quotas: z.object(Object.fromEntries(QUOTA_NAMES.map((name) => [name, state])) as Record<QuotaName, typeof state>),
  }),
) {}
