// The fields that several bodies share, each with its limits and an example.
import { z } from 'zod';
import type { Filter, FilterValue, JsonObject, JsonValue } from '#ports';

/** Longest question, in characters. */
export const MAX_QUERY_LENGTH = 10_000;
const MAX_TTL_SECONDS = 365 * 86_400;

/** Any JSON value, null included; the parser has made sure that it is one. */
export const json = z
  .unknown()
  .refine((one) => one !== undefined, 'is required; any JSON value, null included') as z.ZodType<JsonValue>;

const text = (max: number) => z.string().min(1).max(max);

export const query = text(MAX_QUERY_LENGTH)
  .regex(/\S/, 'must hold something other than white space')
  .describe('The question, as the user wrote it.')
  .meta({ example: 'When do you open?' });
export const language = text(35).describe('BCP 47 tag. Another language is another question.').meta({ example: 'en' });
export const model = text(200).describe('Model that the answer is of. Another model is another question.');
export const params = z
  .record(z.string().max(200), json)
  .describe('Parameters that shape the answer, e.g. temperature. Other params are another question.');
export const ttl = z
  .int()
  .min(1)
  .max(MAX_TTL_SECONDS)
  .describe('Seconds for which the answer is fresh.')
  .meta({ example: 3600 });
export const staleTtl = z
  .int()
  .min(0)
  .max(MAX_TTL_SECONDS)
  .describe('Seconds after the TTL for which the answer may still be served, as stale.');
export const seed = text(512)
  .describe('Chooses among deterministic variants.')
  .meta({ example: 'user-7:conversation-3' });
export const subject = text(256).describe('The person whom the data is about.');
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
export const purpose = z
  .string()
  .regex(PLAIN_NAME, 'must be 1 to 128 of letters, digits, . _ : - and begin with a letter or digit')
  .describe('What it is for, in words of the tenant’s own.')
  .meta({ example: 'support' });
export const source = text(1000).describe('Where it comes from, e.g. the name of a file or a URL.');
export const tag = z
  .string()
  .regex(PLAIN_NAME, 'must be 1 to 128 of letters, digits, . _ : - and begin with a letter or digit')
  .describe('Name under which entries are purged together.')
  .meta({ example: 'opening-hours' });
export const entryKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'must be the key of an entry, as a reply gave it')
  .describe('Key of an entry, as replies give it.')
  .meta({ example: 'Zp4mI9kYb3Y2o1cJ1l0mXr0m7k5YdF2cQGm9lqj3u0E' });
export const collection = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'must be 1 to 63 of letters, digits, . _ - and begin with a letter or digit',
  )
  .describe('Name of a collection. Where absent: VECTOR_COLLECTION.')
  .meta({ example: 'default' });
export const k = z.int().min(1).max(1000).describe('Matches at most.').meta({ example: 5 });
export const threshold = z
  .number()
  .min(0)
  .max(1)
  .describe('Smallest score that counts as near enough.')
  .meta({ example: 0.7 });
export const documentId = text(512)
  .describe('Stable name of the document. Writing the same id replaces it.')
  .meta({ example: 'faq-17' });
export const vector = z
  .array(z.number())
  .min(1)
  .max(65_536)
  .describe('Embedding; as many numbers as the collection has dimensions.')
  .meta({ example: [0.1, -0.2, 0.3] });
export const metadata = z
  .record(z.string().min(1).max(200), json)
  .describe('What filters can ask for, and what a match gives back.') as z.ZodType<JsonObject>;

const candidates = z.int().min(1).max(1000).describe('Matches that the step looks at.');
/** How matches are found and ranked beyond the nearness of vectors: `true` takes a step with its defaults, `false` leaves it out. */
export const hybrid = z
  .union([
    z.boolean(),
    z.strictObject({
      alpha: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('Share of the vectors in the score; absent: by reciprocal rank.'),
    }),
  ])
  .describe('Also find by words (BM25). Scores are fused ones. Where absent: VECTOR_HYBRID.')
  .meta({ example: { alpha: 0.5 } });
export const mmr = z
  .union([
    z.boolean(),
    z.strictObject({
      lambda: z.number().min(0).max(1).optional().describe('1: nearness alone; 0: variety alone.'),
      candidates: candidates.optional(),
    }),
  ])
  .describe('Choose matches that are unlike each other (maximal marginal relevance). Where absent: VECTOR_MMR_LAMBDA.')
  .meta({ example: { lambda: 0.7 } });
export const rerank = z
  .union([
    z.boolean(),
    z.strictObject({
      candidates: candidates.optional(),
      threshold: z.number().min(0).max(1).optional().describe('Smallest score of the reranker that counts.'),
    }),
  ])
  .describe('Let the reranker read the candidates; scores are its own. Where absent: VECTOR_RERANK.')
  .meta({ example: true });
