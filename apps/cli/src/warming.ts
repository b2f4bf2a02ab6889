// Fills the cache before the first user comes: answers are written, questions of the past are asked.
import { apart } from '#resilience';
import type { Answer } from './answer.js';
import type { ApiClient } from './api-client.js';
import { inParallel } from './in-parallel.js';
import type { Io } from './io.js';
import type { AskedBefore, Known } from './past-questions.js';
import { type Patience, patiently } from './patience.js';
import type { Progress } from './progress.js';
import { ABOUT_ONE_ITEM, problemsByPosition } from './refusals.js';
import { isOfOneQuestion } from './replay.js';

export interface WarmingOptions {
  parallel: number;
  patience: Patience;
  /** Where questions are searched; part of the name of an answer. */
  collection?: string | undefined;
}

/** What became of the questions. */
export interface Warmed {
  /** Answers that the file brought, and that were written. */
  written: number;
  /** Answers that were retrieved, and are kept from now on. */
  retrieved: number;
  /** The cache had an answer before. */
  known: number;
  /** Nothing is near enough. */
  unanswered: number;
  refused: { row: number; reason: string }[];
}

const ANSWERS_AT_ONCE = 100;

export class Warming {
  readonly warmed: Warmed = { written: 0, retrieved: 0, known: 0, unanswered: 0, refused: [] };

  constructor(
    private readonly client: ApiClient,
    private readonly options: WarmingOptions,
    private readonly progress: Progress,
    private readonly io: Io,
  ) {}

  async write(answers: readonly Known[]): Promise<void> {
    const batches: Known[][] = [];
    for (let at = 0; at < answers.length; at += ANSWERS_AT_ONCE) batches.push(answers.slice(at, at + ANSWERS_AT_ONCE));
    await inParallel(batches, this.options.parallel, (batch) => this.writeBatch(batch), this.io.signal);
  }

  /** Each question once, those asked most first. */
  async ask(questions: readonly AskedBefore[]): Promise<void> {
    await inParallel(questions, this.options.parallel, (one) => this.askOne(one), this.io.signal);
  }

  private async writeBatch(batch: readonly Known[]): Promise<void> {
    await apart(batch, {
      work: async (items) => {
        const body = { entries: items.map(({ entry }) => entry) };
        const { written } = await this.patiently<{ written: number }>('/api/cache/warmup', body);
        this.warmed.written += written;
      },
      refuse: ({ row }, reason) => void this.warmed.refused.push({ row, reason }),
      codes: ABOUT_ONE_ITEM,
      named: (error) => problemsByPosition(error, 'entries'),
    });
    this.progress.advance(batch.length, batch.length);
  }

  private async askOne({ question, row, times }: AskedBefore): Promise<void> {
    const { collection } = this.options;
    const asked = collection === undefined ? question : { ...question, vector: { collection } };
    try {
      this.count(await this.patiently<Answer>('/api/cache/query', asked));
    } catch (error) {
      if (!isOfOneQuestion(error)) throw error;
      this.warmed.refused.push({ row, reason: error.message });
    }
    this.progress.advance(times, 1);
  }

  private count({ hit, source }: Answer): void {
    if (hit) this.warmed.known++;
    else if (source === 'vectordb') this.warmed.retrieved++;
    else this.warmed.unanswered++;
  }

  private patiently<T>(path: string, body: object): Promise<T> {
    return patiently(() => this.client.post<T>(path, body, this.io.signal), this.options.patience, this.io);
  }
}
