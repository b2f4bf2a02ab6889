// The connection to Redis: one, that comes back by itself; scripts that are sent once; calls that end with their caller.
import { createHash } from 'node:crypto';
import { createClient } from '@redis/client';
import { type CallOptions, failure } from 'resk-caching/ports';
import { notUsable, PROVIDER, translated, wordOf } from './failures.js';
import type { RedisVectorOptions } from './options.js';

export type Argument = string | Buffer;

/** A script, named by its digest: the text is sent only where the server does not know it yet. */
export class Script {
  readonly digest: string;

  constructor(readonly text: string) {
    this.digest = createHash('sha1').update(text).digest('hex');
  }
}

const MAX_PAUSE_MS = 2000;

export class Connection {
  private readonly client: ReturnType<typeof createClient>;
  private closed = false;

  constructor({ url, apiKey, connectTimeoutMs }: RedisVectorOptions) {
    const password = apiKey?.reveal();
    this.client = createClient({
      url,
      ...(password !== undefined && new URL(url).password === '' && { password }),
      name: 'resk-caching',
      // A call made while the server is away fails at once: whoever made it knows better whether to wait.
      disableOfflineQueue: true,
      socket: {
        connectTimeout: connectTimeoutMs,
        reconnectStrategy: (tries) => Math.min(MAX_PAUSE_MS, 50 * 2 ** Math.min(tries, 10)),
      },
    });
    // What is lost is told to the calls under way; unheard, the event would end the process.
    this.client.on('error', () => {});
  }

  /**
   * Connects, and makes sure that the server knows vector sets.
   * @throws Failure `vector.store_refused`, `vector.store_unauthorised` or `vector.store_unavailable`
   */
  async open(options?: CallOptions): Promise<void> {
    await this.run(() => this.connected(), options);
    const [known] = await this.run(() => this.client.sendCommand<unknown[]>(['COMMAND', 'INFO', 'VADD']), options);
    if (!known) throw notUsable('the server knows no vector sets', 'Use Redis 8 or newer.');
  }

  command<T>(parts: readonly Argument[], options?: CallOptions): Promise<T> {
    return this.run(() => this.client.sendCommand<T>(parts), options);
  }

  script<T>(script: Script, keys: string[], parts: Argument[], options?: CallOptions): Promise<T> {
    return this.run(async () => {
      try {
        return (await this.client.evalSha(script.digest, { keys, arguments: parts })) as T;
      } catch (error) {
        if (wordOf(error) !== 'NOSCRIPT') throw error;
        return (await this.client.eval(script.text, { keys, arguments: parts })) as T;
      }
    }, options);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.client.destroy();
  }

  /** The first attempt decides: a store that cannot be opened stops the start, instead of trying for ever. */
  private async connected(): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    this.client.once('error', reject);
    try {
      await Promise.race([this.client.connect(), promise]);
    } finally {
      this.client.off('error', reject);
    }
  }

  private async run<T>(call: () => Promise<T>, { signal }: CallOptions = {}): Promise<T> {
    signal?.throwIfAborted();
    if (this.closed) throw failure('vector.store_unavailable', { provider: PROVIDER, reason: 'closed' });
    const { promise, reject } = Promise.withResolvers<never>();
    const left = () => reject(signal?.reason as Error);
    signal?.addEventListener('abort', left, { once: true });
    const coming = call();
    // Nobody may be there any more to hear how it ends.
    coming.catch(() => {});
    try {
      return await Promise.race([coming, promise]);
    } catch (error) {
      throw signal?.aborted ? error : translated(error);
    } finally {
      signal?.removeEventListener('abort', left);
    }
  }
}
