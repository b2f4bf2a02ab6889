// Carries short messages between the parts of this service: within the process, or over Redis to all its instances.
import { EventEmitter } from 'node:events';
import type { Hearer, RedisConnection } from './redis-connection.js';

/** Messages may be lost while the way is interrupted; `missed` tells that some may have been. */
export abstract class Bus {
  /** Rejects with `cache.store_unavailable` where the message cannot be sent. */
  abstract publish(topic: string, message: string): Promise<void>;
  /** Hears the topic's messages, one's own too. Returns how to stop. */
  abstract subscribe(
    topic: string,
    heard: (message: string) => void,
    options?: { missed?: () => void },
  ): Promise<() => Promise<void>>;
  /** May be called twice. */
  abstract close(): Promise<void>;
}

export class LocalBus extends Bus {
  readonly #topics = new EventEmitter().setMaxListeners(0);

  async publish(topic: string, message: string): Promise<void> {
    this.#topics.emit(topic, message);
  }

  async subscribe(topic: string, heard: (message: string) => void): Promise<() => Promise<void>> {
    this.#topics.on(topic, heard);
    return async () => void this.#topics.off(topic, heard);
  }

  async close(): Promise<void> {
    this.#topics.removeAllListeners();
  }
}

/** Over the one connection, under the service's prefix. Closing it leaves the connection open. */
export class RedisBus extends Bus {
  readonly #stops = new Set<() => Promise<void>>();

  constructor(
    private readonly connection: RedisConnection,
    private readonly prefix: string,
  ) {
    super();
  }

  publish(topic: string, message: string): Promise<void> {
    return this.connection.publish(this.#channel(topic), message);
  }

  async subscribe(topic: string, heard: (message: string) => void, { missed }: { missed?: () => void } = {}) {
    const hearer: Hearer = { heard, ...(missed && { missed }) };
    const stop = await this.connection.subscribe(this.#channel(topic), hearer);
    this.#stops.add(stop);
    return stop;
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) await stop();
    this.#stops.clear();
  }

  #channel(topic: string): string {
    return `${this.prefix}:b:${topic}`;
  }
}
