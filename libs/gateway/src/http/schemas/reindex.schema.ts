// What is asked and told of moving documents to another model, and of the drift of a model.
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { TENANT } from '#auth';
import * as field from './fields.js';

const tenant = z
  .string()
  .regex(TENANT, 'must be 1 to 64 of A-Z a-z 0-9 . _ -')
  .describe('Documents of this tenant. Where absent: of all, or the caller’s own.')
  .meta({ example: 'north' });
const collection = field.collection.describe('This collection. Where absent: all.');
const whole = z.number().int().min(0);
const scope = { tenant: tenant.optional(), collection: collection.optional() };

export const reindexQuery = z.strictObject(scope);

export class ReindexEstimateDto extends createZodDto(
  z
    .object({
      provider: z.string(),
      model: z.string().describe('The model of now.'),
      collections: z.array(z.object({ tenant: z.string(), collection: z.string(), documents: whole, tokens: whole })),
      documents: whole.describe('Documents of other models.'),
      tokens: whole.describe('What embedding them would take, about: the provider counts otherwise.'),
      money: z.string().nullable().describe('What that would cost; `null` where there is no price.'),
      currency: z.string().nullable(),
    })
    .meta({ id: 'ReindexEstimate' }),
) {}

export class ReindexDto extends createZodDto(
  z
    .strictObject({
      ...scope,
      limit: z.number().int().min(1).max(10_000).default(200).describe('Documents looked at, about.'),
      restart: z.boolean().default(false).describe('Forgets how far an earlier run came; what it moved stays moved.'),
    })
    .meta({ example: { collection: 'default', limit: 200 } }),
) {}

const left = z.object({
  no_text: whole.describe('They have no text.'),
  refused: whole.describe('The model refused them.'),
  unreadable: whole.describe('They do not open.'),
});

export class ReindexedDto extends createZodDto(
  z
    .object({
      done: z.boolean().describe('Whether all is done; else ask again.'),
      total: whole.describe('Documents of other models, as they were counted in the beginning.'),
      seen: whole.describe('Documents gone through in this run.'),
      moved: whole.describe('Those of them that the model of now has embedded.'),
      left: left.describe('Those that stay as they are: not found by a text, but kept, listed and counted.'),
      examples: z
        .array(z.object({ tenant: z.string(), collection: z.string(), id: z.string(), reason: z.string() }))
        .describe('The first of those.'),
      tokens: whole.describe('Tokens that the provider has counted.'),
      collectionsDone: whole,
    })
    .meta({ id: 'Reindexed' }),
) {}

export class DriftDto extends createZodDto(z.strictObject(scope)) {}

export class DriftCheckedDto extends createZodDto(
  z
    .object({
      drifted: z.boolean().describe('Whether any collection has drifted.'),
      collections: z.array(
        z.object({
          tenant: z.string(),
          collection: z.string(),
          sampled: whole.describe('Documents that were embedded again.'),
          similarity: z.number().describe('Mean cosine of their new and their stored vectors.'),
          threshold: z.number(),
          drifted: z.boolean(),
        }),
      ),
    })
    .meta({ id: 'DriftChecked' }),
) {}
