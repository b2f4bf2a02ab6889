// Answers written by hand: kept, listed, and forgotten again.
import { type Entry, TieredCache } from '#cache';
import { failure } from '#ports';
import { EntryNames } from './entry-names.js';
import type { Asker, WrittenAnswer } from './question.js';
import { keptForm } from './variants.js';

/** Selects what to forget; nothing given selects all of the tenant's entries. At most one is given. */
export interface PurgeSelector {
  tag?: string | undefined;
  query?: string | undefined;
  subject?: string | undefined;
}

export class AnswersService {
  constructor(
    private readonly cache: TieredCache,
    private readonly names: EntryNames,
  ) {}

  /**
   * Keeps an answer in every tier that takes it.
   * @throws Failure `cache.entry_too_large`, or `cache.not_kept` where no tier takes it.
   */
  async write(answer: WrittenAnswer, asker: Asker, signal?: AbortSignal): Promise<Entry> {
    const ref = this.names.written(answer, asker.tenant);
    const draft = {
      json: JSON.stringify(keptForm(answer)),
      origin: 'written' as const,
      tags: [...(answer.tags ?? []), this.names.questionTag(answer.query, asker.tenant)],
      ...(answer.ttl !== undefined && { ttlMs: answer.ttl * 1000 }),
      ...(answer.staleTtl !== undefined && { staleMs: answer.staleTtl * 1000 }),
      ...(answer.subject !== undefined && { subjects: [answer.subject] }),
    };
    const { entry, kept } = await this.cache.keep(ref, draft, { signal });
    if (!kept) throw failure('cache.not_kept', {});
    return entry;
  }

  async warmUp(answers: readonly WrittenAnswer[], asker: Asker, signal?: AbortSignal): Promise<number> {
    for (const one of answers) await this.write(one, asker, signal);
    return answers.length;
  }

  /** Forgets entries of the asker's tenant. Gives how many, where known. */
  async purge({ tag, query, subject }: PurgeSelector, { tenant }: Asker): Promise<number | null> {
    const { purged } = await (tag !== undefined
      ? this.cache.forgetTag(tenant, tag)
      : query !== undefined
        ? this.cache.forgetTag(tenant, this.names.questionTag(query, tenant))
        : subject !== undefined
          ? this.cache.forgetSubject(tenant, subject)
          : this.cache.forgetTenant(tenant));
    return purged;
  }

  async entries(
    page: { cursor?: string; limit: number },
    { tenant }: Asker,
  ): Promise<{ entries: Entry[]; cursor?: string }> {
    return this.cache.entries(tenant, page);
  }

  /** @throws Failure `cache.entry_absent` */
  async entry(name: string, { tenant }: Asker): Promise<Entry> {
    const found = await this.cache.entry({ tenant, name });
    if (!found) throw failure('cache.entry_absent', {});
    return found;
  }

  /** @throws Failure `cache.entry_absent` */
  async forget(name: string, asker: Asker): Promise<void> {
    await this.entry(name, asker);
    await this.cache.forget({ tenant: asker.tenant, name });
  }
}

/** The tags that a caller gave; those that begin with `~` are ours. */
export function ownTags(entry: Pick<Entry, 'tags'>): string[] {
  return entry.tags.filter((tag) => !tag.startsWith('~'));
}
