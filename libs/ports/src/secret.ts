// A value that may be used but never shown: it prints as dots wherever it is logged, joined or serialised.
import { inspect } from 'node:util';

const MASK = '••••••';

/** Holds a secret text. `reveal()` is the only way to read it; every way of printing it gives dots. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. Call it where the secret is used, and keep no copy. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
