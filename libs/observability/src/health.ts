// Whether the process lives, and whether it is ready for requests: named probes, each within a bounded time.
import { withTimeout } from '#resilience';

/** Resolves when the part works; rejects, or does not answer in time, when it does not. */
export type Probe = (signal: AbortSignal) => Promise<void>;

export interface Check {
  name: string;
  ok: boolean;
  /** Whether the process is not ready without it. */
  critical: boolean;
}

export interface Readiness {
  ok: boolean;
  checks: Check[];
}

export class Health {
  private readonly probes = new Map<string, { probe: Probe; critical: boolean }>();
  private running: Promise<Readiness> | undefined;
  /** What the last round found, and when it ended. */
  private last: (Readiness & { at: number }) | undefined;
  private stopping = false;

  /** `probeLimitMs`: how long one probe may take. Probes run side by side, so it bounds `ready()` too. */
  constructor(
    private readonly probeLimitMs = 1000,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Adds a probe, or replaces the one of that name. Not critical: shown, but the process stays ready without it. */
  register(name: string, probe: Probe, { critical }: { critical: boolean }): void {
    this.probes.set(name, { probe, critical });
  }

  /** The process runs and its event loop turns: that this answers is the proof. */
  live(): { ok: true } {
    return { ok: true };
  }

  /** From now on not ready, so that no new requests are sent here while the last ones end. */
  stop(): void {
    this.stopping = true;
  }

  /** Probes everything. Readers at the same time share one round: a flood of them does not reach the stores. */
  async ready(): Promise<Readiness> {
    this.running ??= this.round().finally(() => {
      this.running = undefined;
    });
    const { ok, checks } = await this.running;
    return { ok: ok && !this.stopping, checks };
  }

  /** What was found within the last `maxAgeMs`; else probes everything. For readers that come again and again. */
  async recent(maxAgeMs = 5000): Promise<Readiness> {
    const { last } = this;
    if (!last || this.now() - last.at > maxAgeMs) return this.ready();
    return { ok: last.ok && !this.stopping, checks: last.checks };
  }

  private async round(): Promise<Readiness> {
    const checks = await Promise.all(
      [...this.probes].map(([name, part]) => this.check(name, part.probe, part.critical)),
    );
    const ok = checks.every((check) => check.ok || !check.critical);
    this.last = { ok, checks, at: this.now() };
    return { ok, checks };
  }

  private async check(name: string, probe: Probe, critical: boolean): Promise<Check> {
    const ok = await withTimeout(name, this.probeLimitMs, undefined, async (signal) => probe(signal)).then(
      () => true,
      () => false,
    );
    return { name, ok, critical };
  }
}
