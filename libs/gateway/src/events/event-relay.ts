// Carries events between instances over the bus, sealed, and tells the others which tenants are listened to here.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { KeyNames, Sealer } from '#crypto';
import type { JsonValue } from '#ports';
import type { Bus } from '#records';
import type { Delivery } from './frames.js';

const TOPIC = 'events';
/** Deliveries wait so long for company: sealing and sending a batch costs little more than one. */
const BATCH_MS = 10;
const MAX_BATCH = 64;
/** Deliveries of one tenant that wait to be sent; more than these are left out, as events are not a ledger. */
const MAX_WAITING = 1024;
const INTEREST_EVERY_MS = 10_000;
const INTEREST_LASTS_MS = 30_000;
const MAX_INTERESTS = 10_000;

/** Stands where a tenant would, for what concerns all of them. Its sealed messages have another name, so that a tenant called so hears nothing more. */
const EVERYONE = '*';

const wireSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('interest'),
    from: z.string().max(64),
    tags: z.array(z.string().max(64)).max(MAX_INTERESTS),
  }),
  z.object({ kind: z.literal('events'), from: z.string().max(64), tag: z.string().max(64), sealed: z.base64() }),
]);

const batchSchema = z
  .array(
    z.object({
      channel: z.string(),
      data: z.custom<JsonValue>(),
      at: z.string(),
      traceparent: z.string().max(256).optional(),
    }),
  )
  .max(MAX_BATCH);

export interface RelayParts {
  bus: Bus;
  sealer: Sealer;
  names: Pick<KeyNames, 'tenantTag'>;
}

/** What the hub does with what is heard. */
export interface RelayEars {
  /** The tenant of a tag, if it has sessions here. */
  tenantOf(tag: string): string | undefined;
  /** Tenants whose service events are listened to here. */
  interests(): readonly string[];
  /** `tenant` is `undefined` for what concerns all. */
  heard(tenant: string | undefined, delivery: Delivery): void;
  /** Another instance has begun or ceased to listen. */
  interestChanged(): void;
}

export class EventRelay {
  private readonly instance = randomUUID();
  private readonly waiting = new Map<string, Delivery[]>();
  /** Tag → until when another instance wants to hear. */
  private readonly wanted = new Map<string, number>();
  private hearing: Promise<() => Promise<void>> | undefined;
  private flushing: NodeJS.Timeout | undefined;
  private saidAt = 0;

  constructor(
    private readonly parts: RelayParts,
    private readonly ears: RelayEars,
    private readonly now: () => number = Date.now,
  ) {}

  /** Begins to hear, if it does not yet. Fails where the bus cannot be reached; may then be called again. */
  async open(): Promise<void> {
    const missed = () => this.sayInterest();
    this.hearing ??= this.parts.bus.subscribe(TOPIC, (message) => void this.hear(message), { missed });
    await this.hearing.catch((error: unknown) => {
      this.hearing = undefined;
      throw error;
    });
  }

  /** Whether another instance has listeners for the service's events of a tenant; of any tenant without one. */
  wants(tenant?: string): boolean {
    if (this.wanted.size === 0) return false;
    return tenant === undefined || this.wanted.has(this.parts.names.tenantTag(tenant));
  }

  /** Sends soon, and at best: while the bus is down the other instances miss what is said. */
  send(tenant: string | undefined, delivery: Delivery): void {
    const key = tenant === undefined ? EVERYONE : `=${tenant}`;
    const batch = this.waiting.get(key) ?? [];
    if (batch.length >= MAX_WAITING) return;
    batch.push(delivery);
    this.waiting.set(key, batch);
    this.flushing ??= setTimeout(() => void this.flush(), BATCH_MS);
  }

  /** Tells the others at once what is listened to here. */
  sayInterest(): void {
    this.saidAt = this.now();
    const tags = this.ears.interests().map((tenant) => this.parts.names.tenantTag(tenant));
    if (tags.length > 0)
      void this.publish({ kind: 'interest', from: this.instance, tags: tags.slice(0, MAX_INTERESTS) });
  }

  /** Once a second: says interests again in time, and forgets those that nobody repeated. */
  tick(): void {
    const now = this.now();
    if (now - this.saidAt >= INTEREST_EVERY_MS) this.sayInterest();
    const before = this.wanted.size;
    for (const [tag, until] of this.wanted) if (until <= now) this.wanted.delete(tag);
    if (this.wanted.size !== before) this.ears.interestChanged();
  }

  /** Sends what waits, and hears no more. May be called twice. */
  async close(): Promise<void> {
    await this.flush();
    const { hearing } = this;
    this.hearing = undefined;
    await hearing?.then((stop) => stop()).catch(() => undefined);
  }

  private async flush(): Promise<void> {
    clearTimeout(this.flushing);
    this.flushing = undefined;
    const batches = [...this.waiting];
    this.waiting.clear();
    for (const [key, deliveries] of batches) {
      const tenant = key === EVERYONE ? undefined : key.slice(1);
      for (let at = 0; at < deliveries.length; at += MAX_BATCH) {
        await this.sendBatch(tenant, deliveries.slice(at, at + MAX_BATCH)).catch(() => undefined);
      }
    }
  }

  private async sendBatch(tenant: string | undefined, batch: Delivery[]): Promise<void> {
    const sealed = await this.parts.sealer.seal(Buffer.from(JSON.stringify(batch)), contextOf(tenant));
    const tag = tenant === undefined ? EVERYONE : this.parts.names.tenantTag(tenant);
    await this.publish({ kind: 'events', from: this.instance, tag, sealed: Buffer.from(sealed).toString('base64') });
  }

  private async publish(message: z.infer<typeof wireSchema>): Promise<void> {
    // A bus that is down is announced by the connection; nobody waits for an event.
    await this.parts.bus.publish(TOPIC, JSON.stringify(message)).catch(() => undefined);
  }

  private async hear(text: string): Promise<void> {
    const message = readWire(text);
    if (!message || message.from === this.instance) return;
    if (message.kind === 'interest') return this.hearInterest(message.tags);
    const tenant = message.tag === EVERYONE ? undefined : this.ears.tenantOf(message.tag);
    if (tenant === undefined && message.tag !== EVERYONE) return;
    const batch = await this.opened(tenant, message.sealed);
    for (const delivery of batch) this.ears.heard(tenant, delivery);
  }

  private hearInterest(tags: readonly string[]): void {
    const until = this.now() + INTEREST_LASTS_MS;
    for (const tag of tags) if (this.wanted.size < MAX_INTERESTS || this.wanted.has(tag)) this.wanted.set(tag, until);
    this.ears.interestChanged();
  }

  private async opened(tenant: string | undefined, sealed: string): Promise<Delivery[]> {
    try {
      const plain = await this.parts.sealer.open(Buffer.from(sealed, 'base64'), contextOf(tenant));
      return batchSchema.parse(JSON.parse(Buffer.from(plain).toString()));
    } catch {
      // Sealed under another key, or not by us at all.
      return [];
    }
  }
}

function contextOf(tenant: string | undefined) {
  return { tenant: tenant ?? EVERYONE, purpose: 'event', name: tenant === undefined ? 'everyone' : 'tenant' };
}

function readWire(text: string): z.infer<typeof wireSchema> | undefined {
  try {
    return wireSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
