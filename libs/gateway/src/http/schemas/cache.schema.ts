// Bodies and replies of the cache endpoints.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import * as field from './fields.js';

const strategy = z
  .enum(['random', 'weighted', 'deterministic', 'round-robin'])
  .describe(
    'How a variant is chosen: random, weighted, deterministic by the seed, or in turns. Where absent: weighted with weights, else random.',
  );
const weights = z
  .array(z.number().min(0).max(1_000_000))
  .min(1)
  .max(1000)
  .describe('One weight a variant; at least one above 0.');

type Written = {
  response: unknown;
  variantStrategy?: string | undefined;
  weights?: number[] | undefined;
};

/** The strategy fields may stand beside `response` or inside it; wherever they stand they must fit the variants. */
function checkVariants(body: Written, context: z.RefinementCtx): void {
  for (const { path, message } of variantProblems(body)) context.addIssue({ code: 'custom', path, message });
}

function variantProblems(body: Written): Array<{ path: PropertyKey[]; message: string }> {
  const inside = isRecord(body.response) ? body.response : {};
  const { variants } = inside;
  if (variants === undefined) {
    const message = 'needs response.variants, a list of at least one variant';
    return (['variantStrategy', 'weights'] as const)
      .filter((name) => body[name])
      .map((name) => ({ path: [name], message }));
  }
  if (!Array.isArray(variants) || variants.length === 0 || variants.length > 1000) {
    return [{ path: ['response', 'variants'], message: 'must be a list of 1 to 1,000 variants' }];
  }
  const chosen = strategy.optional().safeParse(body.variantStrategy ?? inside.variantStrategy);
  const given = weights.optional().safeParse(body.weights ?? inside.weights);
  const path = body.weights ? ['weights'] : ['response', 'weights'];
  return [
    ...(chosen.success ? [] : [{ path: ['response', 'variantStrategy'], message: chosen.error.issues[0]!.message }]),
    ...weightProblems(given, variants.length).map((message) => ({ path, message })),
  ];
}

function weightProblems(given: z.ZodSafeParseResult<number[] | undefined>, count: number): string[] {
  if (!given.success) return [given.error.issues[0]!.message];
  if (!given.data) return [];
  return [
    ...(given.data.length === count ? [] : [`must hold ${count} weights, one a variant`]),
    ...(given.data.some((one) => one > 0) ? [] : ['must hold at least one weight above 0']),
  ];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const written = z
  .strictObject({
    query: field.query,
    response: field.json.describe('The answer: any JSON value. With a list `variants` in it, one of them is served.'),
    ttl: field.ttl.optional(),
    staleTtl: field.staleTtl.optional(),
    language: field.language.optional(),
    model: field.model.optional(),
    params: field.params.optional(),
    tags: z.array(field.tag).max(32).optional().describe('Names under which the entry can be purged.'),
    subject: field.subject.optional(),
    source: field.source.optional(),
    variantStrategy: strategy.optional(),
    weights: weights.optional(),
    seed: field.seed.optional(),
  })
  .superRefine(checkVariants);

export class WriteDto extends createZodDto(
  written.meta({ example: { query: 'When do you open?', response: { answer: 'At nine.' }, ttl: 3600 } }),
) {}

const moment = z.iso.datetime().describe('ISO 8601, UTC.').meta({ example: '2026-11-21T09:00:00.000Z' });

export class WrittenDto extends createZodDto(
  z.object({
    success: z.literal(true),
    stored: z
      .literal(false)
      .optional()
      .describe('The privacy policy of the tenant keeps such an answer out (skip): nothing was stored.'),
    key: field.entryKey,
    ttl: z.int().describe('Effective TTL in seconds, after the maximum and jitter.').meta({ example: 3600 }),
    createdAt: moment,
    expiresAt: moment,
  }),
) {}

export class WarmUpDto extends createZodDto(
  z
    .strictObject({ entries: z.array(written).min(1).max(1000).describe('Answers, as POST /api/cache takes them.') })
    .meta({
      example: { entries: [{ query: 'When do you open?', response: { answer: 'At nine.' } }] },
    }),
) {}

export class WarmedUpDto extends createZodDto(
  z.object({
    success: z.literal(true),
    written: z
      .int()
      .describe('Answers stored. Those that the privacy policy keeps out do not count.')
      .meta({ example: 1 }),
  }),
) {}

export const purgeQuery = z
  .strictObject({ tag: field.tag.optional(), query: field.query.optional(), subject: field.subject.optional() })
  .refine((one) => Object.values(one).filter((value) => value !== undefined).length <= 1, {
    message: 'name at most one of tag, query, subject',
  });

export class PurgedDto extends createZodDto(
  z.object({
    success: z.literal(true),
    purged: z.int().nullable().describe('Entries purged; null where the store does not know.').meta({ example: 12 }),
  }),
) {}

export const entriesQuery = z.strictObject({
  cursor: z.string().min(1).max(512).optional().describe('Where the page begins, as the page before gave it.'),
  limit: z.coerce.number().int().min(1).max(500).default(50).describe('Entries in the page, at most.'),
});

export const entryParams = z.strictObject({ key: field.entryKey });

const entry = z.object({
  key: field.entryKey,
  createdAt: moment,
  expiresAt: moment,
  staleUntil: moment,
  origin: z.enum(['written', 'vectordb']).describe('Written by a caller, or retrieved from the vector store.'),
  tags: z.array(z.string()),
  provenance: field.provenance,
  bytes: z.int().describe('Size of the answer in bytes.').meta({ example: 42 }),
});

export class EntryDto extends createZodDto(entry) {}

export class EntriesDto extends createZodDto(
  z.object({
    entries: z.array(entry),
    cursor: z.string().nullable().describe('Where the next page begins; null after the last.'),
  }),
) {}
