// Lets @nestjs/throttler, hot routes and sockets count in the same sliding windows, one a rule.
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { KeyNames } from '#crypto';
import type { RedisConnection } from '#records';
import type { Hit, Limiter, RateRule } from './hit.js';
import { RedisSlidingWindow } from './redis-sliding-window.js';
import { SlidingWindow } from './sliding-window.js';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Where hits are shared between instances, when they are. */
export interface SharedStorage {
  redis: RedisConnection;
  names: Pick<KeyNames, 'name'>;
  prefix: string;
}

/** A window a rule: a flood of addresses can then never push callers out of memory. Rule names are a closed set. */
export class SlidingWindowStorage implements ThrottlerStorage {
  private readonly windows = new Map<string, Limiter>();

  constructor(
    private readonly shared?: SharedStorage,
    private readonly maxKeys?: number,
  ) {}

  /** Counts a hit of a tracker under a rule: synchronous where memory counts, a promise where Redis does. */
  hit(rule: RateRule, tracker: string, cost = 1): Hit | Promise<Hit> {
    return this.window(rule).hit(tracker, cost, rule.limit, rule.windowMs);
  }

  /** The throttler's face: seconds out. `blockDuration` has no meaning for a window that slides and is not used. */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    _blockDuration: number,
    name: string,
  ): Promise<ThrottlerRecord> {
    const hit = await this.hit({ name, limit, windowMs: ttl }, key);
    return {
      totalHits: hit.allowed ? limit - hit.remaining : limit + 1,
      timeToExpire: Math.ceil(hit.resetMs / 1000),
      isBlocked: !hit.allowed,
      timeToBlockExpire: Math.ceil(hit.retryAfterMs / 1000),
    };
  }

  private window({ name, local = false }: Pick<RateRule, 'name' | 'local'>): Limiter {
    let found = this.windows.get(name);
    if (!found) {
      const memory = new SlidingWindow(this.maxKeys);
      const shared = local ? undefined : this.shared;
      found = shared
        ? new RedisSlidingWindow(shared.redis, shared.names, { prefix: shared.prefix, rule: name, memory })
        : memory;
      this.windows.set(name, found);
    }
    return found;
  }
}
