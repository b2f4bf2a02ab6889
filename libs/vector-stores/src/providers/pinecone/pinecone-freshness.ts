// Lets reads wait for the writes of this process: Pinecone acknowledges a write before queries see it.
import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import { pause } from '#resilience';

const POLL_MS = 100;
const MAX_NAMESPACES = 10_000;

interface Seen {
  /** Highest log sequence number that a write of ours was given. */
  written: number;
  /** Highest one that a reply says is searched. */
  indexed: number;
}

/**
 * https://docs.pinecone.io/guides/index-data/check-data-freshness: each write to a namespace has a number, which grows;
 * a query tells up to which number it has seen. Where Pinecone tells neither, nothing is waited for.
 */
export class Freshness {
  private readonly seen = new LRUCache<string, Seen>({ max: MAX_NAMESPACES });

  /** `limitMs`: how long a read waits at most; then it answers with what there is. */
  constructor(
    private readonly limitMs: number,
    private readonly now: () => number,
  ) {}

  wrote(place: string, headers: IncomingHttpHeaders): void {
    const number = numberIn(headers['x-pinecone-request-lsn']);
    const seen = this.seen.get(place) ?? { written: 0, indexed: 0 };
    if (number !== undefined) this.seen.set(place, { ...seen, written: Math.max(seen.written, number) });
  }

  forget(place: string): void {
    this.seen.delete(place);
  }

  /** Whether a read may miss a write of this process. */
  isBehind(place: string): boolean {
    const { written = 0, indexed = 0 } = this.seen.get(place) ?? {};
    return written > indexed;
  }

  /** Asks, and asks again while the reply is older than the last write. */
  async read<T extends { headers: IncomingHttpHeaders }>(
    place: string,
    ask: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const until = this.now() + this.limitMs;
    for (;;) {
      const reply = await ask();
      this.saw(place, reply.headers);
      if (!this.isBehind(place) || this.now() + POLL_MS > until) return reply;
      await pause(POLL_MS, signal);
    }
  }

  private saw(place: string, headers: IncomingHttpHeaders): void {
    const seen = this.seen.get(place);
    const number = numberIn(headers['x-pinecone-max-indexed-lsn']);
    // A reply that does not say is taken as fresh: there is nothing to wait for.
    if (seen) this.seen.set(place, { ...seen, indexed: number ?? seen.written });
  }
}

function numberIn(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
