// Gives slow work to tenants in turn: so much at a time, and nobody waits behind the whole queue of another.
import { failure } from '#ports';

export interface TenantTurnsOptions {
  /** Works at a time, of all tenants together. */
  concurrency: number;
  /** Works at a time of one tenant. Less than `concurrency` leaves others a place while one has much to do. */
  perTenant: number;
  /** Works of one tenant that may wait for their turn; further ones are refused. */
  queue: number;
}

/** A tenant whose queue is full is asked to come back after so long. */
const COME_BACK_MS = 1000;

/** What one tenant has under way, and what of it waits, oldest first. */
interface Line {
  running: number;
  readonly waiting: Set<() => void>;
}

/**
 * Round robin over tenants: whoever was served goes to the end, so a tenant with a thousand works waiting gets one of
 * them done, then the next tenant one of its own. Memory is bounded by the queue of each tenant that has work here.
 */
export class TenantTurns {
  private readonly lines = new Map<string, Line>();
  /** Tenants with works that wait, the next to be served first. */
  private readonly order = new Map<string, Line>();
  private running = 0;

  constructor(private readonly options: TenantTurnsOptions) {}

  /** Works under way. */
  get active(): number {
    return this.running;
  }

  /** Works that wait for their turn. */
  get waiting(): number {
    return [...this.order.values()].reduce((sum, { waiting }) => sum + waiting.size, 0);
  }

  /**
   * Does the work when its turn comes. Never to be called from within such work: it would wait for itself.
   * @throws Failure `tenant.crowded` where too much of the tenant waits already; the reason of the signal, where it is
   * aborted before the turn has come; or what the work throws.
   */
  async run<T>(
    tenant: string,
    work: () => Promise<T>,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const line = this.lineOf(tenant);
    try {
      if (this.mayStart(line)) this.begin(line);
      else await this.turn(tenant, line, signal);
    } finally {
      this.drop(tenant, line);
    }
    try {
      return await work();
    } finally {
      this.end(tenant, line);
    }
  }

  private lineOf(tenant: string): Line {
    const line = this.lines.get(tenant) ?? { running: 0, waiting: new Set() };
    this.lines.set(tenant, line);
    return line;
  }

  private mayStart({ running, waiting }: Line): boolean {
    // Where a place is free, whoever may take it has taken it: nobody who waits is overtaken.
    return this.running < this.options.concurrency && running < this.options.perTenant && waiting.size === 0;
  }

  private begin(line: Line): void {
    line.running++;
    this.running++;
  }

  private end(tenant: string, line: Line): void {
    line.running--;
    this.running--;
    this.drop(tenant, line);
    this.serve();
  }

  private turn(tenant: string, line: Line, signal: AbortSignal | undefined): Promise<void> {
    const { queue } = this.options;
    if (line.waiting.size >= queue) throw failure('tenant.crowded', { limit: queue }, { retryAfterMs: COME_BACK_MS });
    this.order.set(tenant, line);
    return new Promise((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        line.waiting.delete(start);
        if (line.waiting.size === 0) this.order.delete(tenant);
        reject(signal!.reason);
      };
      line.waiting.add(start);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Fills the free places. At most `concurrency / perTenant` tenants are passed over, for having all that they may. */
  private serve(): void {
    for (const [tenant, line] of this.order) {
      if (this.running >= this.options.concurrency) return;
      if (line.running >= this.options.perTenant) continue;
      const [start] = line.waiting;
      line.waiting.delete(start!);
      this.order.delete(tenant);
      // Met again further on in this very loop, while there are places left.
      if (line.waiting.size > 0) this.order.set(tenant, line);
      this.begin(line);
      start!();
    }
  }

  private drop(tenant: string, line: Line): void {
    // The line may have been dropped before, and another be in its place.
    const idle = line.running === 0 && line.waiting.size === 0;
    if (idle && this.lines.get(tenant) === line) this.lines.delete(tenant);
  }
}
