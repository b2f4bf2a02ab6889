// Plays questions through the server, pass after pass, and counts what comes back.
import { Failure } from '#ports';
import type { Answer } from './answer.js';
import type { ApiClient } from './api-client.js';
import { inParallel } from './in-parallel.js';
import type { Io } from './io.js';
import { type Patience, patiently } from './patience.js';
import type { Progress } from './progress.js';
import { Tally } from './tally.js';

export interface ReplaySettings {
  repeat: number;
  concurrency: number;
  /** Options of the vector search on a miss, as the API takes them. */
  vector?: { collection?: string; k?: number; threshold?: number };
  /** Longest wait for the rate limit, in milliseconds. */
  maxWaitMs: number;
}

export class Replay {
  readonly tally = new Tally();
  /** The first failure of a single question. Failures that every question would meet end the run instead. */
  firstFailure: Failure | undefined;
  private readonly patience: Patience;

  constructor(
    private readonly settings: ReplaySettings,
    private readonly progress: Progress,
    private readonly io: Io,
  ) {
    this.patience = { kinds: ['exhausted'], attempts: 5, longestWaitMs: settings.maxWaitMs };
  }

  async run(queries: readonly string[], client: ApiClient): Promise<void> {
    const { repeat, concurrency } = this.settings;
    for (let pass = 0; pass < repeat && !this.io.signal.aborted; pass++) {
      // A pass ends before the next begins: else a question could meet itself, still under way.
      await inParallel(queries, concurrency, (query) => this.ask(query, pass, client), this.io.signal);
    }
  }

  private async ask(query: string, pass: number, client: ApiClient): Promise<void> {
    try {
      const body = { query, vector: this.settings.vector };
      const { answer, clientMs } = await patiently(() => this.timed(body, client), this.patience, this.io);
      this.tally.answered(pass, answer, clientMs);
    } catch (error) {
      if (!isOfOneQuestion(error)) throw error;
      this.tally.failed(pass, error.code);
      this.firstFailure ??= error;
    }
    this.progress.advance(1, 1);
  }

  /** Measures the last try only: waiting for the rate limit is not the server's latency. */
  private async timed(body: unknown, client: ApiClient): Promise<{ answer: Answer; clientMs: number }> {
    const begunMs = this.io.now();
    const answer = await client.post<Answer>('/api/cache/query', body, this.io.signal);
    return { answer, clientMs: this.io.now() - begunMs };
  }
}

/** Whether other questions may fare better. */
export function isOfOneQuestion(error: unknown): error is Failure {
  if (!(error instanceof Failure) || error.code === 'cli.server_unreachable') return false;
  return !['unauthenticated', 'forbidden', 'exhausted'].includes(error.kind);
}
