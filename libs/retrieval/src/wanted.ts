// What a retrieval is asked for, and how many candidates its steps need.
import type { VectorQuery } from '#ports';

/** A step: `false` leaves it out, `true` takes it with its defaults. */
export type Choice<Settings> = boolean | Settings;

/** How matches are found and ranked beyond the nearness of vectors. */
export interface Refinement {
  /** Also find by words. Without `alpha` both rankings are fused by reciprocal rank; it is the share of the vectors, 0..1. */
  hybrid?: Choice<{ alpha?: number | undefined }> | undefined;
  /** Prefer matches unlike those already taken. `lambda`: 1 is nearness alone, 0 variety alone. */
  mmr?: Choice<{ lambda?: number | undefined; candidates?: number | undefined }> | undefined;
  /** Let a cross-encoder read question and documents together. `threshold`: smallest score of its own that counts. */
  rerank?: Choice<{ candidates?: number | undefined; threshold?: number | undefined }> | undefined;
  /** Settings of the vendor's search, e.g. `{ efSearch: 64 }`. */
  search?: Record<string, number> | undefined;
}

/** A retrieval. `hybrid` and `rerank` read `text`, and need it. */
export interface Wanted extends Refinement, Omit<VectorQuery, 'hybrid' | 'search' | 'withVectors'> {
  text?: string | undefined;
}

export const DEFAULT_LAMBDA = 0.5;

const MMR_FACTOR = 4;
const RERANK_FACTOR = 5;
/** Candidates of a step that names no number. */
const FEW = 20;
const MANY = 100;
/** What the largest query of the port takes. */
const MOST = 1000;

/** How many candidates are searched for `k` matches: as many as the most demanding step looks at. */
export function candidatesOf({ k, mmr, rerank }: Pick<Wanted, 'k' | 'mmr' | 'rerank'>): number {
  const forMmr = mmr ? (settingsOf(mmr).candidates ?? clamp(k * MMR_FACTOR)) : 0;
  const forRerank = rerank ? (settingsOf(rerank).candidates ?? clamp(k * RERANK_FACTOR)) : 0;
  return Math.min(MOST, Math.max(k, forMmr, forRerank));
}

/** What a step that is taken was given; nothing where it takes its defaults. */
export function settingsOf<Settings extends object>(choice: Choice<Settings> | undefined): Partial<Settings> {
  return typeof choice === 'object' ? choice : {};
}

function clamp(count: number): number {
  return Math.min(MANY, Math.max(FEW, count));
}
