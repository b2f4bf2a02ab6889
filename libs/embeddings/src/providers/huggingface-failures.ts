// What the refusals of Hugging Face's service mean. https://huggingface.co/docs/inference-providers
import { z } from 'zod';
import { teiMeaning } from './tei-failures.js';
import { type Meaning, parsed } from './vendor-failures.js';

/** Seconds until a model that is being loaded answers (https://huggingface.co/docs/api-inference/faq). */
const Loading = z.object({ estimated_time: z.number().min(0) });

/**
 * The models run under Text Embeddings Inference, whose refusals come through. Of the service itself: 402 where the
 * credits of the month are spent, 404 for a model that it does not run, 503 for one that it loads.
 */
export function huggingFaceMeaning(status: number, body: string, count: number): Meaning {
  if (status === 402) return 'exhausted';
  if (status === 404) return { reason: 'status 404, no such model is served for feature extraction' };
  const loading = Loading.safeParse(parsed(body));
  if (status !== 503 || !loading.success) return teiMeaning(status, body, count);
  return { reason: 'status 503, the model is being loaded', retryAfterMs: loading.data.estimated_time * 1000 };
}
