// Tells a write about a person that the person was erased while it was under way, on whichever instance.
import type { KeyNames } from '#crypto';
import type { Records } from '#records';
import type { ErasedCounts } from './receipts.js';

/** No write takes this long, so an erasure need not be remembered for longer. */
const REMEMBERED_MS = 86_400_000;
const FIELD = 'erasures';
/** An erasure that failed half-way is repeated long before. */
const COUNTED_MS = 30 * 86_400_000;

/** How often people had been erased when a write began. */
export interface ErasureMark {
  readonly tenant: string;
  readonly subjects: readonly string[];
  readonly counts: readonly number[];
}

/**
 * An erasure counts first and erases then; a write writes first and asks then. Whichever comes second finds what the
 * other has done. Methods fail with `records.unavailable`.
 */
export class Erasures {
  constructor(
    private readonly records: Records,
    private readonly names: KeyNames,
  ) {}

  /** To be called when a write begins. Costs nothing where it is about nobody. */
  async mark(tenant: string, subjects: Iterable<string | undefined>): Promise<ErasureMark> {
    const people = [...new Set(subjects)].filter((one) => one !== undefined);
    return { tenant, subjects: people, counts: await this.counts(tenant, people) };
  }

  /** To be called when the write is done: the people erased since, whose part of it is to be taken back. */
  async since({ tenant, subjects, counts }: ErasureMark): Promise<string[]> {
    const now = await this.counts(tenant, subjects);
    return subjects.filter((_, at) => now[at] !== counts[at]);
  }

  /** To be called before anything is erased. */
  async begin(tenant: string, subject: string): Promise<void> {
    await this.records.add([{ key: this.key(tenant, subject), field: FIELD, by: 1, ttlMs: REMEMBERED_MS }]);
  }

  /** Counts what was erased, so that a receipt tells of all of it, whichever attempt it was. */
  async note(tenant: string, subject: string, erased: Partial<ErasedCounts>): Promise<void> {
    const key = this.countsKey(tenant, subject);
    const changes = Object.entries(erased).filter(([, by]) => by > 0);
    if (changes.length > 0)
      await this.records.add(changes.map(([field, by]) => ({ key, field, by, ttlMs: COUNTED_MS })));
  }

  /** What was erased since the last receipt. */
  async noted(tenant: string, subject: string): Promise<ErasedCounts> {
    const [tally] = await this.records.tallies([this.countsKey(tenant, subject)]);
    return { entries: 0, documents: 0, idempotency: 0, ...tally };
  }

  /** To be called when a receipt tells of what was noted. */
  async settled(tenant: string, subject: string): Promise<void> {
    await this.records.delete([this.countsKey(tenant, subject)]);
  }

  private countsKey(tenant: string, subject: string): string {
    return `${this.key(tenant, subject)}/counts`;
  }

  private async counts(tenant: string, subjects: readonly string[]): Promise<number[]> {
    if (subjects.length === 0) return [];
    const tallies = await this.records.tallies(subjects.map((one) => this.key(tenant, one)));
    return tallies.map((tally) => tally[FIELD] ?? 0);
  }

  private key(tenant: string, subject: string): string {
    return `erased/${this.names.tenantTag(tenant)}/${this.names.keyed('subject', subject)}`;
  }
}
