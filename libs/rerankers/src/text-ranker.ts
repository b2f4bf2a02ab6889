// Says how well texts answer a question: each text once, in batches, some at a time, in order, and checked.
import {
  failure,
  isFailure,
  type Meter,
  type Reranker,
  type Reranking,
  type RerankOptions,
  SERVICE_ACCOUNT,
} from '#ports';
import { estimatedTokens, isPassing, metered, Protection } from '#resilience';

export interface TextRankerOptions {
  /** Limit of one attempt. Milliseconds. */
  timeoutMs: number;
  /** Further attempts, of a remote model. Default 2. */
  retries?: number;
  /** Calls at a time, in the whole process. Default 4; of a local model 1. */
  parallel?: number;
}

export interface RankCall extends Omit<RerankOptions, 'callId'> {
  /** Whose account bears what the call costs. Without one, the service's own. */
  tenant?: string | undefined;
}

const BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5000;
const BREAKER = { failures: 5, cooldownMs: 10_000 };
/** Calls that may wait for their turn before further ones are refused. */
const QUEUE = 256;
/** Rounding of a vendor: a score this far outside 0..1 still counts as its end. */
const ROUNDING = 1e-3;
/** Scores of another sort would rank rightly, and mislead every threshold. */
const OUTSIDE = 'a score outside 0..1; where RERANK_OPTIONS knows scores, say there what they are';

export class TextRanker {
  private readonly protection: Protection;
  private readonly parallel: number;

  constructor(
    private readonly reranker: Reranker,
    { timeoutMs, retries = 2, parallel = 4 }: TextRankerOptions,
    /** Keeps account of each attempt to call a remote model; a local one costs nothing. */
    private readonly meter?: Meter,
  ) {
    const { provider, remote } = reranker;
    this.parallel = remote ? parallel : 1;
    this.protection = new Protection({
      target: provider,
      family: 'reranker',
      provider,
      timeoutMs,
      retries: remote ? retries : 0,
      backoffMs: BACKOFF_MS,
      maxBackoffMs: MAX_BACKOFF_MS,
      ...(remote && { breaker: BREAKER }),
      concurrency: this.parallel,
      queue: QUEUE,
    });
  }

  get provider(): string {
    return this.reranker.provider;
  }

  get model(): string {
    return this.reranker.model;
  }

  /** Whether calls leave this process, and so cost money. */
  get billed(): boolean {
    return this.reranker.remote;
  }

  /**
   * One score a text, in their order: 0..1, larger answers better. Equal texts are read once; a blank one scores 0 unread.
   * @throws Failure `rerank.*` (a position counts in `texts`, -1 is the question), `call.timeout`, `call.open_circuit`,
   * `call.crowded`, `quota.exceeded`, `usage.unavailable`; or the reason of the signal. When one batch fails the others are
   * given up.
   */
  async rank(query: string, texts: readonly string[], o: RankCall = {}): Promise<number[]> {
    o.signal?.throwIfAborted();
    if (texts.length === 0) return [];
    if (query.trim() === '') throw this.refused(-1);
    const distinct = [...new Set(texts)].filter((text) => text.trim() !== '');
    const scores = await this.inBatches(query, distinct, o).catch((error: unknown) => {
      throw error instanceof RefusedText ? this.refused(texts.indexOf(error.text), error.cause) : error;
    });
    const scoreOf = new Map(scores.map((score, at) => [distinct[at]!, score]));
    return texts.map((text) => scoreOf.get(text) ?? 0);
  }

  /**
   * Asks a remote model to judge one text. What would fail for ever fails here: a refused key, an unknown model. What may
   * pass (the vendor is down, or the records of usage) does not: a restart must not depend on it.
   */
  async prove(signal?: AbortSignal): Promise<void> {
    if (!this.billed) return;
    try {
      await this.call('question', ['answer'], { ...(signal && { signal }) }, 0);
    } catch (error) {
      if (!isPassing(error) && !isFailure(error, 'usage.unavailable')) throw error;
    }
  }

  /** Releases the model. May be called twice. */
  async close(): Promise<void> {
    this.protection.close();
    await this.reranker.close();
  }

  private async inBatches(query: string, texts: readonly string[], o: RankCall): Promise<number[]> {
    const failed = new AbortController();
    const signal = o.signal ? AbortSignal.any([o.signal, failed.signal]) : failed.signal;
    const scores: number[] = [];
    let next = 0;
    const work = async () => {
      while (next < texts.length) {
        const from = next;
        // Asked each time: a server may tell only in its first reply how many it takes.
        next = from + this.reranker.maxBatch;
        const found = await this.batch(query, texts.slice(from, next), { ...o, signal });
        for (const [at, score] of found.entries()) scores[from + at] = score;
      }
    };
    try {
      await Promise.all(Array.from({ length: this.parallel }, work));
    } catch (error) {
      failed.abort(error);
      throw error;
    }
    return scores;
  }

  private async batch(query: string, texts: readonly string[], o: RankCall): Promise<number[]> {
    try {
      return (await this.call(query, texts, o)).scores;
    } catch (error) {
      if (!isFailure(error, 'rerank.input_refused') || error.facts.position === -1) throw error;
      const named = texts.length === 1 ? texts[0] : texts[Number(error.facts.position)];
      if (named !== undefined) throw new RefusedText(named, error);
      // Refused without naming a text, or as too much at once: its halves fit, or lead to the text.
      const half = texts.length >> 1;
      const first = await this.batch(query, texts.slice(0, half), o);
      return [...first, ...(await this.batch(query, texts.slice(half), o))];
    }
  }

  private call(query: string, texts: readonly string[], o: RankCall, retries?: number): Promise<Reranking> {
    const run = async (signal: AbortSignal) => this.checked(texts.length, await this.attempt(query, texts, o, signal));
    return this.protection.run('rerank', run, {
      signal: o.signal,
      items: texts.length,
      tokensOf: (reply) => reply.tokens,
      ...(retries !== undefined && { retries }),
    });
  }

  /** Each attempt is an account of its own: a vendor may bill the one that timed out, and the one that followed. */
  private attempt(query: string, texts: readonly string[], o: RankCall, signal: AbortSignal): Promise<Reranking> {
    if (!this.meter || !this.billed) return this.reranker.rerank(query, texts, { signal });
    const { provider, model } = this;
    const { tenant = SERVICE_ACCOUNT } = o;
    // The question is read anew with each text.
    const tokens = estimatedTokens(texts) + texts.length * estimatedTokens([query]);
    return metered(
      this.meter,
      { tenant, provider, model, operation: 'rerank', items: texts.length, estimatedTokens: tokens },
      { signal, run: (callId) => this.reranker.rerank(query, texts, { signal, callId }) },
    );
  }

  private checked(count: number, { scores, tokens }: Reranking): Reranking {
    if (scores.length !== count) throw this.oddly(`${scores.length} scores for ${count} texts`);
    // Written so that what is not a number is outside too.
    if (!scores.every((score) => score >= -ROUNDING && score <= 1 + ROUNDING)) throw this.oddly(OUTSIDE);
    return { scores: scores.map((score) => Math.min(1, Math.max(0, score))), tokens };
  }

  private oddly(reason: string) {
    return failure('rerank.reply_invalid', { provider: this.provider, reason });
  }

  private refused(position: number, cause?: unknown) {
    return failure('rerank.input_refused', { provider: this.provider, position }, { cause });
  }
}

/** Carries the refused text itself out of its batch, to be found among all texts. Never leaves this file. */
class RefusedText extends Error {
  constructor(
    readonly text: string,
    cause: unknown,
  ) {
    super('refused', { cause });
  }
}
