// What hits have avoided, counted in memory on the way of an answer and handed over in sums.
import { hourOf } from './periods.js';
import { type Noted, wholeTokens } from './tally-lines.js';

interface Avoided {
  provider: string;
  model: string;
  tokens: number;
}

interface Sum {
  tokens: number;
  calls: number;
}

/** By tenant, then provider, then model: found without making a key. */
type Sums = Map<string, Map<string, Map<string, Sum>>>;

/** Sums of one hour. `id` names them, so that they are added once, however often that is tried. */
export interface Batch {
  id: string;
  at: number;
  lines: readonly Noted[];
}

/** Bounded by the tenants and models that there are. */
export class AvoidedTokens {
  private sums: Sums = new Map();
  private at = 0;

  /** On the hot path: three look-ups, and nothing made but for the first hit of a model in each second. */
  note(tenant: string, { provider, model, tokens }: Avoided): void {
    const sum = this.sums.get(tenant)?.get(provider)?.get(model) ?? this.begin(tenant, provider, model);
    sum.tokens += tokens;
    sum.calls++;
  }

  /** What was noted since the last time; `undefined` for nothing. It belongs to the hour in which that time was. */
  take(now: number, makeId: () => string): Batch | undefined {
    const lines: Noted[] = [];
    for (const [tenant, providers] of this.sums)
      for (const [provider, models] of providers)
        for (const [model, sum] of models)
          lines.push({ tenant, provider, model, sort: 'avoided', tokens: wholeTokens(sum.tokens), calls: sum.calls });
    // What was noted before the hour changed has been taken within a second: it counts where it began.
    const at = this.at > 0 && hourOf(this.at) !== hourOf(now) ? this.at : now;
    this.at = now;
    if (lines.length === 0) return undefined;
    this.sums = new Map();
    return { id: makeId(), at, lines };
  }

  private begin(tenant: string, provider: string, model: string): Sum {
    const sum = { tokens: 0, calls: 0 };
    within(within(this.sums, tenant), provider).set(model, sum);
    return sum;
  }
}

function within<Inner>(outer: Map<string, Map<string, Inner>>, key: string): Map<string, Inner> {
  const inner = outer.get(key) ?? new Map<string, Inner>();
  outer.set(key, inner);
  return inner;
}
