// Lets no call of a store wait long, and leaves a store alone that fails: what a look-up can afford of a Protection.
import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import { announce, type CallWork, failure, followed, isFailure } from '#ports';
import { untilAborted } from '#resilience';

export interface StoreGuardOptions {
  target: string;
  provider: string;
  /** Where the store is, for who follows its calls. */
  server?: CallWork['server'];
  /** Limit of one call. Milliseconds. */
  timeoutMs: number;
  /** Failed calls in a row after which the store is left alone, and for how long. */
  failures: number;
  cooldownMs: number;
  /** Calls under way at a time; more are refused. */
  concurrency: number;
}

export interface GuardedCall {
  signal?: AbortSignal | undefined;
  /** A limit shorter than the guard's. Milliseconds. */
  timeoutMs?: number | undefined;
}

/**
 * `Protection` of #resilience gives each call an abort signal and may repeat it, which costs ten times as much as the
 * call of a near store itself. Here a call is never repeated, and one that is late goes on unheard.
 */
export class StoreGuard {
  readonly #breaker;
  #underWay = 0;
  #closed = false;

  constructor(private readonly options: StoreGuardOptions) {
    const { failures, cooldownMs, provider } = options;
    const about = { family: 'byte-store', provider };
    const breaker = circuitBreaker(handleAll, { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: cooldownMs });
    let degraded = false;
    breaker.onBreak(() => {
      if (!degraded) announce('provider.degraded', about);
      degraded = true;
    });
    breaker.onReset(() => {
      degraded = false;
      announce('provider.recovered', about);
    });
    this.#breaker = breaker;
  }

  /**
   * Announces `provider.call`. Whether the caller leaves makes no difference to what the call proves of the store.
   * @throws What the call throws; or `call.timeout`, `call.open_circuit`, `call.crowded`, `call.failed` once closed; or
   *   the reason of the signal, as soon as it is aborted.
   */
  run<T>(operation: string, call: () => Promise<T>, o: GuardedCall = {}): Promise<T> {
    const { provider, server } = this.options;
    const work = { kind: 'call', family: 'byte-store', provider, operation, server } as const;
    return followed(work, () => this.#told(operation, call, o));
  }

  /** From now on calls are refused. May be called twice. */
  close(): void {
    this.#closed = true;
  }

  async #told<T>(operation: string, call: () => Promise<T>, { signal, timeoutMs }: GuardedCall): Promise<T> {
    const began = performance.now();
    let outcome = 'ok';
    try {
      const guarded = this.#guarded(call, Math.min(timeoutMs ?? Infinity, this.options.timeoutMs));
      return await (signal ? untilAborted(signal, guarded) : guarded);
    } catch (error) {
      outcome = signal?.aborted ? 'cancelled' : isFailure(error) ? error.code : 'refused';
      throw error;
    } finally {
      const { provider } = this.options;
      const durationMs = performance.now() - began;
      announce('provider.call', { family: 'byte-store', provider, operation, outcome, durationMs });
    }
  }

  async #guarded<T>(call: () => Promise<T>, limitMs: number): Promise<T> {
    const { target, concurrency } = this.options;
    if (this.#closed) throw failure('call.failed', { target, reason: 'closed' });
    if (this.#underWay >= concurrency) throw failure('call.crowded', { target });
    // While one call tries, cockatiel lets the others wait for its outcome; a frozen store would hold them all up.
    if (this.#breaker.state === CircuitState.HalfOpen) throw failure('call.open_circuit', { target });
    this.#underWay++;
    try {
      return await this.#breaker.execute(() => inTime(call(), target, limitMs));
    } catch (error) {
      throw error instanceof BrokenCircuitError ? failure('call.open_circuit', { target }) : error;
    } finally {
      this.#underWay--;
    }
  }
}

function inTime<T>(work: Promise<T>, target: string, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failure('call.timeout', { target, limitMs })), limitMs);
    const end =
      <V>(settle: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer);
        settle(value);
      };
    work.then(end(resolve), end(reject));
  });
}
