// The audit log: an append-only, hash-chained, signed journal of what was done to keys, tenants and data, and of who was refused.
import { type AuditEvent, announce, failure, listen } from '#ports';
import type { JournalLine, Records } from '#records';
import type { Logger } from '../logger.js';
import { type AuditLine, GENESIS, hashOf, parseAuditLine } from './audit-line.js';
import { Denials } from './denials.js';

const JOURNAL = 'audit';
/** Appends tried before another instance's appends are given up against. */
const MOST_TRIES = 50;
/** Denials that wait to be written; beyond that, they are counted and not kept. */
const MOST_WAITING = 10_000;
/** Every so many lines the head is logged: whoever keeps the logs elsewhere can tell that the journal was cut. */
const ANCHOR_EVERY = 100;
const FOLD_MS = 60_000;

export interface AuditSigner {
  sign(bytes: Uint8Array): Promise<{ keyId: string; signature: string }>;
}

export interface AuditLogOptions {
  records: Records;
  signer: AuditSigner;
  logger: Pick<Logger, 'info' | 'error'>;
  /** Refusals of one source in a minute that are written in full. */
  denialsInFull: number;
  now?: () => number;
}

/**
 * Acts are written before they are answered: `write`. Refusals come by the announcement `audit.event` and are written
 * behind the reply. All instances append to one journal.
 */
export class AuditLog {
  private readonly denials: Denials;
  private readonly now: () => number;
  private stopListening: (() => void) | undefined;
  private folding: NodeJS.Timeout | undefined;
  private waiting = 0;
  private dropped = 0;
  /** Dropped, and the log has not been told. */
  private untold = 0;
  private toldAt = Number.NEGATIVE_INFINITY;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: AuditLogOptions) {
    this.denials = new Denials(options.denialsInFull);
    this.now = options.now ?? Date.now;
  }

  /** Listens to `audit.event` from now on. */
  open(): void {
    this.stopListening ??= listen('audit.event', (event) => this.heard(event));
    this.folding ??= setInterval(() => this.fold(), FOLD_MS).unref();
  }

  /**
   * Appends a line. Durable when it returns.
   * @throws Failure `audit.unavailable`
   */
  async write(event: AuditEvent): Promise<AuditLine> {
    const written = this.last.then(() => this.append(event));
    this.last = written.catch(() => undefined);
    try {
      return await written;
    } catch (cause) {
      announce('audit.unwritten', { reason: 'failed' });
      throw failure('audit.unavailable', { action: event.action }, { cause });
    }
  }

  /** Lines from a number on, as they are kept. */
  page(from: number, limit: number): Promise<JournalLine[]> {
    return this.options.records.lines(JOURNAL, from, limit);
  }

  /** Waits until everything heard so far is written. */
  async flush(): Promise<void> {
    await this.last;
  }

  /** Writes what is left, and listens no more. May be called twice. */
  async close(): Promise<void> {
    this.stopListening?.();
    this.stopListening = undefined;
    clearInterval(this.folding);
    this.fold();
    await this.flush();
  }

  private fold(): void {
    for (const event of this.denials.rest()) this.queue(event);
    this.tellDropped();
  }

  private drop(): void {
    this.dropped += 1;
    this.untold += 1;
    announce('audit.unwritten', { reason: 'crowded' });
    if (this.now() - this.toldAt >= FOLD_MS) this.tellDropped();
  }

  /** Many at once: so they are counted, a minute's in one line. */
  private tellDropped(): void {
    if (this.untold === 0) return;
    this.options.logger.error({ reason: 'crowded', lines: this.untold }, 'audit line lost');
    this.untold = 0;
    this.toldAt = this.now();
  }

  private heard(event: AuditEvent): void {
    const events = event.outcome === 'denied' ? this.denials.take(event, this.now()) : [event];
    for (const one of events) this.queue(one);
  }

  private queue(event: AuditEvent): void {
    if (this.waiting >= MOST_WAITING) {
      this.drop();
      return;
    }
    this.waiting += 1;
    const lost = this.dropped;
    this.dropped = 0;
    const counted = lost === 0 ? event : { ...event, facts: { ...event.facts, lostBefore: lost } };
    this.write(counted)
      .catch((error: unknown) => this.options.logger.error({ err: error, action: event.action }, 'audit line lost'))
      .finally(() => {
        this.waiting -= 1;
      });
  }

  /** Another instance may append at the same time: then the line is made anew, after its line. */
  private async append(event: AuditEvent): Promise<AuditLine> {
    const { records } = this.options;
    for (let tried = 0; tried < MOST_TRIES; tried++) {
      const before = await records.last(JOURNAL);
      const line = await this.lineAfter(before, event);
      if (await records.append(JOURNAL, line.n - 1, JSON.stringify(line))) {
        if (line.n % ANCHOR_EVERY === 0) this.options.logger.info({ n: line.n, hash: line.hash }, 'audit log head');
        return line;
      }
    }
    throw failure('records.unavailable', { backend: records.backend });
  }

  private async lineAfter(before: JournalLine | undefined, event: AuditEvent): Promise<AuditLine> {
    const n = (before?.number ?? 0) + 1;
    // A line that cannot be read breaks the chain there, and verification finds it; the log goes on all the same.
    const prev = before ? (parseAuditLine(before.line)?.hash ?? GENESIS) : GENESIS;
    const body = { v: 1 as const, n, at: new Date(this.now()).toISOString(), prev, ...event };
    const hash = hashOf(body);
    const { keyId, signature } = await this.options.signer.sign(Buffer.from(hash));
    return { ...body, hash, keyId, signature };
  }
}
