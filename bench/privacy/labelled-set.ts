// The labelled set: texts with a personal value or a secret at a known place, and near misses without one.
import { Lot } from './lot.js';
import { nearMisses } from './near-misses.js';
import { PERSONAL } from './personal-values.js';
import { SECRETS } from './secret-values.js';
import { sentencesFor } from './sentences.js';

export interface Labelled {
  text: string;
  /** `en`, `de`, …, or the form: `code`, `json`, `csv`, `log`, `yaml`; near misses say `near-miss`. */
  language: string;
  label?: { kind: string; start: number; end: number };
}

/** Drawn anew when the detectors were done: they have not been fitted to these values. */
const SEED = 4_711;
const A_KIND = 30;
const NEAR_MISSES = 840;

/** Always the same: 30 texts a kind, phones twice (by form, and by the word before), and 840 near misses. */
export function labelledSet(seed = SEED): Labelled[] {
  const lot = new Lot(seed);
  const personal = Object.entries(PERSONAL).flatMap(([kind, make]) =>
    texts(kind, make, sentencesFor(kind, false), lot),
  );
  const secret = Object.entries(SECRETS).flatMap(([kind, make]) => texts(kind, make, sentencesFor(kind, true), lot));
  const misses = nearMisses(lot, NEAR_MISSES).map((text) => ({ text, language: 'near-miss' }));
  return [...personal, ...secret, ...misses];
}

function texts(kind: string, make: (lot: Lot) => string, sentences: readonly string[], lot: Lot): Labelled[] {
  return Array.from({ length: A_KIND }, (_, at) => {
    const [language, sentence] = sentences[at % sentences.length]!.split('|', 2) as [string, string];
    const value = make(lot);
    const [before, after] = sentence.split('{}', 2) as [string, string];
    // The word that some numbers need is no part of them.
    const lead =
      /^(?:BSN|burgerservicenummer:|CPF|Aadhaar:|https:\/\/(?=hooks)|SSN|Social Security number:) ?/.exec(value)?.[0]
        .length ?? 0;
    const start = before.length + lead;
    const label = { kind: kind.replace('-by-word', ''), start, end: before.length + value.length };
    return { text: before + value + after, language, label };
  });
}
