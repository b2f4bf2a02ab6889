// What an operator may set of usage: prices, quotas of every tenant, and how slow work is shared out.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ConfigOf, section, setting } from '#config';
import { Prices, priceSchema } from './prices.js';
import type { LimitsInForce } from './quota-table.js';

const MAX_KEPT_MS = 3660 * 86_400_000;

export const usageSection = section(
  'usage',
  {
    title: 'Usage and quotas',
    doc: 'What providers cost, what a tenant may use unless PUT /api/quotas/{tenant} says otherwise, and how slow work is shared out among tenants. Days are UTC.',
    rule: (values) => {
      const where = values.pricesFile === undefined ? 'prices' : 'pricesFile';
      const problem = (setting: 'prices' | 'pricesFile' | 'moneyPerDay' | 'tenantConcurrency', message: string) => [
        { setting, message },
      ];
      const prices = orMessage(() => pricesOf(values));
      if (typeof prices === 'string') return problem(where, prices);
      if (values.moneyPerDay !== undefined && prices.currency === undefined)
        return problem('moneyPerDay', 'needs prices: set USAGE_PRICES or USAGE_PRICES_FILE');
      if (values.tenantConcurrency > values.concurrency)
        return problem('tenantConcurrency', `must be SLOW_WORK_CONCURRENCY (${values.concurrency}) at most`);
      return [];
    },
  },
  {
    prices: setting('USAGE_PRICES', {
      doc: 'Prices of models, a JSON list. Each holds from its date (UTC) on; all are of one currency. Usage of a model without a price is counted in tokens alone.',
      example:
        '[{"provider":"openai","model":"text-embedding-3-small","from":"2026-01-01","perMillionTokens":"0.02","currency":"USD"}]',
    })
      .text()
      .default('[]'),
    pricesFile: setting('USAGE_PRICES_FILE', { doc: 'A file with the JSON list of prices, in place of USAGE_PRICES.' })
      .text()
      .optional(),
    keepHoursMs: setting('USAGE_KEEP_HOURS', { doc: 'How long usage by the hour is kept.' })
      .duration({ min: 3_600_000, max: MAX_KEPT_MS })
      .default('31d'),
    keepDaysMs: setting('USAGE_KEEP_DAYS', { doc: 'How long usage by the day is kept.' })
      .duration({ min: 86_400_000, max: MAX_KEPT_MS })
      .default('400d'),
    leaseMs: setting('USAGE_LEASE', {
      doc: 'An instance that is silent for so long is taken for dead: calls to providers that it left open are then noted as uncertain.',
    })
      .duration({ min: 1000, max: 3_600_000 })
      .default('30s'),
    requestsPerSecond: setting('QUOTA_REQUESTS_PER_SECOND', {
      doc: 'Requests of a tenant in any second, all its callers together. Unset: no limit.',
      example: '200',
    })
      .integer({ max: 1_000_000 })
      .optional(),
    requestsPerDay: setting('QUOTA_REQUESTS_PER_DAY', {
      doc: 'Requests of a tenant in a day. Unset: no limit.',
      example: '1000000',
    })
      .integer({ max: 1e12 })
      .optional(),
    tokensPerDay: setting('QUOTA_TOKENS_PER_DAY', {
      doc: 'Tokens of providers that a tenant may spend in a day. Unset: no limit.',
      example: '5000000',
    })
      .integer({ max: 1e15 })
      .optional(),
    moneyPerDay: setting('QUOTA_MONEY_PER_DAY', {
      doc: 'Money that a tenant may spend in a day, in the currency of USAGE_PRICES. Unset: no limit.',
      example: '2.50',
    })
      .text({ pattern: /^\d{1,6}(\.\d{1,9})?$/, says: 'a decimal number of at most 999999.999999999' })
      .optional(),
    storedBytes: setting('QUOTA_STORED_BYTES', {
      doc: 'Size of the answers that a tenant may keep in the cache at a time. Unset: no limit.',
      example: '1GiB',
    })
      .byteSize()
      .optional(),
    storedEntries: setting('QUOTA_STORED_ENTRIES', {
      doc: 'Answers that a tenant may keep in the cache at a time. Unset: no limit.',
      example: '100000',
    })
      .integer({ max: 1e12 })
      .optional(),
    concurrency: setting('SLOW_WORK_CONCURRENCY', {
      doc: 'Slow works (embedding, search, upsert) under way at a time in one instance, of all tenants together.',
    })
      .integer({ min: 1, max: 10_000 })
      .default('64'),
    tenantConcurrency: setting('TENANT_CONCURRENCY', {
      doc: 'Of these, works of one tenant at a time. What is more waits, and tenants are served in turn.',
    })
      .integer({ min: 1, max: 10_000 })
      .default('32'),
    tenantQueue: setting('TENANT_QUEUE', {
      doc: 'Slow works of one tenant that may wait in one instance; further ones are refused with 429.',
    })
      .integer({ max: 100_000 })
      .default('512'),
  },
);

export type UsageConfig = ConfigOf<typeof usageSection>;

/** The table of prices. Throws an `Error` whose message completes the name of the setting. */
export function pricesOf({ prices, pricesFile }: { prices: string; pricesFile?: string | undefined }): Prices {
  const parsed = z.array(priceSchema).safeParse(jsonOf(pricesFile === undefined ? prices : fileText(pricesFile)));
  if (parsed.success) return new Prices(parsed.data);
  const { path, message } = parsed.error.issues[0]!;
  throw new Error(path.length === 0 ? 'must be a JSON list of prices' : `is wrong at ${path.join('.')}: ${message}`);
}

/** The quotas of a tenant for which nothing else was set. */
export function defaultLimits(config: UsageConfig): LimitsInForce {
  const { requestsPerSecond, requestsPerDay, tokensPerDay, moneyPerDay, storedBytes, storedEntries } = config;
  return { requestsPerSecond, requestsPerDay, tokensPerDay, moneyPerDay, storedBytes, storedEntries };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function orMessage<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return (error as Error).message;
  }
}
