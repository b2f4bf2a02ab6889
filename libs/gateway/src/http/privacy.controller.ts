// The door of a person's rights and of a tenant's policy.
import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Caller } from '#auth';
import { KeyNames, Signer } from '#crypto';
import type { FailureCode } from '#ports';
import { PoliciesService, PrivacyService } from '#query';
import { Endpoint } from '../endpoint.js';
import { CalledBy, Until } from './caller.decorator.js';
import { policyOf, policyReply } from './privacy-reply.js';
import {
  ExportDto,
  exportQuery,
  JwksDto,
  PolicyDto,
  PolicyReplyDto,
  ReceiptDto,
  subjectParams,
} from './schemas/privacy.schema.js';

const KEEPER_FAILURES: readonly FailureCode[] = [
  'cache.store_unavailable',
  'vector.store_unavailable',
  'records.unavailable',
  'request.late',
];

@ApiTags('privacy')
@Controller('api/privacy')
export class PrivacyController {
  constructor(
    private readonly privacy: PrivacyService,
    private readonly policies: PoliciesService,
    private readonly signer: Signer,
    private readonly names: KeyNames,
  ) {}

  @Get('subjects/:subject')
  @Endpoint({
    summary: 'Export what is kept about a person',
    description: 'Page by page: cached answers, documents with their vectors, replies kept for repetition.',
    input: { params: subjectParams, query: exportQuery },
    scope: 'privacy',
    cost: 10,
    reply: ExportDto,
    failures: KEEPER_FAILURES,
    audit: ({ query }, { subjectDigest, items }) => ({
      action: 'privacy.export',
      target: told(subjectDigest),
      facts: { items: Array.isArray(items) ? items.length : null, first: query.cursor === undefined },
    }),
  })
  async export(
    @Param() { subject }: z.infer<typeof subjectParams>,
    @Query() { cursor, limit }: z.infer<typeof exportQuery>,
    @CalledBy() caller: Caller,
    @Until() signal: AbortSignal,
  ) {
    const page = await this.privacy.export(subject, { cursor, limit, signal }, caller);
    return { subject, subjectDigest: this.names.digest(subject), items: page.items, cursor: page.cursor ?? null };
  }

  @Delete('subjects/:subject')
  @Endpoint({
    summary: 'Erase a person',
    description:
      'Erases what the tenant keeps about a person from every store and the memory of every instance. The reply is a signed receipt.',
    input: { params: subjectParams },
    scope: 'privacy',
    effect: 'write',
    cost: 10,
    reply: ReceiptDto,
    failures: KEEPER_FAILURES,
    audit: (_, { receiptId, erased }) => ({
      action: 'privacy.erase',
      target: told(receiptId),
      facts: { ...(erased as Record<string, number> | undefined) },
    }),
  })
  async erase(
    @Param() { subject }: z.infer<typeof subjectParams>,
    @CalledBy() caller: Caller,
    @Until() signal: AbortSignal,
  ) {
    return this.privacy.erase(subject, caller, { signal });
  }

  @Get('policy')
  @Endpoint({
    summary: 'Read the privacy policy',
    description: 'What the tenant has set, and what holds.',
    input: {},
    scope: 'privacy',
    cost: 1,
    reply: PolicyReplyDto,
    audit: () => ({ action: 'privacy.policy.read' }),
  })
  async policy(@CalledBy() { tenant }: Caller) {
    return policyReply(this.policies.of(tenant));
  }

  @Put('policy')
  @Endpoint({
    summary: 'Replace the privacy policy',
    description:
      'Sets how old data may grow and what becomes of what detectors find, in place of what the tenant has set before, and purges the tenant’s cache.',
    input: { body: PolicyDto },
    scope: 'admin',
    effect: 'write',
    cost: 5,
    reply: PolicyReplyDto,
    failures: ['records.unavailable', 'cache.store_unavailable', 'request.late'],
    audit: ({ body: { retention, detection } }) => ({
      action: 'privacy.policy.set',
      facts: { retention: JSON.stringify(retention ?? {}), detection: JSON.stringify(detection ?? {}) },
    }),
  })
  async setPolicy(@Body() body: PolicyDto, @CalledBy() { tenant }: Caller) {
    return policyReply(await this.policies.set(tenant, policyOf(body)));
  }

  @Get('receipt-keys')
  @Endpoint({
    summary: 'Public keys of receipts and of the audit log',
    description: 'A JSON Web Key Set. Keep a copy elsewhere: with it, receipts are checked without the server.',
    input: {},
    scope: 'token',
    cost: 1,
    reply: JwksDto,
    failures: ['records.unavailable'],
  })
  async receiptKeys() {
    return { keys: await this.signer.publicKeys() };
  }
}

function told(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
