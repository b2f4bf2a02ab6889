// From an entry of the cache to the answer that a caller gets.
import type { Entry, Found } from '#cache';
import type { Latencies } from '#ports';
import { provenanceOf } from './provenance.js';
import type { Answer, Asker, Question } from './question.js';
import { type Choice, choose, type VariantSet, variantsOf } from './variants.js';

/** What is parsed once an entry, and remembered with it in the memory tier. */
interface Parsed {
  variants: VariantSet | null;
  expiresAt: string;
  provenanceJson: string | undefined;
}

export function parsed(entry: Entry): Parsed {
  const known = entry.derived as Parsed | undefined;
  if (known) return known;
  const made: Parsed = {
    variants: variantsOf(entry.json),
    expiresAt: new Date(entry.expiresAt).toISOString(),
    provenanceJson: entry.negative ? undefined : JSON.stringify(provenanceOf(entry)),
  };
  entry.derived = made;
  return made;
}

/** Whether choosing a variant needs the shared counter, which must be asked for. */
export function takesTurns(entry: Entry): boolean {
  return parsed(entry).variants?.strategy === 'round-robin';
}

/** The answer that an entry gives. `turn` counts the earlier answers of an entry whose variants take turns. */
export function keptAnswer(
  found: Found,
  asked: { question: Question; asker: Asker; turn: number; now: number; random: () => number },
  latencies: Latencies,
): Answer {
  const { entry, tier, state } = found;
  const { variants, expiresAt, provenanceJson } = parsed(entry);
  const choice =
    variants && choose(variants, { seed: seedOf(asked, variants), turn: asked.turn, random: asked.random });
  const stale = state === 'stale';
  return {
    resultJson: choice ? choice.json : entry.json,
    hit: !entry.negative,
    status: entry.negative ? 'miss' : stale ? 'stale' : 'hit',
    source: entry.negative ? 'none' : 'cache',
    tier,
    ...(choice && { variant: variantOf(choice) }),
    key: entry.name,
    age: Math.max(0, Math.floor((asked.now - entry.createdAt) / 1000)),
    expiresAt,
    freshFor: Math.floor((entry.expiresAt - asked.now) / 1000),
    provenanceJson,
    latencies,
  };
}

function seedOf({ question, asker }: { question: Question; asker: Asker }, variants: VariantSet): string {
  return question.seed ?? variants.seed ?? asker.subject;
}

function variantOf({ index, id }: Choice): { index: number; id?: string } {
  return id === undefined ? { index } : { index, id };
}
