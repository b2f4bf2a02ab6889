// Sends a batch so that one bad item does not cost its neighbours: the server names it, or halving the batch finds it.
import { Failure, type FailureCode } from '#ports';

export interface Sending<T> {
  /** Name of the list in the body, as the paths of problems name it. */
  list: string;
  /** Sends items; what it throws is looked into. */
  send(items: readonly T[]): Promise<void>;
  refuse(item: T, reason: string): void;
}

/** Codes that are about one item of a batch without saying which. */
const ABOUT_ONE_ITEM: readonly FailureCode[] = [
  'embedding.input_refused',
  'vector.dimension_mismatch',
  'vector.vector_invalid',
  'vector.input_refused',
  'cache.entry_too_large',
  'privacy.refused',
  'request.too_large',
];

/** @throws What `send` throws where it is not about single items. */
export async function sendApart<T>(items: readonly T[], sending: Sending<T>): Promise<void> {
  if (items.length === 0) return;
  try {
    await sending.send(items);
  } catch (error) {
    await withoutGuilty(items, error, sending);
  }
}

async function withoutGuilty<T>(items: readonly T[], error: unknown, sending: Sending<T>): Promise<void> {
  const named = problemsByPosition(error, sending.list);
  if (named.size > 0) {
    for (const [at, reason] of named) if (items[at] !== undefined) sending.refuse(items[at], reason);
    return sendApart(
      items.filter((_, at) => !named.has(at)),
      sending,
    );
  }
  if (!(error instanceof Failure) || !ABOUT_ONE_ITEM.includes(error.code)) throw error;
  if (items.length === 1) return sending.refuse(items[0]!, error.message);
  const half = Math.ceil(items.length / 2);
  await sendApart(items.slice(0, half), sending);
  await sendApart(items.slice(half), sending);
}

/** The problems of a refused body that are about one item, by its position in the batch. */
function problemsByPosition(error: unknown, list: string): Map<number, string> {
  const found = new Map<number, string>();
  const problems = error instanceof Failure && error.kind === 'invalid' ? (error.problems ?? []) : [];
  const place = new RegExp(`^${list}[.[](\\d+)\\]?\\.?(.*)$`);
  for (const { path, message } of problems) {
    const at = place.exec(path);
    if (at) found.set(Number(at[1]), [at[2], message].filter(Boolean).join(': '));
  }
  return found;
}
