// Counts how often each name came by.

export class Counter {
  readonly counts: Record<string, number> = {};

  add(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  /** Names with their counts, the most frequent first. */
  get ranked(): Array<[string, number]> {
    return ranked(this.counts);
  }
}

export function ranked(counts: Readonly<Record<string, number>>): Array<[string, number]> {
  return Object.entries(counts).sort(([, a], [, b]) => b - a);
}
