// A small server with both doors of the events.
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { authSection, Callers, mintToken, openVerifier, type Scope } from '#auth';
import { environmentSources, readConfig } from '#config';
import { cryptoSection, KeyNames, openSealer } from '#crypto';
import { Secret } from '#ports';
import { type Bus, LocalBus, MemoryRecords, type Records } from '#records';
import {
  attachPlainWebSocket,
  EventHub,
  EventsGateway,
  EventsIoAdapter,
  eventsSection,
  Handshake,
} from '../../src/events/index.js';
import { SlidingWindowStorage, TrustedProxies } from '../../src/rate-limit/index.js';

export * from '../../../../test/support/event-clients.js';

export const SECRET = new Secret('a secret of the tests that is long enough');

export interface AppOptions {
  env?: Record<string, string>;
  bus?: Bus;
  /** Where instances that share a bus keep their keys. */
  records?: Records;
}

export interface EventApp {
  url: string;
  hub: EventHub;
  stop(): Promise<void>;
}

export async function startApp(options: AppOptions = {}): Promise<EventApp> {
  const { env = {}, bus = new LocalBus(), records = new MemoryRecords() } = options;
  const sources = environmentSources({ env: { JWT_SECRET: SECRET.reveal(), ...env }, envFile: false });
  const { auth, crypto, events: config } = readConfig([authSection, cryptoSection, eventsSection], sources);
  const parts = {
    bus,
    sealer: await openSealer(crypto, { records, bus }),
    names: new KeyNames(Buffer.alloc(32, 7)),
  };
  const hub = new EventHub(config, parts);
  const verifier = openVerifier(auth, { dataDir: '' });
  const handshake = new Handshake(
    new Callers(verifier),
    verifier,
    new SlidingWindowStorage(),
    new TrustedProxies([]),
    config,
  );

  @Module({
    providers: [EventsGateway, { provide: EventHub, useValue: hub }, { provide: Handshake, useValue: handshake }],
  })
  class EventsUnderTest {}

  const app = await NestFactory.create<NestFastifyApplication>(EventsUnderTest, new FastifyAdapter(), {
    logger: false,
  });
  app.useWebSocketAdapter(new EventsIoAdapter(app, handshake, config));
  const door = attachPlainWebSocket(app.getHttpServer(), hub, { handshake, config });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    hub,
    stop: async () => {
      await door.close();
      await app.close();
    },
  };
}

export function aToken({
  tenant = 'north',
  scopes = ['events:subscribe', 'events:publish'] as Scope[],
  ttlMs = 3_600_000,
  secret = SECRET,
} = {}): string {
  return mintToken({ secret, subject: 'u1', tenant, scopes, ttlMs });
}
