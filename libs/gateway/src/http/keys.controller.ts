// The door of keys: administrators rotate their tenant's; operators rotate master keys, and shred tenants.
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Caller } from '#auth';
import type { TenantKeysReport } from '#crypto';
import type { FailureCode } from '#ports';
import { KeysService } from '#query';
import { Endpoint } from '../endpoint.js';
import { CalledBy, Until } from './caller.decorator.js';
import { mustOperate, scopeOf, tenantFor } from './caller-scope.js';
import {
  KeysDto,
  keysQuery,
  ResealDto,
  ResealedDto,
  RetireDto,
  RetiredDto,
  RotateDto,
  RotatedDto,
  ShreddedDto,
  shredParams,
} from './schemas/keys.schema.js';

const OPERATORS: readonly FailureCode[] = ['auth.operator'];
const KEY_FAILURES: readonly FailureCode[] = [
  'records.unavailable',
  'crypto.key_service_unavailable',
  'crypto.key_service_unauthorised',
  'crypto.key_disabled',
];
const RETIRE_FAILURES: readonly FailureCode[] = [
  'crypto.sealing_off',
  'crypto.key_in_use',
  'crypto.data_key_absent',
  'crypto.master_key_absent',
];

@ApiTags('administration')
@Controller('api/admin')
export class KeysController {
  constructor(private readonly keys: KeysService) {}

  @Get('keys')
  @Endpoint({
    summary: 'List keys',
    description: 'Master keys, and data keys tenant by tenant; who is no operator sees its own tenant’s data keys.',
    input: { query: keysQuery },
    scope: 'admin',
    cost: 5,
    reply: KeysDto,
    failures: [...OPERATORS, ...KEY_FAILURES],
  })
  async list(@Query() { tenant, ...page }: z.infer<typeof keysQuery>, @CalledBy() caller: Caller) {
    const report = await this.keys.report({ ...page, tenant: scopeOf(caller, tenant) });
    return { ...report, tenants: report.tenants.map(told) };
  }

  @Post('keys/rotate')
  @Endpoint({
    summary: 'Rotate a key',
    description:
      'Begins a new data key of a tenant, or promotes a master key. Nothing stops opening: see docs/KEYS_ROTATION.md.',
    input: { body: RotateDto },
    scope: 'admin',
    effect: 'write',
    cost: 10,
    reply: RotatedDto,
    failures: [
      ...OPERATORS,
      ...KEY_FAILURES,
      'crypto.sealing_off',
      'crypto.too_many_data_keys',
      'crypto.master_key_absent',
    ],
    audit: ({ body }, { dataKeyId, rewrapped }) => ({
      action: body.masterKeyId === undefined ? 'key.rotate' : 'key.promote',
      target: String(body.masterKeyId ?? dataKeyId ?? ''),
      ...(rewrapped !== undefined && { facts: { rewrapped: Number(rewrapped) } }),
      ...inTenant(body),
    }),
  })
  async rotate(@Body() { tenant, masterKeyId }: RotateDto, @CalledBy() caller: Caller) {
    if (masterKeyId !== undefined) {
      mustOperate(caller);
      return { success: true, masterKeyId, ...(await this.keys.promote(masterKeyId)) };
    }
    const whose = tenantFor(caller, tenant);
    return { success: true, tenant: whose, dataKeyId: await this.keys.rotate(whose) };
  }

  @Post('keys/retire')
  @Endpoint({
    summary: 'Retire a key',
    description:
      'Destroys a former data key, or takes a former master key out of use. What a destroyed key sealed is lost.',
    input: { body: RetireDto },
    scope: 'admin',
    effect: 'write',
    cost: 10,
    reply: RetiredDto,
    failures: [...OPERATORS, ...KEY_FAILURES, ...RETIRE_FAILURES],
    audit: ({ body }, { destroyed }) => ({
      action: 'key.retire',
      target: String(body.masterKeyId ?? body.dataKeyId ?? ''),
      facts: { destroyed: Number(destroyed ?? 0), force: body.force === true },
      ...inTenant(body),
    }),
  })
  async retire(@Body() { tenant, ...what }: RetireDto, @CalledBy() caller: Caller) {
    if (what.masterKeyId !== undefined) mustOperate(caller);
    const whose = what.masterKeyId === undefined ? tenantFor(caller, tenant) : undefined;
    return { success: true, ...(await this.keys.retire({ ...what, tenant: whose })) };
  }

  @Post('keys/reseal')
  @Endpoint({
    summary: 'Seal data anew',
    description: 'One step of sealing, under current data keys, what former ones sealed. Ask again until it is done.',
    input: { body: ResealDto },
    scope: 'admin',
    effect: 'write',
    cost: 1,
    reply: ResealedDto,
    failures: [
      ...OPERATORS,
      ...KEY_FAILURES,
      'crypto.sealing_off',
      'cache.store_unavailable',
      'vector.store_unavailable',
      'request.late',
    ],
    audit: ({ body }, { seen, resealed, done }) => ({
      action: 'key.reseal',
      facts: { seen: Number(seen ?? 0), resealed: Number(resealed ?? 0), done: done === true },
      ...inTenant(body),
    }),
  })
  reseal(@Body() { tenant, ...step }: ResealDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    return this.keys.reseal({ ...step, tenant: scopeOf(caller, tenant), signal });
  }

  @Post('tenants/:tenant/shred')
  @Endpoint({
    summary: 'Shred a tenant',
    description:
      'Destroys its data keys, so that nothing sealed under them opens ever again, proves it, deletes what is stored, and gives a signed receipt.',
    input: { params: shredParams },
    scope: 'admin',
    operator: true,
    effect: 'write',
    cost: 50,
    reply: ShreddedDto,
    failures: [...KEY_FAILURES, 'crypto.sealing_off', 'cache.store_unavailable', 'vector.store_unavailable'],
    audit: ({ params }, { receiptId, destroyed }) => ({
      action: 'tenant.shred',
      tenant: String(params.tenant),
      target: String(receiptId ?? ''),
      facts: { ...(destroyed as Record<string, number | boolean> | undefined) },
    }),
  })
  shred(@Param() { tenant }: z.infer<typeof shredParams>) {
    return this.keys.shred(tenant);
  }
}

function inTenant({ tenant }: Record<string, unknown>): { tenant?: string } {
  return typeof tenant === 'string' ? { tenant } : {};
}

function told({ dataKeys, shreddedAt, ...report }: TenantKeysReport) {
  return {
    ...report,
    dataKeys: dataKeys.map(({ tenant: _, createdAt, ...key }) => ({ ...key, createdAt: iso(createdAt) })),
    shreddedAt: shreddedAt === null ? null : iso(shreddedAt),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
