// The door of usage and quotas: what a tenant has spent and saved, and what it may use.
import { Body, Controller, Get, Headers, Param, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import type { Caller } from '#auth';
import { failure } from '#ports';
import { Prices, Quotas, UsageReports } from '#usage';
import { Endpoint } from '../endpoint.js';
import { CalledBy } from './caller.decorator.js';
import {
  QuotaLimitsDto,
  QuotasDto,
  quotaParams,
  quotasQuery,
  spanOf,
  UsageDto,
  type UsageQuery,
  usageQuery,
} from './schemas/usage.schema.js';
import { usageCsv } from './usage-csv.js';

const CSV = 'text/csv';

@ApiTags('usage')
@Controller('api')
export class UsageController {
  constructor(
    private readonly reports: UsageReports,
    private readonly quotas: Quotas,
    private readonly prices: Prices,
  ) {}

  @Get('usage')
  @Endpoint({
    summary: 'What was spent and what was avoided',
    description:
      'Tokens and money of the caller’s tenant, for each model and each hour or day (UTC). A hit never counts as spending. Operators may name another tenant.',
    input: { query: usageQuery },
    scope: 'usage:read',
    cost: 5,
    reply: UsageDto,
    alsoProduces: CSV,
    failures: ['auth.operator', 'records.unavailable'],
  })
  async usage(
    @Query() asked: UsageQuery,
    @CalledBy() caller: Caller,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const report = await this.reports.read(tenantFor(asked, caller), spanOf(asked));
    if ((asked.format ?? formatOf(accept)) === 'json') return report;
    reply.type(`${CSV}; charset=utf-8`).header('content-disposition', 'attachment; filename="usage.csv"');
    return usageCsv(report);
  }

  @Get('quotas')
  @Endpoint({
    summary: 'The quotas of the tenant',
    description: 'Each limit, how much of it is used, and when that begins again. Operators may name another tenant.',
    input: { query: quotasQuery },
    scope: 'usage:read',
    cost: 1,
    reply: QuotasDto,
    failures: ['auth.operator', 'records.unavailable'],
  })
  async describe(@Query() asked: z.infer<typeof quotasQuery>, @CalledBy() caller: Caller) {
    const tenant = tenantFor(asked, caller);
    return { tenant, quotas: await this.quotas.describe(tenant) };
  }

  @Put('quotas/:tenant')
  @Endpoint({
    summary: 'Set the quotas of a tenant',
    description:
      'In place of what was set before: a quota that is left out stands at the default of the server (QUOTA_…), null is no limit. Holds on every instance within a second.',
    input: { params: quotaParams, body: QuotaLimitsDto },
    scope: 'admin',
    operator: true,
    effect: 'write',
    cost: 1,
    reply: QuotasDto,
    failures: ['records.unavailable'],
    audit: ({ params, body }) => ({ action: 'quota.set', target: String(params.tenant), facts: { ...body } as never }),
  })
  async set(@Param() { tenant }: z.infer<typeof quotaParams>, @Body() limits: QuotaLimitsDto) {
    this.checkPrices(limits);
    await this.quotas.set(tenant, limits);
    return { tenant, quotas: await this.quotas.describe(tenant) };
  }

  /** Without prices nothing costs anything, and the limit would never be reached. */
  private checkPrices({ moneyPerDay }: QuotaLimitsDto): void {
    if (typeof moneyPerDay !== 'string' || this.prices.currency !== undefined) return;
    const message = 'No prices are set on this server (USAGE_PRICES), so money cannot be limited.';
    const problems = [{ path: 'moneyPerDay', code: 'no_prices', message }];
    throw failure('request.invalid', { part: 'body', count: 1 }, { problems });
  }
}

/** One's own; another's for operators alone. */
function tenantFor({ tenant = undefined }: { tenant?: string | undefined }, caller: Caller): string {
  if (tenant === undefined || tenant === caller.tenant) return caller.tenant;
  if (!caller.operator) throw failure('auth.operator', {});
  return tenant;
}

function formatOf(accept = ''): 'json' | 'csv' {
  const wanted = accept.toLowerCase();
  return wanted.includes(CSV) && !wanted.includes('application/json') ? 'csv' : 'json';
}
