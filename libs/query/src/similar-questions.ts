// Questions asked before, by their vectors: one that says the same in other words is answered by the entry of the first.
import { type Entry, type EntryRef, type Found, TieredCache } from '#cache';
import type { Embedder } from '#embeddings';
import type { CallOptions, CollectionRef, VectorStore } from '#ports';
import { EntryNames } from './entry-names.js';
import { given } from './provenance.js';
import type { Question } from './question.js';
import { upsertMaking } from './upsert-making.js';

/** Kept beside the tenant's documents. No caller can name it. */
export const QUESTIONS = '~questions';

export interface Similar {
  found: Found;
  /** Of the two questions, 0..1. */
  similarity: number;
}

export interface SimilarOptions {
  /** Smallest similarity at which two questions have one answer. */
  threshold: number;
}

/** Nearest questions that are looked at: the entry of the nearest may be gone. */
const LOOKED_AT = 4;

/**
 * Only questions of the same language, model, params, purpose and retrieval options are compared. Nothing here is
 * needed for an answer, so nothing here fails: where the store or the embedder do not answer, no question is similar.
 */
export class SimilarQuestions {
  constructor(
    private readonly cache: TieredCache,
    private readonly embedder: Embedder,
    private readonly store: VectorStore,
    private readonly names: EntryNames,
    private readonly options: SimilarOptions,
  ) {}

  /** The fresh entry of the most similar question, where one is similar enough. */
  async find(question: Question, tenant: string, options: CallOptions = {}): Promise<Similar | undefined> {
    try {
      const nearest = await this.nearest(question, tenant, options);
      for (const { id, score } of nearest) {
        const ref = { tenant, name: id };
        const found = await this.cache.look(ref, options);
        if (found?.state === 'fresh' && !found.entry.negative) return { found, similarity: score };
        if (!found) await this.store.delete(placeIn(tenant), { ids: [id] }, options);
      }
    } catch {
      options.signal?.throwIfAborted();
    }
    return undefined;
  }

  /** Remembers a question for as long as its entry is fresh. */
  async note(question: Question, ref: EntryRef, entry: Entry, options: CallOptions = {}): Promise<void> {
    if (entry.negative) return;
    const form = this.formOf(question, ref, entry);
    const subject = entry.origin === 'written' ? entry.subjects[0] : undefined;
    try {
      const { vector } = await this.embedded(question.query, ref.tenant, options);
      const lineage = {
        ...this.embedder.tag,
        ...given({ normalised: this.embedder.normalised }),
        ingestedAt: Date.now(),
      };
      const about = { metadata: { form }, expiresAt: entry.expiresAt, ...given({ subject }), lineage };
      const spec = { dimension: vector.length, metric: 'cosine' } as const;
      await upsertMaking(this.store, placeIn(ref.tenant), [{ id: ref.name, vector, ...about }], () => spec, options);
    } catch {
      options.signal?.throwIfAborted();
    }
  }

  private async nearest(question: Question, tenant: string, options: CallOptions) {
    const { vector, by } = await this.embedded(question.query, tenant, options);
    const forms = [this.names.form(question, tenant), this.names.form({ ...question, ...ANY_RETRIEVAL }, tenant)];
    const filter = { op: 'in', field: 'form', values: [...new Set(forms)] } as const;
    const { threshold } = this.options;
    return this.store.query(placeIn(tenant), { vector, by, k: LOOKED_AT, threshold, filter }, options);
  }

  /** As with entries: a written answer serves whatever the retrieval options, a retrieved one only its own. */
  private formOf(question: Question, { tenant }: EntryRef, { origin }: Entry): string {
    return this.names.form(origin === 'written' ? { ...question, ...ANY_RETRIEVAL } : question, tenant);
  }

  private async embedded(query: string, tenant: string, options: CallOptions) {
    const { vectors } = await this.embedder.embed([query], { ...options, tenant, purpose: 'query' });
    return { vector: vectors[0]!, by: this.embedder.tag };
  }
}

const ANY_RETRIEVAL = { vector: undefined, purpose: undefined };

function placeIn(tenant: string): CollectionRef {
  return { tenant, collection: QUESTIONS };
}
