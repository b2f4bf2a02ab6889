// What an operator may set: VECTORDB_URL, VECTORDB_API_KEY (the password), and the members of VECTORDB_OPTIONS.
import { Secret } from 'resk-caching/ports';
import { z } from 'zod';

export const optionsSchema = z.strictObject({
  /** `postgres://user@host:5432/database?sslmode=verify-full`. */
  url: z.url({ protocol: /^postgres(ql)?$/ }),
  /** The password, where the URL holds none. */
  apiKey: z.union([z.instanceof(Secret), z.string().transform((text) => new Secret(text))]).optional(),
  /** The schema that holds the tables; made when absent. */
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,39}$/, 'must be small letters, digits and underscores')
    .default('resk'),
  maxConnections: z.int().min(1).max(500).default(10),
  connectTimeoutMs: z.int().min(1).default(5000),
  /** The server ends a statement after this long, also where its caller has gone. */
  statementTimeoutMs: z.int().min(1).default(60_000),
  /** How often documents past their end are removed. 0: only when others are written. */
  sweepIntervalMs: z.int().min(0).default(600_000),
});

export type PgvectorOptions = z.output<typeof optionsSchema>;
