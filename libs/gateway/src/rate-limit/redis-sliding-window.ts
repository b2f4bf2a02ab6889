// The same sliding window, shared by all instances over Redis: one atomic script a hit, and the process's own count while Redis is away.
import { LRUCache } from 'lru-cache';
import type { KeyNames } from '#crypto';
import type { RedisConnection } from '#records';
import type { Hit, Limiter } from './hit.js';
import { SlidingWindow, STEPS } from './sliding-window.js';

// A hash of step → count per key. Redis' own clock decides, so that instances with different clocks agree.
// The answer is { allowed, used, ms until all is forgotten, ms until the hit fits }.
const SCRIPT = `
local cost, limit, window, steps = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local step = math.floor(now * steps / window)
local used, last, counts, gone = 0, 0, {}, {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local at, count = tonumber(all[i]), tonumber(all[i + 1])
  if at < step - steps then
    gone[#gone + 1] = all[i]
  else
    counts[at] = count
    used = used + count
    last = math.max(last, at)
  end
end
if #gone > 0 then redis.call('HDEL', KEYS[1], unpack(gone)) end
local function forgotten(past) return math.max(1, math.ceil((past + steps + 1) * window / steps - now)) end
if used + cost <= limit then
  if cost > 0 then
    redis.call('HINCRBY', KEYS[1], string.format('%.0f', step), cost)
    redis.call('PEXPIRE', KEYS[1], math.ceil(window + window / steps))
    used, last = used + cost, step
  end
  return { 1, used, used > 0 and forgotten(last) or 0, 0 }
end
local freed, waits = 0, step
for past = step - steps, step - 1 do
  freed = freed + (counts[past] or 0)
  if freed >= used + cost - limit then
    waits = past
    break
  end
end
return { 0, used, used > 0 and forgotten(last) or 0, forgotten(waits) }
`;

/** Trackers whose keyed name is kept at hand. */
const MAX_REMEMBERED_NAMES = 10_000;

export interface SharedWindowOptions {
  /** What every key of the service in Redis begins with (REDIS_PREFIX). */
  prefix: string;
  /** Name of the rule; each counts apart. */
  rule: string;
  /** Counts while Redis does not answer. */
  memory?: SlidingWindow;
}

/**
 * The limiter of all instances. Every hit that Redis allowed is counted in memory too, so that when Redis goes away each
 * instance goes on from what it has seen; the limit then holds per instance until Redis is back.
 */
export class RedisSlidingWindow implements Limiter {
  private readonly memory: SlidingWindow;
  private readonly named = new LRUCache<string, string>({ max: MAX_REMEMBERED_NAMES });
  private readonly script: ReturnType<RedisConnection['script']>;

  constructor(
    private readonly redis: RedisConnection,
    private readonly names: Pick<KeyNames, 'name'>,
    private readonly options: SharedWindowOptions,
  ) {
    this.memory = options.memory ?? new SlidingWindow();
    this.script = redis.script(SCRIPT);
  }

  hit(key: string, cost: number, limit: number, windowMs: number): Hit | Promise<Hit> {
    const countable = Number.isSafeInteger(cost) && cost >= 0 && Number.isSafeInteger(limit) && windowMs > 0;
    if (!this.redis.up || !countable) return this.memory.hit(key, cost, limit, windowMs);
    return this.shared(key, cost, limit, windowMs);
  }

  private nameOf(key: string): string {
    let name = this.named.get(key);
    if (name === undefined) {
      name = `${this.options.prefix}:l:${this.options.rule}:${this.names.name(key)}`;
      this.named.set(key, name);
    }
    return name;
  }

  private async shared(key: string, cost: number, limit: number, windowMs: number): Promise<Hit> {
    // Trackers name users: their keyed hash stands in Redis, not they.
    const name = this.nameOf(key);
    let reply: readonly [number, number, number, number];
    try {
      reply = (await this.script.run([name], [cost, limit, windowMs, STEPS].map(String))) as typeof reply;
    } catch {
      // Announced by the connection. The limit must hold without it.
      return this.memory.hit(key, cost, limit, windowMs);
    }
    const [allowed, used, resetMs, retryAfterMs] = reply;
    if (allowed === 1) this.memory.hit(key, cost, limit, windowMs);
    return { allowed: allowed === 1, remaining: Math.max(0, limit - used), resetMs, retryAfterMs };
  }
}
