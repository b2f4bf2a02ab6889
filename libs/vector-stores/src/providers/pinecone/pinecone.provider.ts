// The provider `pinecone`: indexes of one's own account, or one index by its host.
import { z } from 'zod';
import { defineProvider, Secret } from '#ports';
import { PineconeCollections } from './pinecone-collections.js';
import { PROVIDER } from './pinecone-failures.js';
import { Freshness } from './pinecone-freshness.js';
import { FixedIndex, OwnIndexes } from './pinecone-indexes.js';
import { PineconeStore } from './pinecone-store.js';

const options = z.strictObject({
  apiKey: z.instanceof(Secret),
  /** The control plane. */
  url: z.url({ protocol: /^https?$/ }).default('https://api.pinecone.io'),
  /** Host of one index for everything, as the console shows it. Absent: indexes are found by name, and made when needed. */
  indexHost: z.string().min(1).optional(),
  /** How the names of our indexes begin. With dimension and metric they have at most 45 letters. */
  index: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,26}$/, 'must be 1 to 27 small letters, digits or hyphens')
    .default('resk'),
  /** Where indexes are made: https://docs.pinecone.io/guides/index-data/create-an-index#cloud-regions */
  cloud: z.enum(['aws', 'gcp', 'azure']).default('aws'),
  region: z.string().min(1).default('us-east-1'),
  /** How long a read waits for the writes of this process to be searched, at most. */
  freshnessMs: z.int().min(0).max(60_000).default(2000),
});

export const pineconeProvider = defineProvider({
  family: 'vector-store',
  name: PROVIDER,
  options,
  open: openPinecone,
});

export async function openPinecone(
  { apiKey, indexHost, freshnessMs, index: prefix, ...where }: z.output<typeof options>,
  { signal, now = Date.now }: { signal?: AbortSignal; now?: () => number },
): Promise<PineconeStore> {
  const indexes =
    indexHost === undefined
      ? new OwnIndexes({ ...where, apiKey, prefix })
      : await FixedIndex.open(indexHost, apiKey, signal);
  try {
    // A wrong key stops the boot. That of a fixed index has been tried already.
    if (indexHost === undefined) await indexes.health(signal);
    const collections = new PineconeCollections(indexes);
    return new PineconeStore({ indexes, collections, freshness: new Freshness(freshnessMs, now), now });
  } catch (error) {
    await indexes.close();
    throw error;
  }
}
