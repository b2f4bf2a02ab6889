// The story of one question: key → cache → embed → search → keep → answer.
import { type Entry, type EntryDraft, type EntryRef, type FillMark, type Found, TieredCache } from '#cache';
import { announce, isFailure } from '#ports';
import { untilAborted } from '#resilience';
import { EntryNames } from './entry-names.js';
import { keptAnswer, takesTurns } from './kept-answer.js';
import { KnowledgeService } from './knowledge.service.js';
import type { Answer, Asker, Latencies, Question } from './question.js';

export interface QueryOptions {
  /** Ends this caller's waiting. What is under way for others goes on. */
  signal?: AbortSignal;
}

/** Answers questions from the cache, else from the vector store, and keeps what it retrieves. */
export class QueryService {
  constructor(
    private readonly cache: TieredCache,
    private readonly knowledge: KnowledgeService,
    private readonly names: EntryNames,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * The answer if the memory tier holds it and nothing must be waited for; else `undefined`, and `ask` is to be called.
   * Synchronous: this is what the hot route runs.
   */
  recall(question: Question, asker: Asker, started = performance.now()): Answer | undefined {
    if (question.forceRefresh || question.vector || question.embedding) return undefined;
    const now = Date.now();
    const looking = performance.now();
    const found = this.cache.lookInMemory(this.names.written(question, asker.tenant), now);
    if (!found || found.state === 'stale' || takesTurns(found.entry)) return undefined;
    const asked = { question, asker, turn: 0, now, random: this.random };
    const ended = performance.now();
    return announced(asker, keptAnswer(found, asked, { total: ended - started, cache: ended - looking }));
  }

  /**
   * Answers a question.
   * @throws Failure `embedding.model_unknown`; `embedding.*` or `vector.*` where the answer must be retrieved and a provider fails.
   */
  async ask(question: Question, asker: Asker, { signal }: QueryOptions = {}): Promise<Answer> {
    const started = performance.now();
    this.knowledge.checkModel(question.embedding?.model);
    const ref = this.names.retrieved(question, asker.tenant);
    const found = question.forceRefresh ? undefined : await this.look(question, asker, ref, signal);
    const cacheMs = performance.now() - started;
    if (!found) return this.retrieve(question, asker, ref, { started, cacheMs, signal });
    if (found.state === 'stale' && found.entry.origin === 'vectordb') this.refreshBehind(question, ref);
    const turn = takesTurns(found.entry) ? await this.cache.next(`variants.${found.entry.name}`, asker.tenant) : 0;
    const asked = { question, asker, turn, now: Date.now(), random: this.random };
    const latencies = { total: performance.now() - started, cache: cacheMs };
    return announced(asker, keptAnswer(found, asked, latencies));
  }

  /** A written answer serves whatever the retrieval options; a retrieved one only those that it was retrieved with. */
  private async look(
    question: Question,
    asker: Asker,
    own: EntryRef,
    signal?: AbortSignal,
  ): Promise<Found | undefined> {
    const written = this.names.written(question, asker.tenant);
    const found = await this.cache.look(written, { signal });
    if (written.name === own.name || found?.entry.origin === 'written') return found;
    return this.cache.look(own, { signal });
  }

  private async retrieve(
    question: Question,
    asker: Asker,
    ref: EntryRef,
    { started, cacheMs, signal }: { started: number; cacheMs: number; signal: AbortSignal | undefined },
  ): Promise<Answer> {
    const replacing = question.forceRefresh ?? false;
    const fill = await untilAborted(
      signal,
      this.cache.flight(ref, () => this.fill(question, ref, replacing)),
    );
    const latencies = { total: performance.now() - started, cache: cacheMs, ...fill.latencies };
    return announced(asker, retrievedAnswer(ref, fill, latencies));
  }

  /** Runs once for all who ask the same at the same time, so it is bound by the providers' deadlines, not by a caller's. */
  private async fill(question: Question, ref: EntryRef, replacing: boolean): Promise<Fill> {
    const mark = await this.cache.mark(ref);
    const { matches, latencies } = await this.knowledge.retrieve(question, ref.tenant);
    const empty = matches.length === 0;
    const draft = {
      json: empty ? 'null' : JSON.stringify({ matches }),
      negative: empty,
      origin: 'vectordb' as const,
      tags: [this.names.questionTag(question.query, ref.tenant)],
      // How long it is remembered that there is nothing is the operator's to say.
      ...(question.ttl !== undefined && !empty && { ttlMs: question.ttl * 1000 }),
    };
    const entry = await (replacing ? this.replace(ref, draft, mark) : this.keep(ref, draft, mark));
    return { json: draft.json, empty, entry, latencies };
  }

  /** What was written by hand stays: who may ask may not overwrite it. What was retrieved before is no longer true. */
  private async replace(ref: EntryRef, draft: EntryDraft, mark: FillMark): Promise<Entry | undefined> {
    const before = await this.cache.entry(ref);
    if (before?.origin === 'written') return undefined;
    const entry = await this.keep(ref, draft, mark);
    if (before && !entry) await this.cache.forget(ref).catch(() => undefined);
    return entry;
  }

  /** The entry as it is kept, where it is: an answer that is too large or overtaken by a purge is given all the same. */
  private async keep(ref: EntryRef, draft: EntryDraft, mark: FillMark): Promise<Entry | undefined> {
    try {
      const { entry, kept } = await this.cache.keep(ref, draft, { mark });
      return kept ? entry : undefined;
    } catch (error) {
      if (isFailure(error, 'cache.entry_too_large')) return undefined;
      throw error;
    }
  }

  private refreshBehind(question: Question, ref: EntryRef): void {
    // A failure is announced by the provider's own protection; the stale answer has been served already.
    this.cache.flight(ref, () => this.fill(question, ref, true)).catch(() => undefined);
  }
}

/** What a retrieval brought. */
interface Fill {
  json: string;
  empty: boolean;
  entry: Entry | undefined;
  latencies: Pick<Latencies, 'embeddings' | 'vectordb'>;
}

function retrievedAnswer(ref: EntryRef, { json, empty, entry }: Fill, latencies: Latencies): Answer {
  const expiresAt = entry && !empty ? entry.expiresAt : undefined;
  return {
    resultJson: json,
    hit: false,
    status: 'miss',
    source: empty ? 'none' : 'vectordb',
    tier: null,
    key: ref.name,
    age: 0,
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    freshFor: expiresAt === undefined ? null : Math.floor((expiresAt - Date.now()) / 1000),
    latencies,
  };
}

function announced(asker: Asker, answer: Answer): Answer {
  const { key, status, source, tier, latencies } = answer;
  announce('query.answered', { tenant: asker.tenant, key, status, source, tier, latencies });
  return answer;
}
