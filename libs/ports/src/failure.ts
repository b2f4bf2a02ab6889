// One class for everything that goes wrong, with a stable code from one table.
import { FAILURES } from './failure-codes.js';
import type { FailureEntry, FailureKind } from './failure-kind.js';

export type FailureCode = keyof typeof FAILURES;

type FactNames<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | FactNames<Rest>
  : never;

/** The facts that the detail of a code names: numbers and names, never a prompt, an answer or a secret. */
export type FactsOf<Code extends FailureCode> = Record<FactNames<(typeof FAILURES)[Code]['detail']>, string | number>;

/** One problem of an input: where it is, what kind of problem, and what to do. */
export interface InputProblem {
  /** Path of the field, dots between names, e.g. `vector.k`. Empty for the whole input. */
  path: string;
  code: string;
  message: string;
}

export interface FailureOptions {
  /** The vendor's own error. Kept for logs; never shown to a caller. */
  cause?: unknown;
  /** Milliseconds after which the same call may succeed. */
  retryAfterMs?: number;
  /** Problems field by field, for kind `invalid`. */
  problems?: InputProblem[];
  /** What the detail names, for code that must act on it. `failure` fills it in. */
  facts?: Readonly<Record<string, string | number>>;
}

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly title: string;
  readonly retryAfterMs: number | undefined;
  readonly problems: InputProblem[] | undefined;
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(
    readonly code: FailureCode,
    detail: string,
    options: FailureOptions = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    const entry: FailureEntry = FAILURES[code];
    this.kind = entry.kind;
    this.title = entry.title;
    this.retryAfterMs = options.retryAfterMs;
    this.problems = options.problems;
    this.facts = options.facts ?? {};
  }
}

/** Makes the failure of a code: `throw failure('embedding.dimension_mismatch', { provider, expected, received })`. */
export function failure<Code extends FailureCode>(
  code: Code,
  facts: FactsOf<Code>,
  options: FailureOptions = {},
): Failure {
  const values = facts as Record<string, string | number>;
  const detail = FAILURES[code].detail.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  return new Failure(code, detail, { ...options, facts: values });
}

export function isFailure(error: unknown, code?: FailureCode): error is Failure {
  return error instanceof Failure && (code === undefined || error.code === code);
}
