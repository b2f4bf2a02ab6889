// Stops the boot where a handler declares no input, scope and cost: routes fail closed.
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { failure } from '#ports';
import { ENDPOINT } from './endpoint.js';

/** Metadata that makes a method a handler: of a route, or of a socket's message. */
const HANDLER_MARKS = [PATH_METADATA, 'microservices:message_pattern', 'websockets:message_mapping'];

@Injectable()
export class EndpointAudit implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const wrappers = [...this.discovery.getControllers(), ...this.discovery.getProviders()];
    for (const { instance } of wrappers) {
      if (typeof instance === 'object' && instance !== null) this.check(instance as object);
    }
  }

  private check(instance: object): void {
    const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
    for (const name of this.scanner.getAllMethodNames(prototype)) {
      const handler = prototype![name];
      if (typeof handler !== 'function' || !HANDLER_MARKS.some((mark) => Reflect.hasMetadata(mark, handler))) continue;
      if (!Reflect.hasMetadata(ENDPOINT, handler)) {
        throw failure('boot.endpoint_undeclared', { handler: `${prototype!.constructor?.name}.${name}` });
      }
    }
  }
}
