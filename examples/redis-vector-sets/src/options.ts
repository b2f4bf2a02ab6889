// What an operator may set: VECTORDB_URL, VECTORDB_API_KEY (the password), and the members of VECTORDB_OPTIONS.
import { Secret } from 'resk-caching/ports';
import { z } from 'zod';

export const optionsSchema = z.strictObject({
  /** `redis://user@host:6379/0`, or `rediss:` over TLS. */
  url: z.url({ protocol: /^rediss?$/ }).default('redis://localhost:6379'),
  /** The password, where the URL holds none. */
  apiKey: z.union([z.instanceof(Secret), z.string().transform((text) => new Secret(text))]).optional(),
  /** Begins every key. */
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 letters, digits, hyphens or underscores')
    .default('resk-vectors'),
  /**
   * How vectors lie in the graph: `none` as they are (4 bytes a number), `q8` (1 byte), `bin` (1 bit). Of new collections.
   * Scores are exact in any case: they are computed from the vectors that are stored beside.
   */
  quantisation: z.enum(['none', 'q8', 'bin']).default('none'),
  /** Compares with every vector instead of walking the graph: exact, and slow for many. */
  exact: z.boolean().default(false),
  connectTimeoutMs: z.int().min(1).default(5000),
});

export type RedisVectorOptions = z.output<typeof optionsSchema>;