export const searchSettings = z
  .record(z.string().min(1).max(64), z.number())
  .describe('Settings of the vendor’s search, e.g. efSearch; those that the vector store does not know are refused.');
const stepMs = z.number().min(0).optional();
/** Milliseconds by step of a retrieval; a step that was not taken is absent. */
export const stepLatencies = { embeddings: stepMs, vectordb: stepMs, rerank: stepMs, mmr: stepMs };

const names = z.array(z.string()).optional();
/** How a document came to be, as replies tell it. */
export const lineage = z
  .object({
    ingestRun: z.string().optional().describe('The run that wrote it.'),
    provider: z.string().optional(),
    model: z.string().optional().describe('The model that embedded it; absent where its writer brought the vector.'),
    version: z.string().optional(),
    normalised: z.boolean().optional().describe('Whether the model gave the vector unit length; absent: not known.'),
    ingestedAt: z.iso.datetime(),
  })
  .describe('How the document came to be.');
/** Where an answer comes from, as replies tell it. */
export const provenance = z
  .object({
    origin: z.enum(['written', 'vectordb']).describe('Written by a caller, or retrieved from the vector store.'),
    model: z.string().optional().describe('The model that a written answer is of, or that embedded a retrieved one.'),
    version: z.string().optional(),
    collection: z.string().optional(),
    sources: names.describe('Sources of the documents, or of the written answer; 32 at most.'),
    runs: names.describe('Ingest runs that wrote the documents; 32 at most.'),
  })
  .describe('Where the answer comes from.');

const value = z.union([z.string().max(1000), z.number(), z.boolean()]);
const bound = z.union([z.string().max(1000), z.number()]);
const values = z.array(value).min(1).max(1000);
const comparisons = z
  .strictObject({ eq: value, ne: value, in: values, nin: values, gt: bound, gte: bound, lt: bound, lte: bound })
  .partial()
  .refine((one) => Object.keys(one).length > 0, 'must name a comparison: eq, ne, in, nin, gt, gte, lt, lte');

export type FieldFilter = FilterValue | z.infer<typeof comparisons>;
export type WireFilter = { [field: string]: FieldFilter | WireFilter | WireFilter[] };
const MAX_FILTER_DEPTH = 8;

/** As it stands on the wire: fields with a value or comparisons, all of which must hold; `and`, `or`, `not` combine. */
const wireFilter: z.ZodType<WireFilter> = z
  .record(z.string().min(1).max(200), z.unknown())
  .describe('Fields with a value or comparisons (eq, ne, in, nin, gt, gte, lt, lte); and, or, not combine filters.')
  .meta({
    example: { category: 'opening', year: { gte: 2024 }, or: [{ language: 'en' }, { language: 'fr' }] },
  }) as never;

export const filter = wireFilter.transform((given, context): Filter => {
  try {
    return filterOf(given, [], 0);
  } catch (error) {
    if (!(error instanceof FilterProblem)) throw error;
    context.addIssue({ code: 'custom', path: error.path, message: error.message });
    return z.NEVER;
  }
});

class FilterProblem extends Error {
  constructor(
    readonly path: PropertyKey[],
    message: string,
  ) {
    super(message);
  }
}

function filterOf(given: unknown, path: PropertyKey[], depth: number): Filter {
  if (depth > MAX_FILTER_DEPTH)
    throw new FilterProblem(path, `must not nest more than ${MAX_FILTER_DEPTH} levels deep`);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new FilterProblem(path, 'must be a filter object');
  const parts = Object.entries(given).map(([name, one]) => partOf(name, one, [...path, name], depth));
  if (parts.length === 0) throw new FilterProblem(path, 'must name at least one field');
  return parts.length === 1 ? parts[0]! : { op: 'and', filters: parts };
}

function partOf(name: string, given: unknown, path: PropertyKey[], depth: number): Filter {
  if (name === 'not') return { op: 'not', filter: filterOf(given, path, depth + 1) };
  if (name === 'and' || name === 'or') {
    if (!Array.isArray(given) || given.length === 0) throw new FilterProblem(path, 'must be a list of filters');
    return { op: name, filters: given.map((one, index) => filterOf(one, [...path, index], depth + 1)) };
  }
  const plain = value.safeParse(given);
  if (plain.success) return { op: 'eq', field: name, value: plain.data };
  const compared = comparisons.safeParse(given);
  if (!compared.success) throw new FilterProblem(path, compared.error.issues[0]!.message);
  const conditions = Object.entries(compared.data).map(([op, one]) => conditionOf(name, op, one));
  return conditions.length === 1 ? conditions[0]! : { op: 'and', filters: conditions };
}

function conditionOf(field: string, op: string, given: unknown): Filter {
  if (op === 'in' || op === 'nin') return { op, field, values: given as FilterValue[] };
  return { op: op as 'eq', field, value: given as FilterValue };
}
