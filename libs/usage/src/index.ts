// What tenants use: the ledger of what was spent and avoided, prices, quotas.
export { Ledger, type LedgerOptions } from './ledger.js';
export { lengthOf, type Period } from './periods.js';
export { moneyText, type Price, Prices } from './prices.js';
export { QUOTA_NAMES, type QuotaLimits, type QuotaName, quotaLimitsSchema } from './quota-limits.js';
export type { LimitsInForce } from './quota-table.js';
export { type QuotaShare, QuotaWatch } from './quota-watch.js';
export { type QuotaState, type QuotaStates, Quotas } from './quotas.js';
export { defaultLimits, pricesOf, type UsageConfig, usageSection } from './usage.section.js';
export {
  type UsageAmount,
  type UsageQuestion,
  type UsageReport,
  UsageReports,
  type UsageRow,
} from './usage-reports.js';
