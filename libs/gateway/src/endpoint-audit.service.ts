// Stops the boot where a handler declares no input, scope and cost, or acts without a line in the audit log: routes fail closed.
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { failure } from '#ports';
import { ENDPOINT, type EndpointSpec } from './endpoint.js';

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
      const spec = Reflect.getMetadata(ENDPOINT, handler) as EndpointSpec | undefined;
      const place = { handler: `${prototype!.constructor?.name}.${name}` };
      if (!spec) throw failure('boot.endpoint_undeclared', place);
      if (mustBeNoted(spec) && !spec.audit) throw failure('boot.endpoint_unaudited', place);
    }
  }
}

/** Acts of administration, purges, and whatever touches the data of one person. */
function mustBeNoted({ scope, effect }: EndpointSpec): boolean {
  return scope === 'privacy' || (effect === 'write' && (scope === 'admin' || scope === 'cache:purge'));
}
