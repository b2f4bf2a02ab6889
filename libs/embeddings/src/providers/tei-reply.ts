// The reply of Text Embeddings Inference, which Hugging Face's own service gives too.
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

/** One list of numbers a text, in their order. */
export const Rows = z.array(z.array(z.number()));

export function vectorsOf(rows: readonly (readonly number[])[]): Float32Array[] {
  return rows.map((row) => Float32Array.from(row));
}

/** The tokens that the server counted, which it tells in a header; 0 where it does not. */
export function countedTokens(headers: IncomingHttpHeaders): number {
  const counted = Number(headers['x-compute-tokens']);
  return Number.isSafeInteger(counted) && counted > 0 ? counted : 0;
}
