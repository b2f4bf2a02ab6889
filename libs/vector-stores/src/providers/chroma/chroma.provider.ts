// The provider `chroma`: a Chroma server of one's own, or Chroma Cloud.
import { z } from 'zod';
import { defineProvider, Secret } from '#ports';
import { HttpClient } from '#resilience';
import { ChromaCollections } from './chroma-collections.js';
import { PROVIDER } from './chroma-failures.js';
import { ChromaRequests } from './chroma-requests.js';
import { ChromaStore } from './chroma-store.js';

/** Chroma Cloud takes 300 records a request, and tells of more. */
const MAX_BATCH = 250;

/** Vectors of a page of 250 with 4,096 dimensions, as decimals, and their texts. */
const MAX_REPLY_BYTES = 64 * 1024 ** 2;

const options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).default('http://localhost:8000'),
  apiKey: z.instanceof(Secret).optional(),
  /** How the key is sent: Chroma Cloud and newer servers read the one, older ones may want the other. */
  keyHeader: z.enum(['x-chroma-token', 'authorization']).default('x-chroma-token'),
  /** Chroma's tenant. Absent: the one that the key belongs to. */
  tenant: z.string().min(1).optional(),
  /** One database for all tenants of this server, which must exist. Absent: one for each, made when needed. */
  database: z.string().min(1).optional(),
});

export const chromaProvider = defineProvider({
  family: 'vector-store',
  name: PROVIDER,
  options,
  open: openChroma,
});

export async function openChroma(
  { url, apiKey, keyHeader, tenant, database }: z.output<typeof options>,
  { signal, now = Date.now }: { signal?: AbortSignal; now?: () => number },
): Promise<ChromaStore> {
  const key = apiKey && (keyHeader === 'authorization' ? new Secret(`Bearer ${apiKey.reveal()}`) : apiKey);
  const headers = key && { headers: { [keyHeader]: key } };
  const http = new HttpClient({ target: PROVIDER, baseUrl: url, ...headers, maxReplyBytes: MAX_REPLY_BYTES });
  const requests = new ChromaRequests(http);
  try {
    const identity = await requests.identity(signal);
    const limits = await requests.limits(signal);
    const collections = new ChromaCollections(requests, { tenant: tenant ?? identity.tenant, database });
    const maxBatch = Math.min(MAX_BATCH, limits.max_batch_size);
    const parts = { requests, collections, maxBatch, base64: limits.supports_base64_encoding, now };
    return new ChromaStore(parts, () => http.close());
  } catch (error) {
    await http.close();
    throw error;
  }
}
