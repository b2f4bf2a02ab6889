// The one Redis client of the process: opens at once, reconnects for ever, and lets no call wait long.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createClient, defaultReconnectStrategy } from '@keyv/redis';
import { failure, type Secret } from '#ports';
import { withTimeout } from '#resilience';
import { StoreGuard } from './store-guard.js';

export interface RedisConnectionOptions {
  /** Limit of one call. Milliseconds. */
  timeoutMs?: number;
  /** How long Redis is left alone after failing repeatedly. Milliseconds. */
  cooldownMs?: number;
}

export interface RedisCall {
  signal?: AbortSignal | undefined;
  /** A limit shorter than the connection's. Milliseconds. */
  timeoutMs?: number;
}

export type RedisClient = ReturnType<typeof makeClient>;

const FAILURES_BEFORE_PAUSE = 5;
const MOST_CALLS = 5_000;

/** Every failure is `cache.store_unavailable`, with the driver's error as `cause`. */
export class RedisConnection {
  readonly client: RedisClient;
  readonly #guard: StoreGuard;
  readonly #topics = new Map<string, Topic>();
  readonly #timeoutMs: number;

  private constructor(url: Secret, { timeoutMs = 250, cooldownMs = 1000 }: RedisConnectionOptions) {
    this.client = makeClient(url);
    this.#timeoutMs = timeoutMs;
    this.#guard = new StoreGuard({
      target: 'Redis',
      provider: 'redis',
      server: placeOf(url),
      timeoutMs,
      failures: FAILURES_BEFORE_PAUSE,
      cooldownMs,
      concurrency: MOST_CALLS,
    });
    this.client.on('error', () => {}); // Each call rejects by itself; without a listener the process would end.
    this.client.on('ready', () => void this.#resubscribe());
  }

  /** Returns at once and connects behind: a Redis that is down now is used when it is up. */
  static open(url: Secret, options: RedisConnectionOptions = {}): RedisConnection {
    const connection = new RedisConnection(url, options);
    connection.client.connect().catch(() => {}); // Rejects only when closed before it was connected.
    return connection;
  }

  /** Whether commands can be sent now. A frozen server still counts as up. */
  get up(): boolean {
    return this.client.isReady;
  }

  /** Waits until commands can be sent, but no longer than the limit of a call. Never rejects. */
  async opened(): Promise<void> {
    if (this.up) return;
    const ready = once(this.client, 'ready');
    await withTimeout('Redis', this.#timeoutMs, undefined, () => ready).catch(() => {});
  }

  async run<T>(operation: string, call: (client: RedisClient) => Promise<T>, o?: RedisCall): Promise<T> {
    try {
      return await this.#guard.run(operation, () => call(this.client), o);
    } catch (cause) {
      throw failure('cache.store_unavailable', { tier: 'redis' }, { cause });
    }
  }

  /** A Lua script that Redis runs atomically; its text is sent once, then only its digest. */
  script(lua: string): { run(keys: string[], args: string[], o?: RedisCall): Promise<unknown> } {
    const digest = createHash('sha1').update(lua).digest('hex');
    const evaluate = async (client: RedisClient, given: { keys: string[]; arguments: string[] }) => {
      try {
        return await client.evalSha(digest, given);
      } catch (error) {
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
        return client.eval(lua, given);
      }
    };
    return { run: (keys, args, o) => this.run('script', (client) => evaluate(client, { keys, arguments: args }), o) };
  }

  async publish(topic: string, message: string): Promise<void> {
    await this.run('publish', (client) => client.publish(topic, message));
  }

  /**
   * Hears a topic, also when Redis is down now: from its return on. `missed` is called whenever messages may have been
   * lost, which is after each reconnection.
   */
  async subscribe(topic: string, hearer: Hearer): Promise<() => Promise<void>> {
    const known = this.#topics.get(topic);
    const hearers = known?.hearers ?? new Set();
    hearers.add(hearer);
    if (!known) {
      const deliver = (message: string) => {
        for (const one of hearers) one.heard(message);
      };
      this.#topics.set(topic, { hearers, deliver });
      if (this.up) await this.#listen(topic, deliver);
    }
    return async () => {
      hearers.delete(hearer);
    };
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#guard.close();
    this.#topics.clear();
    if (this.client.isOpen) this.client.destroy();
  }

  async #resubscribe(): Promise<void> {
    for (const [topic, { hearers, deliver }] of this.#topics) {
      await this.#listen(topic, deliver);
      for (const one of hearers) one.missed?.();
    }
  }

  /** Waits a while only: a frozen server takes the subscription when it thaws, one that is gone when it is back. */
  async #listen(topic: string, deliver: (message: string) => void): Promise<void> {
    const subscribed = this.client.subscribe(topic, deliver);
    await withTimeout('Redis', this.#timeoutMs, undefined, () => subscribed).catch(() => {});
  }
}

export interface Hearer {
  heard(message: string): void;
  missed?(): void;
}

interface Topic {
  readonly hearers: Set<Hearer>;
  readonly deliver: (message: string) => void;
}

const USUAL_PORT = 6379;

function placeOf(url: Secret): { host: string; port: number } | undefined {
  if (!URL.canParse(url.reveal())) return undefined;
  const { hostname, port } = new URL(url.reveal());
  return { host: hostname, port: port === '' ? USUAL_PORT : Number(port) };
}

function makeClient(url: Secret) {
  return createClient({
    url: url.reveal(),
    // With RESP 3, messages of topics come over the same connection as replies.
    RESP: 3,
    maintNotifications: 'disabled',
    // A call while Redis is away fails at once instead of waiting for its return.
    disableOfflineQueue: true,
    // A connection that died without a word is noticed by its silence.
    pingInterval: 10_000,
    socket: { reconnectStrategy: defaultReconnectStrategy, connectTimeout: 5_000, socketTimeout: 60_000 },
  });
}
