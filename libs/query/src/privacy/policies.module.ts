// Gives the policies of the tenants to the container, and to the cache how long an entry of each may live.
import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { LIFE_LIMIT } from '#cache';
import { configToken } from '#config';
import { type PrivacyConfig, privacySection } from '#privacy';
import { Bus, Records } from '#records';
import { type RetentionConfig, retentionSection } from './retention.section.js';
import { TenantPolicies } from './tenant-policies.js';

/** Global: a floor below the query room, the cache asks it. Needs the global ConfigModule and RecordsModule. */
@Global()
@Module({
  providers: [
    {
      provide: TenantPolicies,
      inject: [Records, Bus, configToken(retentionSection), configToken(privacySection)],
      useFactory: async (records: Records, bus: Bus, retention: RetentionConfig, privacy: PrivacyConfig) => {
        const detection = { personal: privacy.personal, secret: privacy.secret, kinds: {} };
        const policies = new TenantPolicies({ records, bus, defaults: { retention, detection } });
        await policies.open();
        return policies;
      },
    },
    { provide: LIFE_LIMIT, inject: [TenantPolicies], useFactory: ({ lifeLimit }: TenantPolicies) => lifeLimit },
  ],
  exports: [TenantPolicies, LIFE_LIMIT],
})
export class PoliciesModule implements OnApplicationShutdown {
  constructor(private readonly policies: TenantPolicies) {}

  async onApplicationShutdown(): Promise<void> {
    await this.policies.close();
  }
}
