// What a detector of personal data and secrets is: a text in, the places found in it out.
import type { CallOptions } from './call-options.js';

export interface Finding {
  /** What was found, e.g. `email`, `iban`, `api-key`; 1 to 40 of `a-z0-9-`, from a closed set of the detector. */
  kind: string;
  /** Whether it is a secret (it opens something) or personal data (it names somebody). */
  sort: 'secret' | 'personal';
  /** UTF-16 positions in the text: from, and up to but without. */
  start: number;
  end: number;
}

export abstract class TextDetector {
  /** Name of the provider. */
  abstract readonly provider: string;
  /** Everything that `kind` may be. */
  abstract readonly kinds: readonly string[];
  /** Findings in any order; they may overlap. Fails with `privacy.detector_failed`. */
  abstract find(text: string, options?: CallOptions): Finding[] | Promise<Finding[]>;
  /** Releases what the detector holds. May be called twice. */
  abstract close(): Promise<void>;
}
