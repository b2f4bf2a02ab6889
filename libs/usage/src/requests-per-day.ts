// How many requests a tenant has sent today: counted over all instances, in blocks that are small where the limit is near.
import type { Records } from '#records';
import { dayChange } from './day-budget.js';
import { dayOf, endOfDay } from './periods.js';
import { exceeded } from './quota-limits.js';

/** A block is this part of what is left, so that instances hold little back from each other; and never more than this. */
const PART_OF_REST = 100;
const MAX_BLOCK = 256;

/** What this process may still admit of a tenant today without asking. */
interface Credit {
  day: string;
  left: number;
  /** Of the day's limit, when last asked. */
  rest: number;
  /** Admitted while the records did not answer, and not counted yet. */
  owed: number;
  asking: Promise<void> | undefined;
}

/**
 * Never admits more than the limit over all instances. May admit a hundredth less for each further instance that has
 * fallen silent. While the records do not answer requests are admitted, and counted when they do: this quota protects
 * shares, not walls.
 */
export class RequestsPerDay {
  private readonly credits = new Map<string, Credit>();

  constructor(
    private readonly records: Records,
    private readonly now: () => number = Date.now,
  ) {}

  /** At once while there is credit. Rejects with `quota.exceeded`. */
  admit(tenant: string, cost: number, limit: number): void | Promise<void> {
    const now = this.now();
    const credit = this.creditOf(tenant, now);
    if (credit.left < cost) return this.ask(tenant, { credit, cost, limit, now });
    credit.left -= cost;
  }

  /** What this process holds back of the day's count. */
  heldBack(tenant: string): number {
    const credit = this.credits.get(tenant);
    return credit?.day === dayOf(this.now()) ? credit.left - credit.owed : 0;
  }

  /** Gives back what was not used. May be called twice. */
  async close(): Promise<void> {
    const back = [...this.credits].map(([tenant, { day, left, owed }]) =>
      dayChange(tenant, day, 'requests', owed - left),
    );
    this.credits.clear();
    const changes = back.filter(({ by }) => by !== 0);
    if (changes.length > 0) await this.records.add(changes).catch(() => undefined);
  }

  private creditOf(tenant: string, now: number): Credit {
    const day = dayOf(now);
    const known = this.credits.get(tenant);
    if (known?.day === day) return known;
    const credit = { day, left: 0, rest: 0, owed: 0, asking: undefined };
    this.credits.set(tenant, credit);
    return credit;
  }

  /** One question to the records at a time for each tenant; the others wait for what it brings. */
  private async ask(tenant: string, asked: Asked): Promise<void> {
    const { credit, cost } = asked;
    while (credit.left < cost) {
      credit.asking ??= this.fetch(tenant, asked).finally(() => {
        credit.asking = undefined;
      });
      await credit.asking;
    }
    credit.left -= cost;
  }

  private async fetch(tenant: string, { credit, cost, limit, now }: Asked): Promise<void> {
    const block = Math.max(cost, Math.min(MAX_BLOCK, Math.floor(credit.rest / PART_OF_REST)));
    const taken =
      (await this.take(tenant, credit, block, limit)) ||
      (block > cost && (await this.take(tenant, credit, cost, limit)));
    if (!taken) throw exceeded(tenant, { quota: 'requestsPerDay', limit, retryAfterMs: endOfDay(now) - now });
  }

  private async take(tenant: string, credit: Credit, by: number, limit: number): Promise<boolean> {
    const change = (amount: number) => dayChange(tenant, credit.day, 'requests', amount);
    try {
      if (credit.owed > 0) await this.records.add([change(credit.owed)]);
      credit.owed = 0;
      const { added, sums } = await this.records.addWithin([{ ...change(by), limit }]);
      credit.rest = limit - sums[0]!;
      if (added) credit.left += by;
      return added;
    } catch {
      credit.left += by;
      credit.owed += by;
      return true;
    }
  }
}

interface Asked {
  credit: Credit;
  cost: number;
  limit: number;
  now: number;
}
