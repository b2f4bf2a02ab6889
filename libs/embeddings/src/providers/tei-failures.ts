// What the refusals of Text Embeddings Inference mean. https://huggingface.github.io/text-embeddings-inference
import { z } from 'zod';
import { type Meaning, parsed } from './vendor-failures.js';

const Complaint = z.object({ error: z.string(), error_type: z.string() }).partial();

/**
 * 413 Validation: a text is longer than the model reads, or there are too many; 422 Tokenizer: a text cannot be read;
 * 400 Empty; 424 Backend: the model failed, or makes no embeddings; 429 Overloaded; 503 Unhealthy. Which text is never said.
 * Where an API key is set, 401 without a body.
 */
const INPUT: ReadonlySet<number> = new Set([400, 413, 422]);

export function teiMeaning(status: number, body: string, count: number): Meaning {
  if (status === 401 || status === 403) return 'unauthorised';
  if (INPUT.has(status) && !isAboutPrompts(body)) return { refusedInput: count === 1 ? 0 : 'unknown' };
  const { error_type: sort } = Complaint.safeParse(parsed(body)).data ?? {};
  return { reason: /^\w{1,32}$/.test(sort ?? '') ? `status ${status}, ${sort}` : `status ${status}` };
}

/** An unknown `prompt_name`, or more `dimensions` than there are, is no fault of the text. */
function isAboutPrompts(body: string): boolean {
  return /\bprompts?\b|`?dimensions`?/i.test(Complaint.safeParse(parsed(body)).data?.error ?? '');
}
