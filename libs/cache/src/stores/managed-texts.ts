// Texts under keys through cache-manager and Keyv, whichever database lies behind.
import { type Cache, createCache } from 'cache-manager';
import { Keyv, type KeyvStoreAdapter } from 'keyv';

/** How a text is written with its end, for a database that does not end rows by itself. `expires` is in epoch milliseconds. */
export interface RowForm {
  write(text: string, expires: number | undefined): string;
  read(row: string): { value: string; expires: number | undefined };
}

/**
 * One database under cache-manager. Keyv would wrap each value in JSON of its own; the row form replaces that, so that
 * a value is written as it is. Failures of the database reject.
 */
export class ManagedTexts {
  readonly #cache: Cache;
  /** cache-manager answers a read that failed as if nothing were there, and tells only its listeners. */
  readonly #failedReads = new WeakMap<readonly string[], unknown>();

  constructor(adapter: KeyvStoreAdapter, form: RowForm) {
    const keyv = new Keyv({
      store: adapter,
      useKeyPrefix: false,
      throwOnErrors: true,
      emitErrors: false,
      serialize: ({ value, expires }) => form.write(value as string, expires),
      deserialize: (row) => form.read(row) as never,
    });
    keyv.namespace = undefined;
    this.#cache = createCache({ stores: [keyv] });
    this.#cache.on('mget', ({ keys, error }) => {
      if (error !== undefined) this.#failedReads.set(keys, error);
    });
  }

  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    const texts = await this.#cache.mget<string>(keys);
    if (this.#failedReads.has(keys)) throw this.#failedReads.get(keys);
    return texts;
  }

  async set(key: string, text: string, ttlMs: number): Promise<void> {
    await this.#cache.set(key, text, ttlMs);
  }

  async delete(keys: string[]): Promise<void> {
    await this.#cache.mdel(keys);
  }
}
