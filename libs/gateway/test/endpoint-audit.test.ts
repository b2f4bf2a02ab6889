// A handler that declares nothing stops the boot: routes fail closed.
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, type Type } from '@nestjs/common';
import { DiscoveryModule, MetadataScanner } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { Endpoint, SocketEndpoint } from '../src/endpoint.js';
import { EndpointAudit } from '../src/endpoint-audit.service.js';

const open = { input: {}, scope: 'open', cost: 1 } as const;
const reply = { type: 'text/plain', description: 'Tea.' };

@Controller()
class Declared {
  @Get('tea')
  @Endpoint({ ...open, summary: 'Tea', reply })
  tea() {
    return this.helper();
  }

  helper() {
    return 'tea';
  }
}

@Controller()
class Undeclared {
  @Get('tea')
  tea() {
    return 'tea';
  }
}

class Inherits extends Undeclared {}

@WebSocketGateway()
class DeclaredSocket {
  @SubscribeMessage('tea')
  @SocketEndpoint(open)
  tea() {
    return 'tea';
  }
}

@WebSocketGateway()
class UndeclaredSocket {
  @SubscribeMessage('tea')
  tea() {
    return 'tea';
  }
}

@Injectable()
class NoDoor {
  readonly tea = 'tea';
  serve() {
    return this.tea;
  }
}

async function boot({ controllers = [], providers = [] }: { controllers?: Type[]; providers?: Type[] }): Promise<void> {
  @Module({
    imports: [DiscoveryModule],
    controllers,
    providers: [...providers, EndpointAudit, MetadataScanner, { provide: 'a value', useValue: null }],
  })
  class Doors {}
  const module = await Test.createTestingModule({ imports: [Doors] }).compile();
  // Without listening: what onModuleInit throws stops any boot.
  await module.init().finally(() => module.close());
}

describe('the audit of endpoints', () => {
  it('lets declared handlers pass, and what is no handler', async () => {
    await boot({ controllers: [Declared], providers: [DeclaredSocket, NoDoor] });
  });

  it.each([
    ['a route', { controllers: [Declared, Undeclared] }, 'Undeclared.tea'],
    ['an inherited route', { controllers: [Inherits] }, 'Inherits.tea'],
    ['a socket message', { providers: [DeclaredSocket, UndeclaredSocket] }, 'UndeclaredSocket.tea'],
  ])('stops the boot for %s without a declaration, naming it', async (_, doors, name) => {
    await expect(boot(doors)).rejects.toMatchObject({
      code: 'boot.endpoint_undeclared',
      message: expect.stringContaining(name),
    });
  });
});
