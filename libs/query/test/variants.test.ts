// Variants are kept with their strategy, and chosen by it.
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '#ports';
import { choose, keptForm, variantsOf } from '../src/variants.js';

const texts: JsonValue[] = [{ id: 'a', text: 'You’re welcome' }, { text: 'My pleasure' }, { text: 'No problem' }];
const set = (more: object) => variantsOf(JSON.stringify({ variants: texts, ...more }))!;
const from = { seed: 's', turn: 0, random: () => 0 };

describe('keptForm', () => {
  it('keeps the strategy inside the answer, wherever the caller put it', () => {
    const weights = [3, 1, 1];
    const inside = keptForm({ query: 'q', response: { variants: texts, variantStrategy: 'weighted', weights } });
    const beside = keptForm({ query: 'q', response: { variants: texts }, variantStrategy: 'weighted', weights });
    expect(beside).toEqual(inside);
  });

  it('leaves an answer without variants as it is', () => {
    const plain: JsonValue[] = [null, 3, 'text', [1], { answer: 'yes' }, { variants: 'none' }, { variants: [] }];
    for (const response of plain) {
      expect(keptForm({ query: 'q', response, variantStrategy: 'random' })).toBe(response);
    }
  });
});

describe('variantsOf', () => {
  it('finds none in an answer that only speaks of them', () => {
    expect(variantsOf('{"answer":"yes"}')).toBeNull();
    expect(variantsOf('{"answer":"the word \\"variants\\""}')).toBeNull();
    expect(variantsOf('{"text":{"variants":[1]}}')).toBeNull();
  });
});

describe('choose', () => {
  it('gives the index, the id where there is one, and the variant alone', () => {
    expect(choose(set({}), from)).toEqual({ index: 0, id: 'a', json: JSON.stringify(texts[0]) });
    expect(choose(set({}), { ...from, random: () => 0.999 })).toEqual({
      index: 2,
      id: undefined,
      json: JSON.stringify(texts[2]),
    });
  });

  it('takes turns from index 0', () => {
    const indexes = [0, 1, 2, 3, 4].map(
      (turn) => choose(set({ variantStrategy: 'round-robin' }), { ...from, turn }).index,
    );
    expect(indexes).toEqual([0, 1, 2, 0, 1]);
  });

  it('weighs: a weight of 0 is never chosen, the others in proportion', () => {
    const weighted = set({ variantStrategy: 'weighted', weights: [3, 0, 1] });
    const at = (point: number) => choose(weighted, { ...from, random: () => point }).index;
    expect([0, 0.5, 0.7499, 0.75, 0.9999].map(at)).toEqual([0, 0, 0, 2, 2]);
    // Who gives weights means them, whether or not the strategy is named.
    expect(set({ weights: [3, 0, 1] }).strategy).toBe('weighted');
  });

  it('gives a seed the same variant each time, and many seeds all variants in proportion', () => {
    const deterministic = set({ variantStrategy: 'deterministic', weights: [2, 1, 1] });
    const of = (seed: string) => choose(deterministic, { ...from, seed, random: () => Number.NaN }).index;
    expect(of('user-7')).toBe(of('user-7'));
    const counts = [0, 0, 0];
    for (let seed = 0; seed < 4000; seed++) counts[of(`user-${seed}`)]!++;
    expect(counts[0]).toBeGreaterThan(1800);
    expect(counts[0]).toBeLessThan(2200);
    expect(Math.min(counts[1]!, counts[2]!)).toBeGreaterThan(850);
  });
});
