// The doors: controllers, guards in the pipeline's order, one interceptor, one filter, events.
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, DiscoveryModule, MetadataScanner } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { type CacheConfig, cacheSection } from '#cache';
import { CacheModule } from '#cache/module';
import { configToken } from '#config';
import { KeyNames } from '#crypto';
import { QueryModule } from '#query/module';
import { RedisConnection } from '#records';
import { AuditInterceptor } from './audit/audit.interceptor.js';
import { AuditModule } from './audit/audit.module.js';
import { EndpointAudit } from './endpoint-audit.service.js';
import { EventsModule } from './events/events.module.js';
import { GUARDS } from './guards.js';
import { AuditController } from './http/audit.controller.js';
import { AuthController } from './http/auth.controller.js';
import { CacheController } from './http/cache.controller.js';
import { FailureFilter } from './http/failure.filter.js';
import { KeysController } from './http/keys.controller.js';
import { ObserveInterceptor } from './http/observe.interceptor.js';
import { OperationsController } from './http/operations.controller.js';
import { PrivacyController } from './http/privacy.controller.js';
import { QueryController } from './http/query.controller.js';
import { ReindexController } from './http/reindex.controller.js';
import { RouteTable } from './http/route-table.js';
import { UsageController } from './http/usage.controller.js';
import { VectorsController } from './http/vectors.controller.js';
import { OpenApiDocument } from './openapi-document.js';
import { PersonalRightsModule } from './personal-rights.module.js';
import { Pipeline } from './pipeline.js';
import { QuotaGate } from './quota-gate.js';
import { type RateLimitConfig, rateLimitSection, SlidingWindowStorage } from './rate-limit/index.js';
import { ReadinessService } from './readiness.service.js';
import { StateService } from './state.service.js';
import { IdempotencyInterceptor } from './writes/idempotency.interceptor.js';
import { WritesModule } from './writes/writes.module.js';

const throttler = ThrottlerModule.forRootAsync({
  inject: [configToken(rateLimitSection), configToken(cacheSection), RedisConnection, KeyNames],
  useFactory: (limits: RateLimitConfig, cache: CacheConfig, redis: RedisConnection | null, names: KeyNames) => ({
    throttlers: [{ ttl: limits.windowMs, limit: limits.max }],
    storage: new SlidingWindowStorage(redis ? { redis, names, prefix: cache.redisPrefix } : undefined),
  }),
});

@Module({})
export class GatewayModule {
  /** `routes` is the door's own table, filled as Nest registers its routes. */
  static forRoot(routes: RouteTable): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        DiscoveryModule,
        AuditModule,
        CacheModule,
        QueryModule,
        WritesModule,
        PersonalRightsModule,
        throttler,
        EventsModule.forRoot(throttler),
      ],
      controllers: [
        QueryController,
        CacheController,
        VectorsController,
        UsageController,
        PrivacyController,
        OperationsController,
        AuditController,
        AuthController,
        KeysController,
        ReindexController,
      ],
      providers: [
        Pipeline,
        QuotaGate,
        MetadataScanner,
        EndpointAudit,
        OpenApiDocument,
        FailureFilter,
        ReadinessService,
        StateService,
        { provide: RouteTable, useValue: routes },
        ...GUARDS.map((guard) => ({ provide: APP_GUARD, useClass: guard })),
        { provide: APP_INTERCEPTOR, useClass: ObserveInterceptor },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
        { provide: APP_FILTER, useExisting: FailureFilter },
      ],
    };
  }
}
