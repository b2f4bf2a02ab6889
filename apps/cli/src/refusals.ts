// What a server's refusal of a batch says of single items.
import { Failure, type FailureCode } from '#ports';

/** Codes that are about one item of a batch without saying which. */
export const ABOUT_ONE_ITEM: readonly FailureCode[] = [
  'embedding.input_refused',
  'vector.dimension_mismatch',
  'vector.vector_invalid',
  'vector.input_refused',
  'cache.entry_too_large',
  'privacy.refused',
  'request.too_large',
];

/** The problems of a refused body that are about one item of its `list`, by position. */
export function problemsByPosition(error: unknown, list: string): Map<number, string> {
  const found = new Map<number, string>();
  const problems = error instanceof Failure && error.kind === 'invalid' ? (error.problems ?? []) : [];
  const place = new RegExp(`^${list}[.[](\\d+)\\]?\\.?(.*)$`);
  for (const { path, message } of problems) {
    const at = place.exec(path);
    if (at) found.set(Number(at[1]), [at[2], message].filter(Boolean).join(': '));
  }
  return found;
}
