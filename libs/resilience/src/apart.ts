// Does work over many items at once so that one bad item does not cost its neighbours: it is named, or found by halving.
import { type FailureCode, isFailure } from '#ports';

export interface Apart<T> {
  /** Does the work over items, or over none of them. */
  work(items: readonly T[]): Promise<void>;
  /** Told of each item that cannot be worked on, and why. */
  refuse(item: T, reason: string, code: FailureCode): void;
  /** Codes that are about one item of many without saying which. */
  codes: readonly FailureCode[];
  /** Reasons by position, where a failure names the items that it is about. */
  named?(error: unknown): ReadonlyMap<number, string>;
}

/** @throws What `work` throws where it is not about single items; then nothing is known of the items that were left. */
export async function apart<T>(items: readonly T[], about: Apart<T>): Promise<void> {
  if (items.length === 0) return;
  try {
    await about.work(items);
  } catch (error) {
    await withoutGuilty(items, error, about);
  }
}

async function withoutGuilty<T>(items: readonly T[], error: unknown, about: Apart<T>): Promise<void> {
  const named = about.named?.(error) ?? new Map<number, string>();
  const guilty = [...named].filter(([at]) => items[at] !== undefined);
  if (guilty.length > 0 && isFailure(error)) {
    for (const [at, reason] of guilty) about.refuse(items[at]!, reason, error.code);
    const innocent = items.filter((_, at) => !named.has(at));
    return apart(innocent, about);
  }
  if (!isFailure(error) || !about.codes.includes(error.code)) throw error;
  if (items.length === 1) return about.refuse(items[0]!, error.message, error.code);
  const half = Math.ceil(items.length / 2);
  await apart(items.slice(0, half), about);
  await apart(items.slice(half), about);
}
