// Gives the events' hub and its Socket.IO door to the container.
import { type DynamicModule, Module } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import { Callers, Revocations, TokenVerifier } from '#auth';
import { CacheModule } from '#cache/module';
import { configToken } from '#config';
import { KeyNames, Sealer } from '#crypto';
import { Bus } from '#records';
import { AllowedHosts } from '../http/allowed-hosts.js';
import { type HttpConfig, httpSection } from '../http/http.section.js';
import { type RateLimitConfig, rateLimitSection, SlidingWindowStorage, TrustedProxies } from '../rate-limit/index.js';
import { EventHub } from './event-hub.js';
import { EventsGateway } from './events.gateway.js';
import { type EventsConfig, eventsSection } from './events.section.js';
import { Handshake } from './handshake.js';

@Module({})
export class EventsModule {
  /** `throttler` is the module that keeps the windows, so that sockets are counted where requests are. */
  static forRoot(throttler: DynamicModule): DynamicModule {
    return {
      module: EventsModule,
      imports: [CacheModule, throttler],
      providers: [
        EventsGateway,
        {
          provide: EventHub,
          inject: [configToken(eventsSection), Bus, Sealer, KeyNames, Revocations],
          useFactory: (config: EventsConfig, bus: Bus, sealer: Sealer, names: KeyNames, revocations: Revocations) => {
            const hub = new EventHub(config, { bus, sealer, names });
            revocations.whenChanged(() => hub.endRevoked((caller) => revocations.has(caller)));
            return hub;
          },
        },
        {
          provide: Handshake,
          inject: [
            Callers,
            TokenVerifier,
            ThrottlerStorage,
            configToken(rateLimitSection),
            configToken(eventsSection),
            configToken(httpSection),
          ],
          useFactory: (
            callers: Callers,
            verifier: TokenVerifier,
            windows: SlidingWindowStorage,
            limits: RateLimitConfig,
            config: EventsConfig,
            { corsOrigins, allowedHosts }: HttpConfig,
          ) =>
            new Handshake(callers, verifier, windows, new TrustedProxies(limits.trustedProxies), {
              ...config,
              corsOrigins,
              hosts: AllowedHosts.of(allowedHosts),
            }),
        },
      ],
      exports: [EventHub, Handshake],
    };
  }
}
