// Answers written by hand: screened, kept, listed, and forgotten again.
import { type Entry, type EntryRef, TieredCache } from '#cache';
import { failure, type JsonValue } from '#ports';
import { EntryNames } from './entry-names.js';
import type { Erasures } from './privacy/erasures.js';
import type { Screened, Screening } from './privacy/screening.js';
import { given } from './provenance.js';
import type { Asker, WrittenAnswer } from './question.js';
import type { SimilarQuestions } from './similar-questions.js';
import { keptForm } from './variants.js';

/** Selects what to forget; nothing given selects all of the tenant's entries. At most one is given. */
export interface PurgeSelector {
  tag?: string | undefined;
  query?: string | undefined;
  subject?: string | undefined;
}

export interface Written extends Pick<Entry, 'name' | 'createdAt' | 'expiresAt'> {
  /** `false`: the tenant's policy keeps such an answer out. */
  stored: boolean;
}

export class AnswersService {
  constructor(
    private readonly cache: TieredCache,
    private readonly names: EntryNames,
    private readonly screening: Screening,
    private readonly erasures: Erasures,
    private readonly similar?: SimilarQuestions | undefined,
  ) {}

  /**
   * Keeps an answer in every tier that takes it.
   * @throws Failure `cache.entry_too_large`; `privacy.refused`; `privacy.erased_meanwhile` where its subject was erased
   * since this began; `cache.not_kept` where no tier takes it, or the tenant's policy has changed since.
   */
  async write(answer: WrittenAnswer, asker: Asker, signal?: AbortSignal): Promise<Written> {
    const { tenant } = asker;
    const mark = await this.erasures.mark(tenant, [answer.subject]);
    const { query, response, source = null } = answer;
    const screened = await this.screening.json<JsonValue[]>([query, response, source], tenant);
    const kept = redacted(answer, screened);
    const ref = this.names.written(kept, tenant);
    if (screened.action === 'skip') return notStored(ref);
    const written = await this.keep(ref, kept, signal);
    const erased = (await this.erasures.since(mark)).length > 0;
    if (written && !erased && screened.stands()) {
      await this.similar?.note(kept, ref, written, signal ? { signal } : {});
      return { ...written, stored: true };
    }
    if (written) await this.cache.forget(ref);
    throw erased ? failure('privacy.erased_meanwhile', { count: 1 }) : failure('cache.not_kept', {});
  }

  /** Gives how many were stored: the tenant's policy may keep some out. */
  async warmUp(answers: readonly WrittenAnswer[], asker: Asker, signal?: AbortSignal): Promise<number> {
    let stored = 0;
    for (const one of answers) if ((await this.write(one, asker, signal)).stored) stored++;
    return stored;
  }

  /** Forgets entries of the asker's tenant. Gives how many, where known. */
  async purge({ tag, query, subject }: PurgeSelector, { tenant }: Asker): Promise<number | null> {
    const { purged } = await (tag !== undefined
      ? this.cache.forgetTag(tenant, tag)
      : query !== undefined
        ? this.forgetQuestion(query, tenant)
        : subject !== undefined
          ? this.cache.forgetSubject(tenant, subject)
          : this.cache.forgetTenant(tenant));
    return purged;
  }

  async entries(
    page: { cursor?: string; limit: number },
    { tenant }: Asker,
  ): Promise<{ entries: Entry[]; cursor?: string | undefined }> {
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

  /** `undefined` where no tier takes it. */
  private async keep(ref: EntryRef, answer: WrittenAnswer, signal: AbortSignal | undefined) {
    const { query, model, source, subject, ttl, staleTtl, tags = [] } = answer;
    const draft = {
      json: JSON.stringify(keptForm(answer)),
      origin: 'written' as const,
      tags: [...tags, this.names.questionTag(query, ref.tenant)],
      ...(subject !== undefined && { subjects: [subject] }),
      lineage: { ...given({ model }), ...(source !== undefined && { sources: [source] }) },
      ...(ttl !== undefined && { ttlMs: ttl * 1000 }),
      ...(staleTtl !== undefined && { staleMs: staleTtl * 1000 }),
    };
    const { entry, kept } = await this.cache.keep(ref, draft, { signal });
    return kept ? entry : undefined;
  }

  /** A question that is redacted is kept under its redacted form. */
  private async forgetQuestion(query: string, tenant: string) {
    const { action, value } = await this.screening.text(query, tenant);
    return this.cache.forgetTag(tenant, this.names.questionTag(action === 'redact' ? value : query, tenant));
  }
}

function redacted(answer: WrittenAnswer, { value }: Screened<JsonValue[]>): WrittenAnswer {
  const [query, response, source] = value as [string, JsonValue, string | null];
  return { ...answer, query, response, ...(source !== null && { source }) };
}

function notStored({ name }: EntryRef): Written {
  const now = Date.now();
  return { name, createdAt: now, expiresAt: now, stored: false };
}

/** The tags that a caller gave; those that begin with `~` are ours. */
export function ownTags(entry: Pick<Entry, 'tags'>): string[] {
  return entry.tags.filter((tag) => !tag.startsWith('~'));
}
