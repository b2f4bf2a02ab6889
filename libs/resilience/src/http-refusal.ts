// What a server said when it refused a call: the status and the start of its body, for adapters to translate.

/** Statuses that may pass by themselves (RFC 9110 §15, RFC 6585 §4); the other 4xx repeat until somebody acts. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Characters of the body that are kept. */
export const MAX_REFUSAL_BODY = 8192;

export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  // Private, so that loggers, which print the properties of an error, never print it: vendors quote input in error bodies.
  readonly #body: string;

  constructor(
    readonly status: number,
    body: string,
  ) {
    super(`status ${status}`);
    this.#body = body.slice(0, MAX_REFUSAL_BODY);
  }

  /** The start of the reply's body. May quote the input: never log it. */
  get body(): string {
    return this.#body;
  }

  /** Whether the same call may succeed later. */
  get passing(): boolean {
    return this.status >= 500 ? this.status !== 501 : PASSING_STATUSES.has(this.status);
  }
}

/** The refusal among the causes of an error, if there is one. */
export function refusalOf(error: unknown): HttpRefusal | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof HttpRefusal) return at;
  }
  return undefined;
}
