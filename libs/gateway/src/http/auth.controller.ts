// The door of revocations: administrators take tokens back before their end.
import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { type Caller, type Revocation, Revocations } from '#auth';
import { failure } from '#ports';
import { Endpoint } from '../endpoint.js';
import { CalledBy } from './caller.decorator.js';
import {
  LiftedDto,
  RevocationDto,
  RevocationsDto,
  RevokeDto,
  revocationParams,
  revocationQuery,
  revocationsQuery,
} from './schemas/revocations.schema.js';

@ApiTags('administration')
@Controller('api/auth/revocations')
export class AuthController {
  constructor(private readonly revocations: Revocations) {}

  @Post()
  @Endpoint({
    summary: 'Revoke a token, or what a subject holds',
    description: 'Every instance refuses it within a second, and closes event connections opened with it.',
    input: { body: RevokeDto },
    scope: 'admin',
    effect: 'write',
    cost: 1,
    reply: RevocationDto,
    failures: ['auth.operator', 'auth.revocation_limit', 'records.unavailable'],
    audit: ({ body }, { id, by }) => ({
      action: 'token.revoke',
      target: String(id ?? ''),
      facts: { by: String(by ?? ('jti' in body ? 'jti' : 'sub')) },
      ...inTenant(body),
    }),
  })
  async revoke(@Body() { jti, sub, expiresAt, tenant }: RevokeDto, @CalledBy() caller: Caller) {
    const ends = expiresAt === undefined ? undefined : Date.parse(expiresAt);
    const what = jti === undefined ? { sub: sub! } : { jti };
    return told(await this.revocations.revoke(tenantFor(caller, tenant), what, ends));
  }

  @Get()
  @Endpoint({
    summary: 'List revocations',
    description: 'Page by page. What was revoked is told by its id alone.',
    input: { query: revocationsQuery },
    scope: 'admin',
    cost: 5,
    reply: RevocationsDto,
    failures: ['auth.operator', 'records.unavailable'],
  })
  async list(@Query() { tenant, ...page }: z.infer<typeof revocationsQuery>, @CalledBy() caller: Caller) {
    const { revocations, cursor } = await this.revocations.list(tenantFor(caller, tenant), page);
    return { revocations: revocations.map(told), cursor: cursor ?? null };
  }

  @Delete(':id')
  @Endpoint({
    summary: 'Lift a revocation',
    description: 'Tokens that it hit, and that have not ended, are believed again.',
    input: { params: revocationParams, query: revocationQuery },
    scope: 'admin',
    effect: 'write',
    cost: 1,
    reply: LiftedDto,
    failures: ['auth.operator', 'auth.revocation_absent', 'records.unavailable'],
    audit: ({ params, query }) => ({ action: 'token.lift', target: String(params.id), ...inTenant(query) }),
  })
  async lift(
    @Param() { id }: z.infer<typeof revocationParams>,
    @Query() { tenant }: z.infer<typeof revocationQuery>,
    @CalledBy() caller: Caller,
  ) {
    await this.revocations.lift(tenantFor(caller, tenant), id);
    return { success: true };
  }
}

/** The caller's own tenant; another's for operators alone. */
function tenantFor(caller: Caller, named: string | undefined): string {
  if (named !== undefined && named !== caller.tenant && !caller.operator) throw failure('auth.operator', {});
  return named ?? caller.tenant;
}

/** Whose tokens it is about, where it is another tenant than the caller's. */
function inTenant({ tenant }: Record<string, unknown>) {
  return typeof tenant === 'string' ? { tenant } : {};
}

function told({ id, by, revokedAt, expiresAt }: Revocation) {
  return { id, by, revokedAt: new Date(revokedAt).toISOString(), expiresAt: new Date(expiresAt).toISOString() };
}
