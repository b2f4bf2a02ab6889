// A value made of records that every instance keeps at hand, and that none holds outdated for longer than a moment.
import type { Bus } from './bus.js';
import type { Records } from './records.js';

export interface WatchedOptions<T> {
  records: Records;
  bus: Bus;
  /** How instances tell each other, at once where the message arrives. */
  topic: string;
  /** Key of the tally that counts the changes: asked in case a message is lost. */
  key: string;
  /** Makes the value from the records. */
  load: () => Promise<T>;
  /** How often the count is asked. Milliseconds. */
  everyMs?: number;
  /** Hears each value that takes the place of another. */
  onChange?: (value: T) => void;
  /** Stands until the records answer for the first time. Without it, `open` fails where they do not answer. */
  initial?: T;
}

const EVERY_MS = 400;
const FIELD = 'changes';

export class Watched<T> {
  #value: T | undefined;
  /** Changes counted when the value was made; `undefined` before the first. */
  #version: number | undefined;
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stop: (() => Promise<void>) | undefined;
  #closed = false;

  constructor(private readonly options: WatchedOptions<T>) {
    this.#value = options.initial;
  }

  /** The latest value known here. Costs a property. */
  get value(): T {
    return this.#value as T;
  }

  /** Whether the value was ever made from the records. */
  get loaded(): boolean {
    return this.#version !== undefined;
  }

  /** Fails as the records do, unless there is an initial value. */
  async open(): Promise<void> {
    const { bus, topic, initial } = this.options;
    const reload = () => void this.#refresh().catch(() => {}); // Asked again soon.
    this.#stop = await bus.subscribe(topic, reload, { missed: reload });
    try {
      await this.#refresh();
    } catch (error) {
      if (initial === undefined) {
        await this.close();
        throw error;
      }
    }
    this.#askAgain();
  }

  /**
   * To be called after what the value is made of was written. When it returns, the value here is the new one, and the
   * other instances know it or will within `everyMs`.
   */
  async changed(): Promise<void> {
    const { records, bus, key, topic } = this.options;
    await records.add([{ key, field: FIELD, by: 1 }]);
    // Told first: also where this instance cannot load, the others can.
    await bus.publish(topic, '').catch(() => {});
    await this.#refresh();
  }

  /** May be called twice. The value stays. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const stop = this.#stop;
    this.#stop = undefined;
    await stop?.();
  }

  /** One after the other, so that no older value takes the place of a newer one. */
  #refresh(): Promise<void> {
    const refreshed = this.#work.then(() => this.#load());
    this.#work = refreshed.catch(() => {});
    return refreshed;
  }

  async #load(): Promise<void> {
    const { records, key, load, onChange } = this.options;
    if (this.#closed) return;
    // Counted before it is loaded: a change in between is loaded once more.
    const [counted] = await records.tallies([key]);
    const version = counted?.[FIELD] ?? 0;
    if (version === this.#version) return;
    const value = await load();
    const first = this.#version === undefined && this.options.initial === undefined;
    this.#value = value;
    this.#version = version;
    if (!first) onChange?.(value);
  }

  #askAgain(): void {
    const ask = () => this.#refresh().catch(() => {});
    if (this.#closed) return;
    this.#timer = setTimeout(() => void ask().then(() => this.#askAgain()), this.options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }
}
