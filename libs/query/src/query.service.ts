// The story of one question: screen → key → cache → embed → search → keep → answer.
import { type Entry, type EntryDraft, type EntryRef, type FillMark, type Found, TieredCache } from '#cache';
import { announce, followed, isFailure, type Latencies } from '#ports';
import { untilAborted } from '#resilience';
import type { AnswerTies } from './answer-ties.js';
import { EntryNames } from './entry-names.js';
import { keptAnswer, takesTurns } from './kept-answer.js';
import { KnowledgeService, type RetrievalLatencies, type Retrieved } from './knowledge.service.js';
import type { Screened, Screening } from './privacy/screening.js';
import { provenanceOf } from './provenance.js';
import type { Answer, Asker, Question } from './question.js';
import { retrievedDraft } from './retrieved-draft.js';
import type { SimilarQuestions } from './similar-questions.js';

export interface QueryOptions {
  /** Ends this caller's waiting. What is under way for others goes on. */
  signal?: AbortSignal;
}

export interface QueryServiceOptions {
  screening: Screening;
  ties: AnswerTies;
  /** Absent: questions are answered exactly, or not from the cache. */
  similar?: SimilarQuestions | undefined;
  /** Life of an entry that asks for none. Milliseconds. */
  defaultTtlMs: number;
  random?: () => number;
}

/** Answers questions from the cache, else from the vector store, and keeps what it retrieves. */
export class QueryService {
  private readonly random: () => number;

  constructor(
    private readonly cache: TieredCache,
    private readonly knowledge: KnowledgeService,
    private readonly names: EntryNames,
    private readonly options: QueryServiceOptions,
  ) {
    this.random = options.random ?? Math.random;
  }

  /**
   * The answer if the memory tier holds it and nothing must be waited for; else `undefined`, and `ask` is to be called.
   * Synchronous: this is what the hot route runs. Detectors need not look: what a tenant's policy does not let be kept
   * was not kept under this name, and a policy that changes takes all that was kept before it.
   */
  recall(question: Question, asker: Asker, started = performance.now()): Answer | undefined {
    if (question.forceRefresh || question.vector || question.embedding || question.purpose) return undefined;
    const now = Date.now();
    const looking = performance.now();
    const found = this.cache.lookInMemory(this.names.written(question, asker.tenant), now);
    if (!found || found.state === 'stale' || takesTurns(found.entry)) return undefined;
    const asked = { question, asker, turn: 0, now, random: this.random };
    const ended = performance.now();
    const answer = keptAnswer(found, asked, { total: ended - started, cache: ended - looking });
    return announced(asker, answer, found);
  }

  /**
   * Answers a question.
   * @throws Failure `embedding.model_unknown`; `privacy.refused`; `embedding.*` or `vector.*` where the answer must be
   * retrieved and a provider fails.
   */
  async ask(question: Question, asker: Asker, { signal }: QueryOptions = {}): Promise<Answer> {
    const started = performance.now();
    this.knowledge.checkModel(question.embedding?.model);
    const screened = await this.options.screening.text(question.query, asker.tenant);
    const clock = { started, cacheMs: 0, signal };
    if (screened.action === 'skip') return this.answerUnkept(question, asker, clock);
    return this.askKept({ ...question, query: screened.value }, screened, asker, clock);
  }

  private async askKept(question: Question, screened: Screened<string>, asker: Asker, clock: Clock): Promise<Answer> {
    const { signal } = clock;
    const looking = performance.now();
    const ref = this.names.retrieved(question, asker.tenant);
    const found = question.forceRefresh ? undefined : await this.look(question, asker, ref, signal);
    const cacheMs = performance.now() - looking;
    if (!found) return this.askSimilar({ question, screened, ref }, asker, { ...clock, cacheMs });
    if (found.state === 'stale' && found.entry.origin === 'vectordb') this.refreshBehind({ question, screened, ref });
    return announced(asker, await this.kept(found, question, asker, { ...clock, cacheMs }), found);
  }

  private async kept(found: Found, question: Question, asker: Asker, { started, cacheMs }: Clock): Promise<Answer> {
    const turn = takesTurns(found.entry) ? await this.cache.next(`variants.${found.entry.name}`, asker.tenant) : 0;
    const asked = { question, asker, turn, now: Date.now(), random: this.random };
    return keptAnswer(found, asked, { total: performance.now() - started, cache: cacheMs });
  }

