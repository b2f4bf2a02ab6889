// Parts of the options that several providers take.
import { z } from 'zod';
import { type EmbeddingPurpose, Secret } from '#ports';

/** Where a server is called. A key has a setting of its own, which no message shows. */
export function httpUrl() {
  return z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).username === '', 'holds a user name; give the key as EMBEDDING_API_KEY');
}

/**
 * Names of prompts that the model itself holds (`prompts` in its sentence-transformers configuration), by purpose: the
 * server puts them before the texts. They stand instead of EMBEDDING_QUERY_PREFIX and EMBEDDING_DOCUMENT_PREFIX.
 */
export const promptNames = z.strictObject({ query: z.string().optional(), document: z.string().optional() }).optional();

export type PromptNames = z.output<typeof promptNames>;

/** The field of a request that names the prompt of a purpose. */
export function promptFor(prompts: PromptNames, purpose: EmbeddingPurpose | undefined): { prompt_name?: string } {
  const name = purpose && prompts?.[purpose];
  return name === undefined ? {} : { prompt_name: name };
}

export function bearer(apiKey: Secret | undefined): Record<string, Secret> {
  return apiKey ? { authorization: new Secret(`Bearer ${apiKey.reveal()}`) } : {};
}
