// What an operator may set of Milvus, besides address and key.
import { z } from 'zod';
import { Secret } from '#ports';

export const MilvusOptions = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).username === '', 'holds a user name; give user:password as VECTORDB_API_KEY')
    .default('http://localhost:19530'),
  /** `user:password`, or an API key of Zilliz Cloud. */
  apiKey: z.instanceof(Secret).optional(),
  /**
   * `database`: each tenant has a database of its own, with rights of its own where the operator grants them. A server
   * takes 64 (`rootCoord.maxDatabaseNum`). `collection`: all tenants' collections are in one database, for more tenants
   * and for clouds without databases.
   */
  isolation: z.enum(['database', 'collection']).default('database'),
  /** Where all tenants are under `collection`, and what the health check asks. */
  database: z.string().min(1).default('default'),
  prefix: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]{0,31}$/)
    .default('resk'),
  /** Other levels are faster, and break the promise that a query finds what was written before it. */
  consistency: z.enum(['Strong', 'Session', 'Bounded', 'Eventually']).default('Strong'),
  /** Whether new collections index their texts for BM25. */
  hybrid: z.boolean().default(true),
  analyzer: z.record(z.string(), z.unknown()).default({ type: 'standard' }),
});

export type MilvusOptions = z.output<typeof MilvusOptions>;
