// The door of the operator's documents and their vectors.
import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Caller } from '#auth';
import type { CollectionInfo, FailureCode } from '#ports';
import { BulkIntake, type Document, DocumentsService, givenMatch, KnowledgeService, type Line } from '#query';
import { Endpoint } from '../endpoint.js';
import { CalledBy, Lines, PartMs, Until } from './caller.decorator.js';
import type { ReadLine } from './lines.js';
import { REFINEMENT_FAILURES } from './refinement-failures.js';
import {
  CollectionDto,
  CollectionInfoDto,
  CollectionsDto,
  collectionParams,
  DeleteDto,
  DeletedDto,
  DocumentDto,
  DroppedDto,
  EmbedDto,
  EmbeddedDto,
  IngestedDto,
  ingestQuery,
  MatchesDto,
  SearchDto,
  UpsertDto,
  UpsertedDto,
} from './schemas/vectors.schema.js';

const STORE_FAILURES: readonly FailureCode[] = ['vector.store_disabled', 'vector.store_unavailable', 'request.late'];
const EMBEDDING_FAILURES: readonly FailureCode[] = [
  'embedding.input_refused',
  'embedding.provider_failed',
  'tenant.crowded',
];

const described = ({ name, dimension, metric, count }: CollectionInfo) => ({
  name,
  dimension,
  metric,
  count: count ?? null,
});

@ApiTags('vectors')
@Controller('api')
export class VectorsController {
  constructor(
    private readonly knowledge: KnowledgeService,
    private readonly documents: DocumentsService,
    private readonly bulk: BulkIntake,
  ) {}

  @Post('vectors/collections')
  @Endpoint({
    summary: 'Make a collection',
    description: 'An existing collection of the same form is left as it is.',
    input: { body: CollectionDto },
    scope: 'vectors:write',
    effect: 'write',
    cost: 1,
    reply: CollectionInfoDto,
    failures: ['vector.collection_conflict', ...STORE_FAILURES],
  })
  async open(@Body() { name, ...spec }: CollectionDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    return described(await this.knowledge.openCollection(name, spec, caller.tenant, { signal }));
  }

  @Get('vectors/collections')
  @Endpoint({
    summary: 'List collections',
    input: {},
    scope: 'vectors:read',
    cost: 1,
    reply: CollectionsDto,
    failures: STORE_FAILURES,
  })
  async collections(@CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    return { collections: (await this.knowledge.collections(caller.tenant, { signal })).map(described) };
  }

  @Delete('vectors/collections/:name')
  @Endpoint({
    summary: 'Drop a collection',
    input: { params: collectionParams },
    scope: 'vectors:write',
    effect: 'write',
    cost: 1,
    reply: DroppedDto,
    failures: ['vector.collection_absent', ...STORE_FAILURES],
    audit: ({ params }) => ({ action: 'vectors.drop', target: String(params.name) }),
  })
  async drop(
    @Param() { name }: z.infer<typeof collectionParams>,
    @CalledBy() caller: Caller,
    @Until() signal: AbortSignal,
  ) {
    await this.documents.dropCollection(name, caller.tenant, { signal });
    return { success: true };
  }

  @Post('vectors/upsert')
  @Endpoint({
    summary: 'Write documents',
    description: 'Embeds what has no vector, and writes. The collection is made when it is absent.',
    input: { body: UpsertDto },
    scope: 'vectors:write',
    effect: 'write',
    cost: 1,
    reply: UpsertedDto,
    failures: [
      'vector.dimension_mismatch',
      'vector.vector_invalid',
      'privacy.refused',
      'privacy.erased_meanwhile',
      ...EMBEDDING_FAILURES,
      ...STORE_FAILURES,
    ],
  })
  async upsert(@Body() body: UpsertDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    return this.documents.upsert(body.documents, body.collection, caller.tenant, { signal });
  }

  @Post('vectors/ingest')
  @Endpoint({
    summary: 'Write documents, line by line',
    description:
      'Reads documents as NDJSON, one a line, and writes them in batches as they come; no more is read than can be written. A line that is no document is reported, and the others are taken in. Where the store or the embedder fails, the problem says with which line to go on.',
    input: { query: ingestQuery, lines: DocumentDto },
    scope: 'vectors:write',
    effect: 'write',
    cost: 10,
    reply: IngestedDto,
    failures: [
      'request.slow',
      'idempotency.unsupported',
      'privacy.erased_meanwhile',
      ...EMBEDDING_FAILURES,
      ...STORE_FAILURES,
    ],
  })
  async ingest(
    @Query() { collection, run }: z.infer<typeof ingestQuery>,
    @Lines() lines: AsyncIterable<ReadLine<Document>>,
    @PartMs() batchMs: number,
    @CalledBy() caller: Caller,
  ) {
    return this.bulk.ingest(documentLines(lines), caller.tenant, { collection, run, batchMs });
  }

  @Post('vectors/query')
  @Endpoint({
    summary: 'Search documents',
    input: { body: SearchDto },
    scope: 'vectors:read',
    cost: 1,
    reply: MatchesDto,
    failures: [
      'vector.collection_absent',
      'vector.dimension_mismatch',
      'vector.vector_invalid',
      'vector.filter_unsupported',
      ...REFINEMENT_FAILURES,
      'privacy.refused',
      ...EMBEDDING_FAILURES,
      ...STORE_FAILURES,
    ],
  })
  async search(@Body() body: SearchDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    const { matches, latencies } = await this.knowledge.search(body, caller.tenant, { signal });
    return { matches: matches.map(givenMatch), latencies };
  }

  @Post('vectors/delete')
  @Endpoint({
    summary: 'Delete documents',
    input: { body: DeleteDto },
    scope: 'vectors:write',
    effect: 'write',
    cost: 1,
    reply: DeletedDto,
    failures: ['vector.collection_absent', 'vector.filter_unsupported', ...STORE_FAILURES],
    audit: ({ body }, { deleted }) => ({
      action: 'vectors.delete',
      target: `${body.collection ?? 'default'}: ${['ids', 'filter', 'subject'].find((name) => body[name] !== undefined)}`,
      facts: { deleted: (deleted as number | undefined) ?? null },
    }),
  })
  async delete(
    @Body() { collection, ...selector }: DeleteDto,
    @CalledBy() caller: Caller,
    @Until() signal: AbortSignal,
  ) {
    return { deleted: await this.documents.delete(selector, collection, caller.tenant, { signal }) };
  }

  @Post('embeddings')
  @Endpoint({
    summary: 'Embed texts',
    input: { body: EmbedDto },
    scope: 'embeddings',
    cost: 1,
    reply: EmbeddedDto,
    failures: ['embedding.model_unknown', 'request.late', ...EMBEDDING_FAILURES],
  })
  async embed(@Body() { input, model }: EmbedDto, @CalledBy() caller: Caller, @Until() signal: AbortSignal) {
    const { vectors, tokens, ...about } = await this.knowledge.embed([input].flat(), model, caller.tenant, { signal });
    return { ...about, vectors: vectors.map((one) => Array.from(one)), usage: { tokens } };
  }
}

async function* documentLines(lines: AsyncIterable<ReadLine<Document>>): AsyncGenerator<Line> {
  for await (const line of lines) yield 'value' in line ? { row: line.row, document: line.value } : line;
}
