// Sealers that are slow, that fail, and that have keys to change, for tests of what is sealed.
import { PlainSealer, type SealContext, Sealer } from '#crypto';

/** As with a key service that is far away. */
export class SlowSealer extends PlainSealer {
  #held: Promise<void> | undefined;
  #asked: (() => void) | undefined;
  asked: Promise<void> | undefined;

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    this.asked = new Promise((asked) => {
      this.#asked = asked;
    });
    return resolve;
  }

  override async seal(...given: Parameters<PlainSealer['seal']>): Promise<Uint8Array> {
    this.#asked?.();
    await this.#held;
    return super.seal(...given);
  }
}

export class FailingSealer extends PlainSealer {
  fails = false;

  override seal(...given: Parameters<PlainSealer['seal']>): Promise<Uint8Array> {
    return this.#unlessFailing(() => super.seal(...given));
  }

  override open(...given: Parameters<PlainSealer['open']>): Promise<Uint8Array> {
    return this.#unlessFailing(() => super.open(...given));
  }

  override isCurrent(...given: Parameters<PlainSealer['isCurrent']>): Promise<boolean> {
    return this.#unlessFailing(() => super.isCurrent(...given));
  }

  async #unlessFailing<T>(run: () => Promise<T>): Promise<T> {
    if (this.fails) throw new Error('away');
    return run();
  }
}

/** Writes a number of its key behind what it seals, and opens what was sealed under some keys. */
export class MarkingSealer extends Sealer {
  readonly sealing = true;
  readonly #plain = new PlainSealer();
  opens = [1, 2];
  meanwhile: (() => Promise<void>) | undefined;

  constructor(public mark = 1) {
    super();
  }

  async seal(plain: Uint8Array): Promise<Uint8Array> {
    await this.meanwhile?.();
    return Buffer.concat([await this.#plain.seal(plain), Buffer.from([this.mark])]);
  }

  async open(sealed: Uint8Array, at: SealContext): Promise<Uint8Array> {
    const known = this.opens.includes(sealed.at(-1)!);
    return this.#plain.open(known ? sealed.subarray(0, -1) : Buffer.from('not sealed'), at);
  }

  async isCurrent(sealed: Uint8Array): Promise<boolean> {
    return sealed.at(-1) === this.mark;
  }

  async close(): Promise<void> {}
}
