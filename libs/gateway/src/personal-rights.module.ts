// Gives a person's rights to the doors: over what the query room keeps, and the replies that the gateway keeps itself.
import { Module } from '@nestjs/common';
import { TieredCache } from '#cache';
import { CacheModule } from '#cache/module';
import { KeyNames } from '#crypto';
import { Erasures, ExportCursors, PersonalDocuments, PrivacyService, Receipts } from '#query';
import { QueryModule } from '#query/module';
import { IdempotencyRecords } from './writes/idempotency-records.js';
import { WritesModule } from './writes/writes.module.js';

@Module({
  imports: [CacheModule, QueryModule, WritesModule],
  providers: [
    { provide: ExportCursors, inject: [KeyNames], useFactory: (names: KeyNames) => new ExportCursors(names) },
    {
      provide: PrivacyService,
      inject: [TieredCache, PersonalDocuments, IdempotencyRecords, ExportCursors, Erasures, Receipts],
      useFactory: (...parts: ConstructorParameters<typeof PrivacyService>) => new PrivacyService(...parts),
    },
  ],
  exports: [PrivacyService],
})
export class PersonalRightsModule {}
