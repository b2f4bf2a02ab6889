// Gives the audit log to the container: kept in the records, signed by the service's key.
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken } from '#config';
import { Signer } from '#crypto';
import { AuditLog, LOGGER, type Logger, type ObservabilityConfig, observabilitySection } from '#observability';
import { Records } from '#records';

@Module({
  providers: [
    {
      provide: AuditLog,
      inject: [Records, Signer, LOGGER, configToken(observabilitySection)],
      useFactory: (records: Records, signer: Signer, logger: Logger, { auditDenials }: ObservabilityConfig) => {
        const log = new AuditLog({ records, signer, logger, denialsInFull: auditDenials });
        log.open();
        return log;
      },
    },
  ],
  exports: [AuditLog],
})
export class AuditModule implements OnApplicationShutdown {
  constructor(@Inject(AuditLog) private readonly log: AuditLog) {}

  async onApplicationShutdown(): Promise<void> {
    await this.log.close();
  }
}
