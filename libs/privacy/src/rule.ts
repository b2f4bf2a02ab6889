// A rule finds one kind: a pattern proposes, a check decides.
import { setImmediate } from 'node:timers/promises';
import { type CallOptions, type Finding, TextDetector } from '#ports';

export interface Rule {
  kind: string;
  sort: Finding['sort'];
  /**
   * With the flag `g`. Every repetition in it is bounded, or begins only where the one before it could not, so that the
   * time is linear in the text; `test/linear-time.test.ts` counts its steps.
   */
  pattern: RegExp;
  /** Something without which the pattern finds nothing, asked for first. */
  needs: RegExp;
  /** Whether a match is a finding, or which part of it is. Absent: all of it is. */
  accept?: (match: RegExpExecArray) => boolean | Span;
}

/** A part of a match, by positions in the match. */
export interface Span {
  from: number;
  to: number;
}

/** Texts beyond this many UTF-16 units are looked at with pauses, so that others are answered in between. */
const LONG_TEXT = 32 * 1024;

/** What one rule finds, in the order of the text. */
export function* found(rule: Rule, text: string): Iterable<Finding> {
  if (!rule.needs.test(text)) return;
  const { pattern, kind, sort, accept = () => true } = rule;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const accepted = accept(match);
    if (accepted === false) {
      // What begins a little later may be a finding all the same.
      pattern.lastIndex = match.index + 1;
      continue;
    }
    const { from, to } = accepted === true ? { from: 0, to: match[0].length } : accepted;
    // The next one begins behind this one, or where its pattern ended early.
    pattern.lastIndex = match.index + to;
    yield { kind, sort, start: match.index + from, end: match.index + to };
  }
}

/** A built-in detector: rules that share nothing but a name. */
export class RuleDetector extends TextDetector {
  readonly kinds: readonly string[];

  constructor(
    readonly provider: string,
    private readonly rules: readonly Rule[],
  ) {
    super();
    this.kinds = [...new Set(rules.map(({ kind }) => kind))];
  }

  find(text: string, options: CallOptions = {}): Finding[] | Promise<Finding[]> {
    if (text.length > LONG_TEXT) return this.findSlowly(text, options);
    return this.rules.flatMap((rule) => [...found(rule, text)]);
  }

  async close(): Promise<void> {
    // Nothing is held.
  }

  private async findSlowly(text: string, { signal }: CallOptions): Promise<Finding[]> {
    const all: Finding[] = [];
    for (const rule of this.rules) {
      all.push(...found(rule, text));
      await setImmediate();
      signal?.throwIfAborted();
    }
    return all;
  }
}
