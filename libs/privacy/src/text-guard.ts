// Stands between texts and what keeps them: finds with all detectors, and judges by a policy.
import { type CallOptions, type Finding, failure, isFailure, type TextDetector } from '#ports';
import { replaced, withoutOverlaps } from './findings.js';
import { type Decision, decisionOn, type PrivacyPolicy, strictest } from './policy.js';

export interface Judgement {
  /** The strictest of what the policy says of the findings; `store` where there are none. */
  decision: Decision;
  /** The kinds on which the policy does not say `store`, each once, in alphabetical order. Fit for messages. */
  kinds: string[];
  /** The text with all those replaced by their kind, e.g. `[email]`; the text itself where there are none. */
  redacted: string;
}

/** All methods fail with `privacy.detector_failed` when a detector does: an unchecked text is never taken for a clean one. */
export class TextGuard {
  /** What the detectors can find. A policy may name these kinds. */
  readonly kinds: readonly string[];

  constructor(
    private readonly detectors: readonly TextDetector[],
    /** What the configuration says, for tenants without a policy of their own. */
    readonly defaultPolicy: PrivacyPolicy,
  ) {
    this.kinds = [...new Set(detectors.flatMap(({ kinds }) => kinds))].sort();
  }

  /** Everything found, in the order of the text, without overlaps. */
  async inspect(text: string, options: CallOptions = {}): Promise<Finding[]> {
    return withoutOverlaps(await this.all(text, options));
  }

  /** What a policy makes of a text. */
  async judge(text: string, policy = this.defaultPolicy, options: CallOptions = {}): Promise<Judgement> {
    // Each for itself: what overlaps with a finding that the policy lets be stored is judged all the same.
    const judged = (await this.all(text, options)).filter((one) => decisionOn(one, policy) !== 'store');
    return {
      decision: strictest(judged.map((one) => decisionOn(one, policy))),
      kinds: [...new Set(judged.map(({ kind }) => kind))].sort(),
      redacted: replaced(text, withoutOverlaps(judged), named),
    };
  }

  async verdict(text: string, policy = this.defaultPolicy, options: CallOptions = {}): Promise<Decision> {
    return (await this.judge(text, policy, options)).decision;
  }

  /** The text with everything found replaced by its kind, e.g. `write to [email]`. */
  async redact(text: string, options: CallOptions = {}): Promise<string> {
    return replaced(text, await this.inspect(text, options), named);
  }

  private async all(text: string, options: CallOptions): Promise<Finding[]> {
    const found = await Promise.all(this.detectors.map((detector) => findings(detector, text, options)));
    return found.flat();
  }

  /** Closes the detectors. May be called twice. */
  async close(): Promise<void> {
    await Promise.all(this.detectors.map((detector) => detector.close()));
  }
}

async function findings(detector: TextDetector, text: string, options: CallOptions): Promise<Finding[]> {
  try {
    const found = await detector.find(text, options);
    return found.map((one) => checked(detector, text, one));
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (isFailure(cause, 'privacy.detector_failed')) throw cause;
    throw failure('privacy.detector_failed', { provider: detector.provider }, { cause });
  }
}

/** A stranger's detector is held to its word: a place outside the text would cut a redaction askew. */
function checked({ kinds }: TextDetector, { length }: string, finding: Finding): Finding {
  const { kind, start, end } = finding;
  const inside = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= length;
  if (!inside || !kinds.includes(kind)) throw new RangeError('a finding lies outside the text, or is of no known kind');
  return finding;
}

function named({ kind }: Finding): string {
  return `[${kind}]`;
}