  /** What was not asked in these words may have been asked in others. */
  private async askSimilar(asked: Asked, asker: Asker, clock: Clock): Promise<Answer> {
    const { similar } = this.options;
    const { question } = asked;
    if (!similar || question.forceRefresh) return this.retrieve(asked, asker, clock);
    const looking = performance.now();
    const near = await similar.find(question, asker.tenant, clock.signal ? { signal: clock.signal } : {});
    const cacheMs = clock.cacheMs + performance.now() - looking;
    if (!near) return this.retrieve(asked, asker, { ...clock, cacheMs });
    const answer = await this.kept(near.found, question, asker, { ...clock, cacheMs });
    return announced(asker, { ...answer, status: 'semantic', similarity: near.similarity });
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

  private async retrieve(asked: Asked, asker: Asker, { started, cacheMs, signal }: Clock): Promise<Answer> {
    const replacing = asked.question.forceRefresh ?? false;
    const fill = await untilAborted(
      signal,
      this.cache.flight(asked.ref, () => this.fill(asked, replacing)),
    );
    const latencies = { total: performance.now() - started, cache: cacheMs, ...fill.latencies };
    return announced(asker, retrievedAnswer(asked.ref, fill, latencies));
  }

  /** What holds something that must not be kept is answered for this one caller, and leaves nothing behind. */
  private async answerUnkept(question: Question, asker: Asker, { started, cacheMs, signal }: Clock): Promise<Answer> {
    const retrieved = await this.knowledge.retrieve(question, asker.tenant, signal ? { signal } : {});
    const fill = { draft: this.draft(question, retrieved, []), entry: undefined, latencies: retrieved.latencies };
    const latencies = { total: performance.now() - started, cache: cacheMs, ...retrieved.latencies };
    return announced(asker, retrievedAnswer(this.names.retrieved(question, asker.tenant), fill, latencies));
  }

  /** Runs once for all who ask the same at the same time, so it is bound by the providers' deadlines, not by a caller's. */
  private async fill({ question, screened, ref }: Asked, replacing: boolean): Promise<Fill> {
    const mark = await this.cache.mark(ref);
    const retrieved = await this.knowledge.retrieve(question, ref.tenant);
    const draft = this.draft(question, retrieved, [this.names.questionTag(question.query, ref.tenant)]);
    // A policy that changes purges: the mark has seen that, unless it was made after. Then the policy stands no more.
    const keeps = screened.stands();
    const entry = keeps ? await (replacing ? this.replace(ref, draft, mark) : this.keep(ref, draft, mark)) : undefined;
    if (entry) await this.options.similar?.note(question, ref, entry);
    return { draft, entry, latencies: retrieved.latencies };
  }

  private draft(question: Question, retrieved: Retrieved, tags: readonly string[]): EntryDraft {
    const { ties, defaultTtlMs } = this.options;
    const ttlMs = question.ttl === undefined ? undefined : question.ttl * 1000;
    return retrievedDraft(retrieved, ties, { ttlMs, defaultTtlMs, tags, now: Date.now() });
  }

  /** What was written by hand stays: who may ask may not overwrite it. What was retrieved before is no longer true. */
  private async replace(ref: EntryRef, draft: EntryDraft, mark: FillMark): Promise<Entry | undefined> {
    const before = await this.cache.entry(ref);
    if (before?.origin === 'written') return undefined;
    const entry = await this.keep(ref, draft, mark);
    if (before && !entry) await this.cache.forget(ref).catch(() => undefined);
    return entry;
  }

  /** The entry as it is kept, where it is: an answer that is too large, over the quota or overtaken is given all the same. */
  private async keep(ref: EntryRef, draft: EntryDraft, mark: FillMark): Promise<Entry | undefined> {
    try {
      const { entry, kept } = await this.cache.keep(ref, draft, { mark });
      return kept ? entry : undefined;
    } catch (error) {
      if (isFailure(error, 'cache.entry_too_large') || isFailure(error, 'quota.exceeded')) return undefined;
      throw error;
    }
  }

  private refreshBehind(asked: Asked): void {
    // A failure is announced by the provider's own protection; the stale answer has been served already.
    const refresh = () => followed({ kind: 'background', task: 'refresh' }, () => this.fill(asked, true));
    this.cache.flight(asked.ref, refresh).catch(() => undefined);
  }
}

/** A question as it is kept, and by which judgement. */
interface Asked {
  question: Question;
  screened: Screened<string>;
  ref: EntryRef;
}

interface Clock {
  started: number;
  cacheMs: number;
  signal: AbortSignal | undefined;
}

/** What a retrieval brought. */
interface Fill {
  draft: EntryDraft;
  entry: Entry | undefined;
  latencies: RetrievalLatencies;
}

function retrievedAnswer(ref: EntryRef, { draft, entry }: Fill, latencies: Latencies): Answer {
  const empty = draft.negative === true;
  const expiresAt = entry && !empty ? entry.expiresAt : undefined;
  return {
    resultJson: draft.json,
    hit: false,
    status: 'miss',
    source: empty ? 'none' : 'vectordb',
    tier: null,
    key: ref.name,
    age: 0,
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    freshFor: expiresAt === undefined ? null : Math.floor((expiresAt - Date.now()) / 1000),
    provenanceJson: empty ? undefined : JSON.stringify(provenanceOf(draft)),
    latencies,
  };
}

/** Only a fresh hit has saved what its answer had cost: a stale one is being made anew. */
function announced(asker: Asker, answer: Answer, found?: Found): Answer {
  const { key, status, source, tier, latencies } = answer;
  const avoided = status === 'hit' ? found?.entry.cost : undefined;
  announce('query.answered', { tenant: asker.tenant, key, status, source, tier, latencies, avoided });
  return answer;
}
