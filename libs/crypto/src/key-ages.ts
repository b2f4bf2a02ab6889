// How old the data keys that seal are, over all tenants: so that a rotation that is due is seen.
import type { KeyAdmin } from './key-admin.js';

export interface KeyAgesReport {
  /** Epoch milliseconds at which the oldest data key that seals was begun; `undefined` where there is none. */
  oldestAt: number | undefined;
  /** Tenants (and the service itself) whose data key seals for longer than is allowed. */
  overdue: number;
}

const EVERY_MS = 300_000;
const PAGE = 200;

export class KeyAges {
  private found: KeyAgesReport | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** `dueMs`: after so long a data key is to be replaced. */
  constructor(
    private readonly admin: Pick<KeyAdmin, 'sealing' | 'tenants'>,
    private readonly dueMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** As they stood some minutes ago; `undefined` while nobody has looked, and where nothing is sealed. */
  get report(): KeyAgesReport | undefined {
    return this.found;
  }

  /** Looks now and every five minutes; nobody waits for it. Where the records do not answer, what was read last stands. */
  open(): void {
    if (!this.admin.sealing || this.timer) return;
    const look = () => void this.look().catch(() => undefined);
    this.timer = setInterval(look, EVERY_MS).unref();
    look();
  }

  /** May be called twice. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  async look(): Promise<void> {
    const begun: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.admin.tenants({ cursor, limit: PAGE });
      const sealing = page.tenants.flatMap(({ dataKeys }) => dataKeys.filter(({ state }) => state === 'current'));
      begun.push(...sealing.map(({ createdAt }) => createdAt));
      cursor = page.cursor;
    } while (cursor !== undefined);
    const now = this.now();
    this.found = {
      oldestAt: begun.length === 0 ? undefined : begun.reduce((oldest, at) => Math.min(oldest, at)),
      overdue: begun.filter((at) => now - at > this.dueMs).length,
    };
  }
}
