// The open doors: health, metrics and the OpenAPI document.
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createZodDto } from 'nestjs-zod';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { configToken } from '#config';
import {
  Health,
  mayReadMetrics,
  type ObservabilityConfig,
  OPEN_METRICS,
  observabilitySection,
  openMetricsText,
  wantsOpenMetrics,
} from '#observability';
import { failure } from '#ports';
import { Endpoint, type EndpointDeclaration } from '../endpoint.js';
import { OpenApiDocument } from '../openapi-document.js';

class LiveDto extends createZodDto(z.object({ status: z.literal('ok') })) {}

class ReadyDto extends createZodDto(
  z.object({
    status: z.enum(['ok', 'unavailable']),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), critical: z.boolean() })),
  }),
) {}

/** Probes and scrapers are not limited: an instance must not look dead because it is watched. */
const open = { input: {}, scope: 'open', cost: 0 } as const satisfies Partial<EndpointDeclaration>;

@ApiTags('operation')
@Controller()
export class OperationsController {
  constructor(
    private readonly health: Health,
    private readonly registry: Registry,
    private readonly openapi: OpenApiDocument,
    @Inject(configToken(observabilitySection)) private readonly config: ObservabilityConfig,
  ) {}

  @Get(['health', 'health/live'])
  @Endpoint({ ...open, summary: 'Is the process alive?', reply: LiveDto })
  live() {
    this.health.live();
    return { status: 'ok' };
  }

  @Get('health/ready')
  @Endpoint({ ...open, summary: 'Is the instance ready for requests?', reply: ReadyDto })
  @ApiResponse({ status: 503, description: 'Something critical does not answer.', type: ReadyDto })
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const { ok, checks } = await this.health.ready();
    reply.code(ok ? 200 : 503);
    return { status: ok ? 'ok' : 'unavailable', checks };
  }

  @Get('api/metrics')
  @Endpoint({
    ...open,
    summary: 'Metrics in the Prometheus text format',
    description:
      'Open, behind METRICS_TOKEN, or off: METRICS_ACCESS. As OpenMetrics, with exemplars, for who asks for it.',
    reply: { type: 'text/plain', description: 'Metrics.' },
    alsoProduces: 'application/openmetrics-text',
    failures: ['auth.missing', 'request.not_found'],
  })
  metrics(@Req() { headers }: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    if (this.config.metricsAccess === 'off') throw failure('request.not_found', {});
    if (!mayReadMetrics(this.config, headers.authorization)) throw failure('auth.missing', {});
    const open = wantsOpenMetrics(headers.accept);
    reply.type(open ? OPEN_METRICS : this.registry.contentType);
    return open ? openMetricsText(this.registry) : this.registry.metrics();
  }

  @Get('api/openapi.json')
  @Endpoint({
    ...open,
    summary: 'The OpenAPI 3.1 document of this API',
    reply: { type: 'application/json', description: 'The document.', schema: { type: 'object' } },
  })
  document(): object {
    return this.openapi.value;
  }
}
