// Locks out who was refused too often: an address by tokens that are not believed, a subject by asking for what it may not. Each time twice as long.
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { announce, failure } from '#ports';
import { type Bus, type Records, Watched } from '#records';
import type { Caller } from './caller.js';
import type { LockoutConfig } from './lockout.section.js';
import type { RecordNames } from './revocations.js';

export interface LockoutOptions {
  records: Records;
  bus: Bus;
  names: RecordNames;
  config: LockoutConfig;
  now?: () => number;
}

type Who = 'address' | 'subject';
/** Who is counted: the kind, and a keyed digest. */
type Tracker = `${Who}:${string}`;

const PREFIX = 'lock/';
const COUNTS = 'lock.count/';
const FIELD = 'failures';
/** Refusals wait so long for company, so that a flood of them costs the records little. */
const FLUSH_MS = 200;
const PAGE = 1000;
const BATCH = 256;
const keptSchema = z.object({ until: z.number(), times: z.number() });

export class Lockout {
  /** Until when who is locked out. Empty nearly always: that is all that a hot path asks. */
  private readonly locks = new Map<string, number>();
  private nextEnd = Number.POSITIVE_INFINITY;
  private readonly counted: LRUCache<Tracker, number>;
  private readonly offences: LRUCache<Tracker, number>;
  private readonly waiting = new Map<Tracker, number>();
  private readonly locking = new Set<Tracker>();
  private readonly subjects = new WeakMap<Caller, Tracker>();
  private readonly watched: Watched<ReadonlyMap<string, number>>;
  private readonly now: () => number;
  private flushing: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly options: LockoutOptions) {
    const { records, bus, config } = options;
    this.now = options.now ?? Date.now;
    const clock = { max: config.maxTracked, perf: { now: this.now }, ttlResolution: 0 };
    this.counted = new LRUCache({ ...clock, ttl: config.windowMs, noUpdateTTL: true });
    this.offences = new LRUCache({ ...clock, ttl: 2 * config.maxMs });
    this.watched = new Watched({
      records,
      bus,
      topic: 'lock',
      key: `${PREFIX}changes`,
      load: () => this.load(),
      initial: new Map(),
      onChange: (locks) => {
        for (const [tracker, until] of locks) this.keep(tracker, until);
      },
    });
  }

  /** Begins to hear of the locks of other instances. Records that do not answer yet keep nobody from counting here. */
  async open(): Promise<void> {
    if (this.options.config.failures > 0) await this.watched.open();
  }

  /** Whether anybody is locked out: nothing need be asked where not. */
  get active(): boolean {
    return this.locks.size > 0;
  }

  /** Fails with `auth.locked_out` where the subject of the caller is locked out. */
  checkCaller(caller: Caller): void {
    if (this.active) this.check('subject', this.subjectOf(caller));
  }

  /** Fails with `auth.locked_out`. Callers whose tokens are known are not asked: strangers at their address do not shut them out. */
  checkAddress(address: string): void {
    if (this.active) this.check('address', this.trackerOf('address', address));
  }

  /** A token from this address was not believed. */
  addressFailed(address: string): void {
    if (this.options.config.failures > 0) this.failed(this.trackerOf('address', address));
  }

  /** A verified caller asked for what it may not. Nothing that is not verified comes here, or a forger could lock others out. */
  callerFailed(caller: Caller): void {
    if (this.options.config.failures > 0) this.failed(this.subjectOf(caller));
  }

  /** Tells the records what is still to be told. May be called twice. */
  async close(): Promise<void> {
    await this.flush();
    await this.work;
    await this.watched.close();
  }

  private check(who: Who, tracker: Tracker): void {
    const now = this.now();
    if (now >= this.nextEnd) this.letGo(now);
    const until = this.locks.get(tracker);
    if (until !== undefined) throw failure('auth.locked_out', { who }, { retryAfterMs: until - now });
  }

  private failed(tracker: Tracker): void {
    const failures = (this.counted.get(tracker) ?? 0) + 1;
    this.counted.set(tracker, failures);
    if (this.waiting.size < this.options.config.maxTracked || this.waiting.has(tracker))
      this.waiting.set(tracker, (this.waiting.get(tracker) ?? 0) + 1);
    if (failures >= this.options.config.failures) this.lock(tracker);
    this.flushing ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Adds what was counted here to what others have counted; what they have counted together may be enough. */
  private async flush(): Promise<void> {
    clearTimeout(this.flushing);
    this.flushing = undefined;
    const counts = [...this.waiting];
    this.waiting.clear();
    for (let at = 0; at < counts.length; at += BATCH) {
      const batch = counts.slice(at, at + BATCH);
      this.soon(() => this.share(batch));
    }
    await this.work;
  }

  private async share(batch: ReadonlyArray<readonly [Tracker, number]>): Promise<void> {
    const { records, config } = this.options;
    const changes = batch.map(([tracker, by]) => ({
      key: COUNTS + tracker,
      field: FIELD,
      by,
      ttlMs: config.windowMs,
    }));
    const sums = await records.add(changes);
    for (const [index, sum] of sums.entries()) if (sum >= config.failures) this.lock(batch[index]![0]);
  }

  /** Work on the records, one after the other. Where they do not answer, each instance counts and locks by itself. */
  private soon(work: () => Promise<void>): void {
    this.work = this.work.then(work).catch(() => undefined);
  }

  /** Here at once; how often it was before, the records know. */
  private lock(tracker: Tracker): void {
    if (this.locking.has(tracker) || (this.locks.get(tracker) ?? 0) > this.now()) return;
    this.locking.add(tracker);
    this.counted.delete(tracker);
    this.waiting.delete(tracker);
    this.keep(tracker, this.now() + this.durationOf((this.offences.get(tracker) ?? 0) + 1));
    this.soon(() => this.settle(tracker).finally(() => this.locking.delete(tracker)));
  }

  private async settle(tracker: Tracker): Promise<void> {
    const { records } = this.options;
    const stored = await records.get(PREFIX + tracker).catch(() => undefined);
    const former = stored === undefined ? undefined : keptSchema.safeParse(JSON.parse(stored)).data;
    // Another instance was first.
    if (former && former.until > this.now()) return this.keep(tracker, former.until);
    const times = Math.max(former?.times ?? 0, this.offences.get(tracker) ?? 0) + 1;
    const durationMs = this.durationOf(times);
    const until = this.now() + durationMs;
    this.offences.set(tracker, times, { ttl: durationMs + this.options.config.maxMs });
    this.keep(tracker, until);
    announce('auth.locked_out', { who: tracker.startsWith('address') ? 'address' : 'subject', durationMs });
    await this.tell(tracker, { until, times }, stored);
  }

  /** Each time twice as long, up to the longest. */
  private durationOf(times: number): number {
    const { baseMs, maxMs } = this.options.config;
    return Math.min(maxMs, baseMs * 2 ** Math.min(times - 1, 40));
  }

  private async tell(tracker: Tracker, lock: z.infer<typeof keptSchema>, stored: string | undefined): Promise<void> {
    const { records, config } = this.options;
    const now = this.now();
    const ttlMs = lock.until - now + config.maxMs;
    await records.delete([COUNTS + tracker]);
    const item = { item: tracker, bytes: 0, endsAt: now + ttlMs };
    // Beyond so many locks at a time, each instance keeps its own.
    if (!(await records.hold('lock', item, { items: config.maxTracked }, now)).held) return;
    const value = JSON.stringify(lock);
    const key = PREFIX + tracker;
    if (stored === undefined) await records.claim(key, value, { ttlMs });
    else await records.replace(key, stored, value, { ttlMs });
    await this.watched.changed();
  }

  private keep(tracker: string, until: number): void {
    if (until <= this.now()) return;
    this.locks.set(tracker, Math.max(until, this.locks.get(tracker) ?? 0));
    this.nextEnd = Math.min(this.nextEnd, until);
    // A flood from very many places: who was locked first is let go first.
    if (this.locks.size > this.options.config.maxTracked) this.locks.delete(this.locks.keys().next().value!);
  }

  private letGo(now: number): void {
    this.nextEnd = Number.POSITIVE_INFINITY;
    for (const [tracker, until] of this.locks) {
      if (until <= now) this.locks.delete(tracker);
      else this.nextEnd = Math.min(this.nextEnd, until);
    }
  }

  private subjectOf(caller: Caller): Tracker {
    let tracker = this.subjects.get(caller);
    if (!tracker) {
      tracker = this.trackerOf('subject', JSON.stringify([caller.tenant, caller.subject]));
      this.subjects.set(caller, tracker);
    }
    return tracker;
  }

  private trackerOf(who: Who, text: string): Tracker {
    return `${who}:${this.options.names.keyed('lock', JSON.stringify([who, text]))}`;
  }

  private async load(): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await this.options.records.list(PREFIX, { cursor, limit: PAGE });
      for (const { key, value } of page.records) {
        const { data } = keptSchema.safeParse(JSON.parse(value));
        if (data) found.set(key.slice(PREFIX.length), data.until);
      }
      cursor = page.cursor;
    }
    return found;
  }
}
