// Takes entries out of the memory tier, here and in all other instances, and overtakes the fills that they concern.
import { randomUUID } from 'node:crypto';
import type { Bus } from '#records';
import type { Fences } from './fences.js';
import type { MemoryTier } from './memory-tier.js';

/** What is no longer true. Tenants and groups go by their keyed names. */
export type Change =
  | { kind: 'written' | 'forgotten'; name: string }
  | { kind: 'removed'; names: readonly string[] }
  | { kind: 'tenant'; tenant: string }
  | { kind: 'group'; tenant: string; group: string };

const TOPIC = 'cache';

export class Invalidations {
  readonly #instance = randomUUID();
  #stop: (() => Promise<void>) | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly memory: MemoryTier,
    private readonly fences: Fences,
  ) {}

  async open(): Promise<void> {
    const heard = (message: string) => this.#heard(message);
    this.#stop = await this.bus.subscribe(TOPIC, heard, { missed: () => this.#missed() });
  }

  /** Makes it true here, at once. Gives how many entries left the memory tier. */
  apply(change: Change): number {
    switch (change.kind) {
      case 'written':
        this.fences.written(change.name);
        return Number(this.memory.drop(change.name));
      case 'forgotten':
        this.fences.purgedName(change.name);
        return Number(this.memory.drop(change.name));
      case 'removed':
        return change.names.filter((name) => this.apply({ kind: 'forgotten', name })).length;
      case 'tenant':
        this.fences.purgedTenant(change.tenant);
        return this.memory.dropTenant(change.tenant);
      case 'group':
        this.fences.purgedGroup(change.tenant);
        return this.memory.dropGroup(change.tenant, change.group);
    }
  }

  /** Tells the other instances. */
  spread(change: Change): Promise<void> {
    return this.bus.publish(TOPIC, JSON.stringify({ from: this.#instance, change }));
  }

  async close(): Promise<void> {
    await this.#stop?.();
    this.#stop = undefined;
  }

  #heard(message: string): void {
    const { from, change } = readMessage(message);
    if (change && from !== this.#instance) this.apply(change);
  }

  /** Other instances may have purged what is still here. */
  #missed(): void {
    this.fences.purgedAll();
    this.memory.clear();
  }
}

// Whoever can write to the bus can at most take entries out of memory.
function readMessage(message: string): { from?: string; change?: Change } {
  try {
    const { from, change } = JSON.parse(message);
    return typeof change?.kind === 'string' ? { from, change } : {};
  } catch {
    return {};
  }
}
