// Bodies and replies of the vector and embedding endpoints.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import * as field from './fields.js';

const metric = z.enum(['cosine', 'l2', 'dot']);
const name = field.collection.describe('Name of the collection.');
const dimension = z.int().min(1).max(65_536).describe('Numbers in each vector.').meta({ example: 384 });

export class CollectionDto extends createZodDto(
  z
    .strictObject({
      name,
      dimension,
      metric: metric.default('cosine'),
      index: z.record(z.string().max(64), z.number()).optional().describe('Settings of the vendor’s index.'),
    })
    .meta({ example: { name: 'faq', dimension: 384, metric: 'cosine' } }),
) {}

const collection = z.object({
  name,
  dimension,
  metric,
  count: z.int().nullable().describe('Points held, where known.'),
});

export class CollectionInfoDto extends createZodDto(collection) {}

export class CollectionsDto extends createZodDto(z.object({ collections: z.array(collection) })) {}

export class DroppedDto extends createZodDto(z.object({ success: z.literal(true) })) {}

export const collectionParams = z.strictObject({ name });

const document = z
  .strictObject({
    id: field.documentId,
    text: z
      .string()
      .min(1)
      .max(100_000)
      .optional()
      .describe('Embedded where no vector is given, and given back by matches.'),
    vector: field.vector.optional(),
    metadata: field.metadata.optional(),
    ttl: field.ttl.optional().describe('Seconds after which the document is never found again.'),
    subject: field.subject.optional(),
    consent: z
      .boolean()
      .optional()
      .describe('false: kept, but never found, and no longer served from answers made of it.'),
    purposes: z
      .array(field.purpose)
      .min(1)
      .max(32)
      .optional()
      .describe('What it may be used for: only what is asked for one of them finds it. Absent: for anything.'),
    source: field.source.optional(),
    ingestRun: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Name of the run that writes it, to find all that one run has made.'),
  })
  .refine((one) => one.text !== undefined || one.vector !== undefined, { message: 'needs a text or a vector' });

export class DocumentDto extends createZodDto(document) {}

export const ingestQuery = z.strictObject({
  collection: field.collection.optional(),
  run: z.string().min(1).max(200).optional().describe('Name of the run, kept with each document that names none.'),
});

export class IngestedDto extends createZodDto(
  z
    .object({
      rows: z.int().describe('Lines read. upserted + skipped + refused.'),
      upserted: z.int(),
      skipped: z.int().describe('Documents that the privacy policy of the tenant keeps out.'),
      refused: z.int(),
      refusals: z
        .array(z.object({ row: z.int().describe('The first line is 1.'), reason: z.string() }))
        .describe('The first 100 of those that were refused.'),
    })
    .meta({
      example: {
        rows: 2,
        upserted: 1,
        skipped: 0,
        refused: 1,
        refusals: [{ row: 2, reason: 'The JSON is not valid.' }],
      },
    }),
) {}

export class UpsertDto extends createZodDto(
  z.strictObject({ collection: field.collection.optional(), documents: z.array(document).min(1).max(1000) }).meta({
    example: { documents: [{ id: 'faq-17', text: 'We open at nine.', metadata: { category: 'opening' } }] },
  }),
) {}

export class UpsertedDto extends createZodDto(
  z.object({
    upserted: z.int().meta({ example: 1 }),
    skipped: z
      .int()
      .optional()
      .describe('Documents that the privacy policy of the tenant keeps out (skip); absent where there are none.'),
  }),
) {}

export class SearchDto extends createZodDto(
  z
    .strictObject({
      collection: field.collection.optional(),
      text: z.string().min(1).max(field.MAX_QUERY_LENGTH).optional(),
      vector: field.vector.optional(),
      k: field.k.optional(),
      threshold: field.threshold.optional(),
      filter: field.filter.optional(),
      purpose: field.purpose
        .optional()
        .describe('What the matches are for: documents with purposes are found only for one of theirs.'),
      hybrid: field.hybrid.optional(),
      mmr: field.mmr.optional(),
      rerank: field.rerank.optional(),
      search: field.searchSettings.optional(),
    })
    .refine((one) => (one.text === undefined) !== (one.vector === undefined), {
      message: 'needs either a text or a vector',
    })
    .refine((one) => one.text !== undefined || !one.hybrid, { path: ['hybrid'], message: 'needs a text' })
    .refine((one) => one.text !== undefined || !one.rerank, { path: ['rerank'], message: 'needs a text' })
    .meta({ example: { text: 'When do you open?', k: 3 } }),
) {}

export class MatchesDto extends createZodDto(
  z.object({
    matches: z.array(
      z.object({
        id: z.string(),
        score: z
          .number()
          .min(0)
          .max(1)
          .describe('Of the last step that scores: similarity of the vectors, fused with words, or the reranker’s.'),
        text: z.string().optional(),
        metadata: z.record(z.string(), z.unknown()),
        source: z.string().optional(),
        lineage: field.lineage.optional(),
      }),
    ),
    latencies: z.object(field.stepLatencies).describe('Milliseconds by step.'),
  }),
) {}

export class DeleteDto extends createZodDto(
  z
    .strictObject({
      collection: field.collection.optional(),
      ids: z.array(field.documentId).min(1).max(1000).optional(),
      filter: field.filter.optional(),
      subject: field.subject.optional(),
    })
    .refine((one) => [one.ids, one.filter, one.subject].filter((value) => value !== undefined).length === 1, {
      message: 'needs exactly one of ids, filter, subject',
    })
    .meta({ example: { ids: ['faq-17'] } }),
) {}

export class DeletedDto extends createZodDto(z.object({ deleted: z.int().meta({ example: 1 }) })) {}

const input = z.string().min(1).max(100_000);

export class EmbedDto extends createZodDto(
  z
    .strictObject({ input: z.union([input, z.array(input).min(1).max(256)]), model: field.model.optional() })
    .meta({ example: { input: ['When do you open?'] } }),
) {}

export class EmbeddedDto extends createZodDto(
  z.object({
    model: z.string(),
    dimensions: z.int(),
    vectors: z.array(z.array(z.number())),
    usage: z.object({ tokens: z.int().describe('Tokens that the provider counted.') }),
  }),
) {}
