// Adds sums to the tallies exactly once under a name, however often that is tried, and by whomever.
import type { Records, TallyChange } from '#records';

/** Marks are deleted as soon as nothing may repeat their settlement; those of a process that died end by themselves. */
const MARK_LASTS_MS = 400 * 86_400_000;

/** Changes in one call of the records. */
const MAX_CHANGES = 400;

export class Settlements {
  constructor(private readonly records: Records) {}

  /** Adds the changes, all together, if nothing was added under this name yet. `by` says who did it. Gives whether it was now. */
  async once(name: string, changes: readonly TallyChange[], by: 'owner' | 'finder' = 'owner'): Promise<boolean> {
    const mark = { key: markOf(name), by: 1, ttlMs: MARK_LASTS_MS };
    const marks: TallyChange[] = [{ ...mark, field: 'settled', limit: 1 }];
    if (by === 'finder') marks.push({ ...mark, field: 'found' });
    return (await this.records.addWithin([...marks, ...changes])).added;
  }

  /** Corrects, once, what a finder has settled as well as it could. Gives `false` where no finder has. */
  async correct(name: string, changes: readonly TallyChange[]): Promise<boolean> {
    const [mark = {}] = await this.records.tallies([markOf(name)]);
    if (mark.found === undefined) return false;
    return (await this.records.addWithin([{ key: markOf(name), field: 'corrected', by: 1, limit: 1 }, ...changes]))
      .added;
  }

  /** Forgets names that nobody will use again. */
  async forget(names: readonly string[]): Promise<void> {
    await this.records.delete(names.map(markOf));
  }
}

/** Lists of changes that may be added apart from each other, as many together as the records take in one call. */
export function packed(groups: readonly (readonly TallyChange[])[]): TallyChange[][] {
  const packs: TallyChange[][] = [];
  for (const group of groups) {
    const last = packs.at(-1);
    if (last && last.length + group.length <= MAX_CHANGES) last.push(...group);
    else packs.push([...group]);
  }
  return packs;
}

function markOf(name: string): string {
  return `usage/~settled/${name}`;
}
