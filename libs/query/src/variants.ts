// Answers that hold several variants: how they are kept, and which one a caller gets.
import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '#ports';
import type { VariantStrategy, WrittenAnswer } from './question.js';

/** The variants of an answer, parsed once an entry. */
export interface VariantSet {
  strategy: VariantStrategy;
  /** Each variant as JSON text. */
  items: readonly string[];
  ids: ReadonlyArray<string | undefined>;
  /** Running sums of the weights; the last is their total. */
  sums: readonly number[];
  seed: string | undefined;
}

export interface Choice {
  index: number;
  json: string;
  id: string | undefined;
}

/** How the answer is kept: where it has variants, the strategy fields stand inside it, wherever the caller put them. */
export function keptForm({ response, variantStrategy, weights, seed }: WrittenAnswer): JsonValue {
  if (!hasVariants(response)) return response;
  return {
    ...response,
    ...(variantStrategy && { variantStrategy }),
    ...(weights && { weights: [...weights] }),
    ...(seed !== undefined && { seed }),
  };
}

export function hasVariants(response: JsonValue): response is JsonObject & { variants: JsonValue[] } {
  return (
    typeof response === 'object' &&
    response !== null &&
    !Array.isArray(response) &&
    Array.isArray(response.variants) &&
    response.variants.length > 0
  );
}

/** The variants of a kept answer; `null` where it has none. */
export function variantsOf(json: string): VariantSet | null {
  if (!json.includes('"variants"')) return null;
  const kept = JSON.parse(json) as JsonValue;
  if (!hasVariants(kept)) return null;
  const weights = Array.isArray(kept.weights) ? kept.weights.map(Number) : kept.variants.map(() => 1);
  let total = 0;
  return {
    strategy: (kept.variantStrategy as VariantStrategy | undefined) ?? (kept.weights ? 'weighted' : 'random'),
    items: kept.variants.map((one) => JSON.stringify(one)),
    ids: kept.variants.map(idOf),
    sums: weights.map((weight) => (total += weight)),
    seed: typeof kept.seed === 'string' ? kept.seed : undefined,
  };
}

/**
 * Chooses a variant. `turn` is the number of earlier choices (round-robin); `seed` is the caller's.
 * `deterministic` gives a seed the same variant for ever, in proportion to the weights over many seeds.
 */
export function choose(set: VariantSet, from: { seed: string; turn: number; random: () => number }): Choice {
  const index = indexOf(set, from);
  return { index, json: set.items[index]!, id: set.ids[index] };
}

function indexOf(
  set: VariantSet,
  { seed, turn, random }: { seed: string; turn: number; random: () => number },
): number {
  const count = set.items.length;
  switch (set.strategy) {
    case 'round-robin':
      return turn % count;
    case 'deterministic':
      return weighted(set.sums, fraction(seed));
    case 'weighted':
      return weighted(set.sums, random());
    case 'random':
      return Math.floor(random() * count);
  }
}

function weighted(sums: readonly number[], point: number): number {
  const wanted = point * sums.at(-1)!;
  const found = sums.findIndex((sum) => wanted < sum);
  return found === -1 ? sums.length - 1 : found;
}

/** The seed as a number in [0, 1): the first 48 bits of its SHA-256. */
function fraction(seed: string): number {
  return createHash('sha256').update(seed).digest().readUIntBE(0, 6) / 2 ** 48;
}

function idOf(variant: JsonValue): string | undefined {
  if (typeof variant !== 'object' || variant === null || Array.isArray(variant)) return undefined;
  return typeof variant.id === 'string' ? variant.id : undefined;
}
