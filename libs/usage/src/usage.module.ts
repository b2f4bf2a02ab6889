// Gives the ledger, the quotas and the turns of slow work to the container, for every room.
import { type DynamicModule, type InjectionToken, Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken } from '#config';
import { Meter } from '#ports';
import { Bus, Records } from '#records';
import { TenantTurns } from '#resilience';
import { Ledger } from './ledger.js';
import { Prices } from './prices.js';
import { Quotas } from './quotas.js';
import { defaultLimits, pricesOf, type UsageConfig, usageSection } from './usage.section.js';
import { UsageReports } from './usage-reports.js';

const config = configToken(usageSection);

/** Global: the embedder is metered wherever there is a `Meter`. */
@Module({})
export class UsageModule implements OnApplicationShutdown {
  constructor(
    private readonly ledger: Ledger,
    private readonly quotas: Quotas,
  ) {}

  /** `storageQuota` is the token by which the cache asks whether a tenant may keep an entry. */
  static forRoot({ storageQuota }: { storageQuota?: InjectionToken } = {}): DynamicModule {
    const stored = storageQuota && {
      provide: storageQuota,
      inject: [Quotas],
      useFactory: (quotas: Quotas) => quotas.stored,
    };
    return {
      module: UsageModule,
      global: true,
      providers: [
        { provide: Prices, inject: [config], useFactory: (usage: UsageConfig) => pricesOf(usage) },
        {
          provide: Quotas,
          inject: [Records, Bus, config],
          useFactory: async (records: Records, bus: Bus, usage: UsageConfig) => {
            const quotas = new Quotas(records, bus, defaultLimits(usage));
            await quotas.open();
            return quotas;
          },
        },
        {
          provide: Ledger,
          inject: [Records, Prices, Quotas, config],
          useFactory: async (records: Records, prices: Prices, quotas: Quotas, usage: UsageConfig) => {
            const ledger = new Ledger(records, prices, quotas.table, usage);
            await ledger.open();
            return ledger;
          },
        },
        { provide: Meter, useExisting: Ledger },
        {
          provide: UsageReports,
          inject: [Records, Prices],
          useFactory: (records: Records, prices: Prices) => new UsageReports(records, prices),
        },
        {
          provide: TenantTurns,
          inject: [config],
          useFactory: ({ concurrency, tenantConcurrency, tenantQueue }: UsageConfig) =>
            new TenantTurns({ concurrency, perTenant: tenantConcurrency, queue: tenantQueue }),
        },
        ...(stored ? [stored] : []),
      ],
      exports: [Ledger, Meter, Prices, Quotas, TenantTurns, UsageReports, ...(storageQuota ? [storageQuota] : [])],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.ledger.close();
    await this.quotas.close();
  }
}
