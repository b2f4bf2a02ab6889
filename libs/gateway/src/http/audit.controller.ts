// The door of the audit log: read by the operator, written by nobody.
import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { AuditLog } from '#observability';
import { Endpoint } from '../endpoint.js';
import { AuditPageDto, auditQuery } from './schemas/audit.schema.js';

@ApiTags('administration')
@Controller('api/admin')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get('audit')
  @Endpoint({
    summary: 'Read the audit log',
    description: 'Page by page, in order, for `resk audit verify` and for keeping it elsewhere.',
    input: { query: auditQuery },
    scope: 'admin',
    operator: true,
    cost: 5,
    reply: AuditPageDto,
    failures: ['records.unavailable'],
  })
  async page(@Query() { from, limit }: z.infer<typeof auditQuery>) {
    const lines = await this.log.page(from, limit);
    return { lines, next: lines.length < limit ? null : from + lines.length };
  }
}
