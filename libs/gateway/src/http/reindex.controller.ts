// The door of embedding models: administrators move documents to the model of now, and ask whether it still is what it was.
import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Caller } from '#auth';
import type { FailureCode } from '#ports';
import { DriftService, ReindexService } from '#query';
import { Endpoint } from '../endpoint.js';
import { CalledBy, Until } from './caller.decorator.js';
import { scopeOf } from './caller-scope.js';
import {
  DriftCheckedDto,
  DriftDto,
  ReindexDto,
  ReindexEstimateDto,
  ReindexedDto,
  reindexQuery,
} from './schemas/reindex.schema.js';

const FAILURES: readonly FailureCode[] = [
  'auth.operator',
  'vector.store_disabled',
  'vector.store_unavailable',
  'embedding.provider_failed',
  'records.unavailable',
  'request.late',
];

@ApiTags('administration')
@Controller('api/admin/vectors')
export class ReindexController {
  constructor(
    private readonly reindex: ReindexService,
    private readonly drift: DriftService,
  ) {}

  @Get('reindex')
  @Endpoint({
    summary: 'Estimate a reindex',
    description: 'What moving documents of other embedding models to the one of now would take. Changes nothing.',
    input: { query: reindexQuery },
    scope: 'admin',
    cost: 10,
    reply: ReindexEstimateDto,
    failures: FAILURES,
  })
  estimate(
    @Query() { tenant, collection }: z.infer<typeof reindexQuery>,
    @CalledBy() caller: Caller,
    @Until() signal: AbortSignal,
  ) {
    return this.reindex.estimate({ tenant: scopeOf(caller, tenant), collection }, { signal });
  }

  @Post('reindex')
  @Endpoint({
    summary: 'Move documents to the model of now',
    description:
      'One step of embedding documents of other models again. Built beside what is there, and switched when all is done. Ask again until it is done.',
    input: { body: ReindexDto },
    scope: 'admin',
    effect: 'write',
    cost: 1,
    reply: ReindexedDto,
    failures: [...FAILURES, 'vector.reindex_running', 'vector.collection_busy', 'tenant.crowded'],
    audit: ({ body }, { seen, moved, tokens, done }) => ({
      action: 'vectors.reindex',
      target: String(body.collection ?? '*'),
      facts: { seen: Number(seen ?? 0), moved: Number(moved ?? 0), tokens: Number(tokens ?? 0), done: done === true },
      ...(typeof body.tenant === 'string' && { tenant: body.tenant }),
    }),
  })
  step(@Body() { tenant, ...step }: ReindexDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    return this.reindex.step({ ...step, tenant: scopeOf(caller, tenant), signal });
  }

  @Post('drift')
  @Endpoint({
    summary: 'Check the drift of the embedding model',
    description:
      'Embeds a sample of each collection again, and compares with what is stored. The tokens are on the account of the service.',
    input: { body: DriftDto },
    scope: 'admin',
    effect: 'write',
    cost: 50,
    reply: DriftCheckedDto,
    failures: FAILURES,
    audit: ({ body }, { drifted }) => ({
      action: 'vectors.drift',
      target: String(body.collection ?? '*'),
      facts: { drifted: drifted === true },
      ...(typeof body.tenant === 'string' && { tenant: body.tenant }),
    }),
  })
  async check(@Body() { tenant, collection }: DriftDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    const collections = await this.drift.check({ tenant: scopeOf(caller, tenant), collection }, { signal });
    return { drifted: collections.some(({ drifted }) => drifted), collections };
  }
}
