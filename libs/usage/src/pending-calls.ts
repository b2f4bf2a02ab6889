// Calls that were begun and are not settled: noted before they are sent, and found again when their process has died.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type MeteredCall } from '#ports';
import type { Records } from '#records';

const PENDING = 'usage/~pending/';
const PAGE = 200;

const pendingSchema = z.object({
  tenant: z.string(),
  provider: z.string(),
  model: z.string(),
  operation: z.enum(['embedding', 'rerank', 'completion']),
  items: z.number(),
  estimatedTokens: z.number(),
  at: z.number(),
  reserved: z.object({ tokens: z.number(), nano: z.number() }),
});

/** A call as it is noted: when it began, and what was set aside for it. */
export type PendingCall = z.output<typeof pendingSchema> & MeteredCall;

export interface LostCall {
  callId: string;
  call: PendingCall;
}

/**
 * While a process has calls open it says that it lives; they belong to it until it has been silent for `leaseMs`. One
 * that has none says nothing, and so writes nothing.
 */
export class PendingCalls {
  private saidAt = -Infinity;
  private readonly open = new Set<string>();

  constructor(
    private readonly records: Records,
    private readonly leaseMs: number,
    private readonly instance: string = randomUUID(),
  ) {}

  /** Notes a call of this process. Durable when it returns. */
  async note(callId: string, call: PendingCall): Promise<void> {
    await this.sayAlive(call.at);
    await this.records.put(`${PENDING}${this.instance}/${callId}`, JSON.stringify(call));
    this.open.add(callId);
  }

  async forget(callIds: readonly string[]): Promise<void> {
    for (const callId of callIds) this.open.delete(callId);
    await this.records.delete(callIds.map((callId) => `${PENDING}${this.instance}/${callId}`));
  }

  /** Says, three times in a lease, that this process lives, while it has calls open. */
  async stayAlive(now: number): Promise<void> {
    if (this.open.size > 0) await this.sayAlive(now);
  }

  /** From now on what this process left pending is anybody's to settle. */
  async leave(): Promise<void> {
    this.saidAt = -Infinity;
    await this.records.delete([aliveKey(this.instance)]);
  }

  /** Hands over each call of a process that has died, and forgets it when it is settled. */
  async sweep(settle: (lost: LostCall) => Promise<void>): Promise<void> {
    const alive = new Map([[this.instance, true]]);
    let cursor: string | undefined;
    do {
      const page = await this.records.list(PENDING, { cursor, limit: PAGE });
      for (const { key, value } of page.records) {
        const [instance = '', callId = ''] = key.slice(PENDING.length).split('/');
        if (!alive.has(instance)) alive.set(instance, (await this.records.get(aliveKey(instance))) !== undefined);
        if (alive.get(instance)) continue;
        const { data: call } = pendingSchema.safeParse(JSON.parse(value));
        // Noted by another version: left to it.
        if (!call) continue;
        await settle({ callId, call });
        await this.records.delete([key]);
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  private async sayAlive(now: number): Promise<void> {
    if (now - this.saidAt < this.leaseMs / 3) return;
    await this.records.put(aliveKey(this.instance), '1', { ttlMs: this.leaseMs });
    this.saidAt = now;
  }
}

function aliveKey(instance: string): string {
  return `usage/~alive/${instance}`;
}
