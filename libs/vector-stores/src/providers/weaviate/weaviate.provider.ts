// The provider `weaviate`: a Weaviate server of v1.25 or newer, by its REST and its GraphQL.
import { z } from 'zod';
import { defineProvider, Secret } from '#ports';
import { HttpClient } from '#resilience';
import { WeaviateCollections } from './weaviate-collections.js';
import { PROVIDER } from './weaviate-failures.js';
import { WeaviateRequests } from './weaviate-requests.js';
import { WeaviateStore } from './weaviate-store.js';

/** A page of 1,000 points with vectors of some thousand numbers. */
const MAX_REPLY_BYTES = 256 * 1024 ** 2;

const Options = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).username === '', 'holds a user name; give the key as VECTORDB_API_KEY')
    .default('http://localhost:8080'),
  apiKey: z.instanceof(Secret).optional(),
  /** Begins the names of the classes that are ours: two servers with different ones share a Weaviate unseen. */
  classPrefix: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]{0,19}$/, 'must be a capital, then at most 19 letters and digits')
    .default('Resk'),
  /** How many replicas take part in an answer or a write. The server decides where it is absent. */
  consistency: z.enum(['ONE', 'QUORUM', 'ALL']).optional(),
  /** Copies of each shard, for classes that are made from now on. */
  replicas: z.int().min(1).max(100).optional(),
});

export const weaviateProvider = defineProvider({
  family: 'vector-store',
  name: PROVIDER,
  options: Options,
  // Nothing is called here: a database that is down, or too old, keeps the health check red, and not the server from starting.
  open: async ({ url, apiKey, classPrefix, consistency, replicas }: z.output<typeof Options>) => {
    const headers = apiKey && { authorization: new Secret(`Bearer ${apiKey.reveal()}`) };
    const http = new HttpClient({
      target: PROVIDER,
      baseUrl: url,
      ...(headers && { headers }),
      maxReplyBytes: MAX_REPLY_BYTES,
    });
    const requests = new WeaviateRequests(http, consistency);
    const collections = new WeaviateCollections(requests, { classPrefix, replicas });
    return new WeaviateStore({ requests, collections, now: Date.now });
  },
});
