// How usage is written down: a tally an hour and a day of each tenant, a field for each sort of tokens of each model.
import type { TallyChange } from '#records';
import { dayOf, hourOf, type Period } from './periods.js';

/** Surely spent; avoided by a hit; perhaps spent: sent, and never answered. */
export type Sort = 'spent' | 'avoided' | 'uncertain';

export const SORTS: readonly Sort[] = ['spent', 'avoided', 'uncertain'];

/** A field may have 300 characters; the vendors' names of models are far shorter. */
const MAX_MODEL = 200;

/** Something that cost, or would have. */
export interface Noted {
  tenant: string;
  provider: string;
  model: string;
  sort: Sort;
  tokens: number;
  /** Calls made, or answers that made one unnecessary. */
  calls: number;
}

export interface Keeping {
  /** How long the sums of hours and of days are kept. Milliseconds. */
  keepHoursMs: number;
  keepDaysMs: number;
}

/** What a tally can hold: providers are not ours, and one odd number must not keep all others from being noted. */
export function wholeTokens(tokens: number): number {
  return Number.isFinite(tokens) && tokens > 0 ? Math.min(Math.round(tokens), Number.MAX_SAFE_INTEGER) : 0;
}

export function tallyKey(tenant: string, by: Period, period: string): string {
  return `usage/${tenant}/${by === 'hour' ? 'h' : 'd'}/${period}`;
}

/** The changes that note it in the hour and in the day of `at`. */
export function changesOf({ tenant, provider, model, sort, tokens, calls }: Noted, at: number, keeping: Keeping) {
  const place = `${provider}|${model.slice(0, MAX_MODEL)}`;
  const tallies = [
    { key: tallyKey(tenant, 'hour', hourOf(at)), ttlMs: keeping.keepHoursMs },
    { key: tallyKey(tenant, 'day', dayOf(at)), ttlMs: keeping.keepDaysMs },
  ];
  return tallies.flatMap((tally): TallyChange[] => [
    { ...tally, field: `${sort}|${place}`, by: tokens },
    { ...tally, field: `${sort}#|${place}`, by: calls },
  ]);
}

/** What a field says; `undefined` for one that is not ours. */
export function readField(
  field: string,
): { sort: Sort; count: 'tokens' | 'calls'; provider: string; model: string } | undefined {
  const [, sort, hash, provider, model] = /^(spent|avoided|uncertain)(#?)\|([^|]*)\|(.*)$/s.exec(field) ?? [];
  if (sort === undefined || provider === undefined || model === undefined) return undefined;
  return { sort: sort as Sort, count: hash === '#' ? 'calls' : 'tokens', provider, model };
}
