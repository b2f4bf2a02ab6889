// Finds the matches of a question: the store searches, a cross-encoder reads, variety is chosen; each step is timed.
import {
  announce,
  type CallOptions,
  type CollectionRef,
  failure,
  followed,
  type VectorMatch,
  type VectorQuery,
  type VectorStore,
} from '#ports';
import { checkedMatches } from './checked-matches.js';
import { diversified } from './diversified.js';
import { candidatesOf, DEFAULT_LAMBDA, settingsOf, type Wanted } from './wanted.js';

/** What ranks texts by how well they answer: one score a text, 0..1, in their order. */
export interface Ranker {
  rank(query: string, texts: readonly string[], o: CallOptions & { tenant?: string }): Promise<number[]>;
}

/** Milliseconds by step; a step that was not taken is absent. */
export interface StepLatencies {
  vectordb: number;
  rerank?: number;
  mmr?: number;
}

export interface Found {
  /** Best first; with MMR in the order of choice. `score` is that of the last step that gave one. */
  matches: VectorMatch[];
  latencies: StepLatencies;
}

export class Retriever {
  constructor(
    private readonly store: VectorStore,
    private readonly ranker: Ranker | null,
  ) {}

  /**
   * At most `k` matches. `threshold` is held against the score of the search, fused where it is hybrid.
   * @throws Failure `rerank.disabled` where there is no reranker; `rerank.*`, `vector.*`
   */
  async find(ref: CollectionRef, wanted: Wanted, options: CallOptions = {}): Promise<Found> {
    if (wanted.rerank && !this.ranker) throw failure('rerank.disabled', {});
    const steps = new Steps();
    let matches = await steps.take('search', candidatesOf(wanted), () => this.search(ref, wanted, options));
    if (wanted.rerank) {
      matches = await steps.take('rerank', matches.length, () => this.reranked(matches, wanted, ref.tenant, options));
    }
    if (wanted.mmr) matches = await steps.take('mmr', matches.length, () => this.varied(ref, matches, wanted, options));
    return { matches: matches.slice(0, wanted.k).map(withoutVector), latencies: steps.latencies };
  }

  private async search(ref: CollectionRef, wanted: Wanted, options: CallOptions): Promise<VectorMatch[]> {
    const { hybrid, mmr, rerank: _, text, search, ...query } = wanted;
    const { alpha } = settingsOf(hybrid);
    const asked: VectorQuery = {
      ...query,
      k: candidatesOf(wanted),
      ...(search && { search }),
      ...(hybrid && { hybrid: { text: textOf(text), ...(alpha !== undefined && { alpha }) } }),
      ...(mmr && { withVectors: true }),
    };
    if (hybrid && !this.store.capabilities.hybrid) {
      throw failure('vector.hybrid_unsupported', { provider: this.store.provider });
    }
    return checkedMatches(await this.store.query(ref, asked, options), asked, this.store.provider);
  }

  /** What has no text cannot be read, and is left out. Of equals the one that the search found nearer stays before. */
  private async reranked(matches: VectorMatch[], { text, rerank }: Wanted, tenant: string, options: CallOptions) {
    const readable = matches.filter((match) => match.text !== undefined && match.text.trim() !== '');
    if (readable.length === 0) return [];
    const texts = readable.map((match) => match.text!);
    const scores = await this.ranker!.rank(textOf(text), texts, { ...options, tenant });
    const least = settingsOf(rerank).threshold ?? 0;
    return readable
      .map((match, at) => ({ ...match, score: scores[at]! }))
      .filter(({ score }) => score >= least)
      .sort((a, b) => b.score - a.score);
  }

  private async varied(ref: CollectionRef, matches: VectorMatch[], { k, mmr }: Wanted, options: CallOptions) {
    const vectors = await this.vectorsOf(ref, matches, options);
    // A point that was deleted meanwhile is no match any more.
    const candidates = matches.flatMap((match) => {
      const vector = match.vector ?? vectors.get(match.id);
      return vector ? [{ ...match, vector }] : [];
    });
    return diversified(candidates, k, settingsOf(mmr).lambda ?? DEFAULT_LAMBDA);
  }

  /** Of those matches that came without theirs, though asked for: a store may know no such thing. */
  private async vectorsOf(ref: CollectionRef, matches: readonly VectorMatch[], options: CallOptions) {
    const ids = matches.filter(({ vector }) => !vector).map(({ id }) => id);
    const points = ids.length === 0 ? [] : await this.store.get(ref, ids, options);
    return new Map(points.map(({ id, vector }) => [id, vector]));
  }
}

class Steps {
  readonly latencies: StepLatencies = { vectordb: 0 };

  async take<T>(step: 'search' | 'mmr' | 'rerank', candidates: number, run: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const outcome = await followed({ kind: 'retrieval', step }, run);
    const durationMs = performance.now() - started;
    this.latencies[step === 'search' ? 'vectordb' : step] = durationMs;
    announce('retrieval.step', { step, durationMs, candidates });
    return outcome;
  }
}

/** Doors see to it that a search by words has some; this is for callers in code. */
function textOf(text: string | undefined): string {
  if (text === undefined) throw failure('request.invalid', { part: 'search', count: 1 }, { problems: [NEEDS_TEXT] });
  return text;
}

const NEEDS_TEXT = { path: 'text', code: 'missing', message: 'hybrid and rerank need a text' };

function withoutVector({ vector: _, ...match }: VectorMatch): VectorMatch {
  return match;
}
