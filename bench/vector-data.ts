// Vectors and texts to measure with: the same for the same seed, one after the other, so that a million needs no memory.
export const DIMENSION = 384;

/** How vectors lie: `clustered` has a hundred documents a topic, as paraphrases lie. */
export type Lie = 'clustered' | 'random';

export function* vectorsOf(lie: Lie, count: number, random: () => number): Generator<Float32Array> {
  if (lie === 'random') for (let i = 0; i < count; i++) yield unit(gaussian(random));
  else yield* clustered(count, random);
}

function* clustered(count: number, random: () => number): Generator<Float32Array> {
  const centres = Array.from({ length: Math.ceil(count / 100) }, () => unit(gaussian(random)));
  for (let i = 0; i < count; i++) {
    const centre = centres[Math.floor(random() * centres.length)]!;
    const noise = unit(gaussian(random));
    yield unit(centre.map((one, at) => one + 0.5 * noise[at]!));
  }
}

/** So many words of a language of 50,000, of which few are common and most are rare. */
export function textOf(words: number, random: () => number): string {
  return Array.from({ length: words }, () => `word${Math.floor(50_000 * random() ** 4)}`).join(' ');
}

function gaussian(random: () => number): Float32Array {
  return Float32Array.from({ length: DIMENSION }, () => {
    return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  });
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((one) => one / length);
}

/** Numbers in 0..1 (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The nearest of many unit vectors to some queries, as plain JavaScript finds them: one pass, the nearest kept in order. */
export class BruteForce {
  private readonly tops: Array<Array<{ at: number; score: number }>>;
  private seen = 0;

  constructor(
    private readonly queries: readonly Float32Array[],
    private readonly neighbours: number,
  ) {
    this.tops = queries.map(() => []);
  }

  add(vector: Float32Array): void {
    const at = this.seen++;
    for (let q = 0; q < this.queries.length; q++) {
      const [query, top] = [this.queries[q]!, this.tops[q]!];
      let score = 0;
      for (let i = 0; i < DIMENSION; i++) score += vector[i]! * query[i]!;
      if (top.length === this.neighbours && score <= top.at(-1)!.score) continue;
      top.push({ at, score });
      top.sort((a, b) => b.score - a.score);
      if (top.length > this.neighbours) top.pop();
    }
  }

  /** Places of the nearest to a query, counted from 0. */
  nearest(query: number): number[] {
    return this.tops[query]!.map(({ at }) => at);
  }
}

export async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/** The value below which a share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
