// The door of answers written by hand, and of what the cache holds.
import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Caller } from '#auth';
import type { FailureCode } from '#ports';
import { AnswersService } from '#query';
import { Endpoint } from '../endpoint.js';
import { CalledBy, Until } from './caller.decorator.js';
import { entriesReply, entryReply, writtenReply } from './entry-reply.js';
import {
  EntriesDto,
  EntryDto,
  entriesQuery,
  entryParams,
  PurgedDto,
  purgeQuery,
  WarmedUpDto,
  WarmUpDto,
  WriteDto,
  WrittenDto,
} from './schemas/cache.schema.js';

const WRITE_FAILURES: readonly FailureCode[] = [
  'cache.entry_too_large',
  'cache.not_kept',
  'privacy.refused',
  'privacy.erased_meanwhile',
  'request.late',
];

@ApiTags('cache')
@Controller('api/cache')
export class CacheController {
  constructor(private readonly answers: AnswersService) {}

  @Post()
  @Endpoint({
    summary: 'Write an answer',
    input: { body: WriteDto },
    scope: 'cache:write',
    effect: 'write',
    cost: 1,
    reply: WrittenDto,
    failures: WRITE_FAILURES,
  })
  async write(@Body() body: WriteDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    return writtenReply(await this.answers.write(body, caller, signal));
  }

  @Post('warmup')
  @Endpoint({
    summary: 'Write many answers',
    input: { body: WarmUpDto },
    scope: 'cache:write',
    effect: 'write',
    cost: 10,
    reply: WarmedUpDto,
    failures: WRITE_FAILURES,
  })
  async warmUp(@Body() { entries }: WarmUpDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    return { success: true, written: await this.answers.warmUp(entries, caller, signal) };
  }

  @Delete()
  @Endpoint({
    summary: 'Purge the cache',
    description: 'Purges all entries of the caller’s tenant, or those of one tag, question or subject.',
    input: { query: purgeQuery },
    scope: 'cache:purge',
    effect: 'write',
    cost: 1,
    reply: PurgedDto,
    failures: ['cache.store_unavailable', 'privacy.refused', 'request.late'],
    audit: ({ query }, { purged }) => ({
      action: 'cache.purge',
      target: Object.keys(query)[0] ?? 'tenant',
      facts: { purged: (purged as number | null | undefined) ?? null },
    }),
  })
  async purge(@Query() selector: z.infer<typeof purgeQuery>, @CalledBy() caller: Caller) {
    return { success: true, purged: await this.answers.purge(selector, caller) };
  }

  @Get('entries')
  @Endpoint({
    summary: 'List entries',
    description: 'Metadata only, page by page: no question and no answer.',
    input: { query: entriesQuery },
    scope: 'cache:read',
    cost: 5,
    reply: EntriesDto,
    failures: ['cache.store_unavailable', 'request.late'],
  })
  async entries(@Query() page: z.infer<typeof entriesQuery>, @CalledBy() caller: Caller) {
    return entriesReply(await this.answers.entries(page, caller));
  }

  @Get('entries/:key')
  @Endpoint({
    summary: 'Describe an entry',
    input: { params: entryParams },
    scope: 'cache:read',
    cost: 1,
    reply: EntryDto,
    failures: ['cache.entry_absent', 'request.late'],
  })
  async entry(@Param() { key }: z.infer<typeof entryParams>, @CalledBy() caller: Caller) {
    return entryReply(await this.answers.entry(key, caller));
  }

  @Delete('entries/:key')
  @Endpoint({
    summary: 'Forget an entry',
    input: { params: entryParams },
    scope: 'cache:purge',
    effect: 'write',
    cost: 1,
    reply: PurgedDto,
    failures: ['cache.entry_absent', 'cache.store_unavailable', 'request.late'],
    audit: ({ params }) => ({ action: 'cache.forget', target: String(params.key) }),
  })
  async forget(@Param() { key }: z.infer<typeof entryParams>, @CalledBy() caller: Caller) {
    await this.answers.forget(key, caller);
    return { success: true, purged: 1 };
  }
}
