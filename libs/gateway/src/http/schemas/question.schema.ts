// The body and the reply of a question.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import * as field from './fields.js';

export class QuestionDto extends createZodDto(
  z
    .strictObject({
      query: field.query,
      language: field.language.optional(),
      model: field.model.optional(),
      params: field.params.optional(),
      seed: field.seed.optional(),
      ttl: field.ttl.optional().describe('Seconds for which an answer that is retrieved now is kept.'),
      forceRefresh: z
        .boolean()
        .optional()
        .describe(
          'Do not look into the cache; retrieve, and keep what is found, but never over an answer written by hand.',
        ),
      vector: z
        .strictObject({
          k: field.k.optional(),
          threshold: field.threshold.optional(),
          filter: field.filter.optional(),
          collection: field.collection.optional(),
          hybrid: field.hybrid.optional(),
          mmr: field.mmr.optional(),
          rerank: field.rerank.optional(),
          search: field.searchSettings.optional(),
        })
        .optional()
        .describe('How the vector store is asked when the cache does not know.'),
      purpose: field.purpose
        .optional()
        .describe(
          'What the answer is for. Documents with purposes answer only for one of theirs; another purpose is another question.',
        ),
      embedding: z.strictObject({ model: field.model.optional() }).optional(),
    })
    .meta({ example: { query: 'When do you open?' } }),
) {}

const ms = z.number().min(0).describe('Milliseconds.');

export class AnswerDto extends createZodDto(
  z
    .object({
      result: z.unknown().describe('The answer; from the vector store { matches }; null where nothing is near enough.'),
      hit: z.boolean(),
      status: z
        .enum(['hit', 'stale', 'semantic', 'miss'])
        .describe('semantic: the answer to a question that says the same in other words.'),
      source: z.enum(['cache', 'vectordb', 'none']),
      tier: z.enum(['memory', 'sqlite', 'redis']).nullable().describe('Where the cache held the answer.'),
      similarity: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('Of this question and the one that was answered; with status semantic only.'),
      variant: z
        .object({ index: z.int(), id: z.string().optional() })
        .optional()
        .describe('The variant chosen, counted from 0.'),
      key: field.entryKey,
      age: z.int().min(0).describe('Seconds since the answer was kept.'),
      expiresAt: z.iso.datetime().nullable(),
      provenance: field.provenance.optional().describe('Where the answer comes from; absent where there is none.'),
      latencies: z.object({ total: ms, cache: ms, ...field.stepLatencies }).describe('Milliseconds by step.'),
    })
    .meta({
      example: {
        result: { answer: 'At nine.' },
        hit: true,
        status: 'hit',
        source: 'cache',
        tier: 'memory',
        key: 'Zp4mI9kYb3Y2o1cJ1l0mXr0m7k5YdF2cQGm9lqj3u0E',
        age: 12,
        expiresAt: '2026-11-21T09:00:00.000Z',
        provenance: { origin: 'written', model: 'gpt-4o' },
        latencies: { total: 0.05, cache: 0.02 },
      },
    }),
) {}
