// Runs a task over a stream of items, so many at a time, and stops the stream at the first failure.

/**
 * Takes items one by one, with at most `limit` tasks under way. When a task fails or the signal aborts, no further
 * item is taken, the tasks under way are waited for, and the first failure is thrown.
 */
export async function inParallel<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  task: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    while (failures.length === 0 && !signal?.aborted) {
      const next = await iterator.next();
      if (next.done) return;
      await task(next.value);
    }
  };
  const guarded = () => worker().catch((error: unknown) => void failures.push(error));
  await Promise.all(Array.from({ length: limit }, guarded));
  await iterator.return?.();
  if (failures.length > 0) throw failures[0];
}
