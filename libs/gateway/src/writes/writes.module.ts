// Gives what guards writes to the container: the replies under Idempotency-Keys, and the proof against replays.
import { Module } from '@nestjs/common';
import { configToken } from '#config';
import { KeyNames, Sealer } from '#crypto';
import { Records } from '#records';
import { type HttpConfig, httpSection } from '../http/http.section.js';
import { Freshness } from './freshness.js';
import { IdempotencyRecords } from './idempotency-records.js';
import { type WritesConfig, writesSection } from './writes.section.js';

/** A request that is late for its caller may still be at work for a while; after that its key is free. */
const GRACE_MS = 30_000;

@Module({
  providers: [
    {
      provide: IdempotencyRecords,
      inject: [Records, Sealer, KeyNames, configToken(writesSection), configToken(httpSection)],
      useFactory: (records: Records, sealer: Sealer, names: KeyNames, writes: WritesConfig, http: HttpConfig) =>
        new IdempotencyRecords({
          records,
          sealer,
          names,
          ttlMs: writes.idempotencyTtlMs,
          leaseMs: http.requestTimeoutMs + GRACE_MS,
          maxKeys: writes.idempotencyKeysMax,
        }),
    },
    {
      provide: Freshness,
      inject: [Records, KeyNames, configToken(writesSection)],
      useFactory: (records: Records, names: KeyNames, { replayProtection, replayWindowMs }: WritesConfig) =>
        replayProtection === 'off' ? null : new Freshness({ records, names, windowMs: replayWindowMs }),
    },
  ],
  exports: [IdempotencyRecords, Freshness],
})
export class WritesModule {}
