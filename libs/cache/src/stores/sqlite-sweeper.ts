// Deletes rows that have ended or were retired, a bounded number a step, so that no step holds anybody up.
import { announce } from '#ports';
import { SQL } from './sqlite-schema.js';

export type Row = Record<string, string | number | null>;
export type Query = (sql: string, ...parameters: (string | number)[]) => Promise<Row[]>;

const ROWS_PER_STEP = 500;
const PAUSE_BETWEEN_STEPS_MS = 20;

export class SqliteSweeper {
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly query: Query,
    private readonly now: () => number,
    private readonly everyMs: number,
  ) {}

  start(): void {
    this.#after(this.everyMs);
  }

  /** There is something to sweep: begins soon. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#after(PAUSE_BETWEEN_STEPS_MS);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** One step. Gives whether there may be more to do. */
  async step(): Promise<boolean> {
    const ended = await this.query(SQL.deleteEnded, this.now(), ROWS_PER_STEP);
    for (const { bytes } of ended)
      announce('cache.evicted', { tier: 'sqlite', reason: 'expired', bytes: Number(bytes) });
    const retired = await this.#sweepRetired();
    return retired || ended.length === ROWS_PER_STEP;
  }

  async #sweepRetired(): Promise<boolean> {
    const [range] = await this.query(SQL.firstRetired);
    if (!range) return false;
    const { low, high, until, next } = range as { low: string; high: string; until: number; next: string };
    const [step] = await this.query(SQL.lastOfStep, next, high, ROWS_PER_STEP);
    if (step?.last) await this.query(SQL.deleteRetired, next, step.last, until);
    if (step?.count === ROWS_PER_STEP) await this.query(SQL.advanceRetired, step.last as string, low, until);
    else await this.query(SQL.forgetRetired, low, until);
    return true;
  }

  #after(ms: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#sweep(), ms);
    this.#timer.unref();
  }

  async #sweep(): Promise<void> {
    // A store that cannot be swept now is swept later; callers meet its failure themselves.
    const more = await this.step().catch(() => false);
    this.#after(more ? PAUSE_BETWEEN_STEPS_MS : this.everyMs);
  }
}
