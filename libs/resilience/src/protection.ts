// Guards every call to one provider: so many at a time, repeated when it may help, not at all while it is down, none for ever.
import {
  BrokenCircuitError,
  type BulkheadPolicy,
  BulkheadRejectedError,
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { type Announcements, announce, failure, followed, isFailure } from '#ports';
import { isPassing, retry } from './retry.js';
import { untilAborted, withTimeout } from './with-timeout.js';

export interface ProtectionOptions {
  /** What is called, for messages, e.g. `openai`. */
  target: string;
  family: Announcements['provider.call']['family'];
  /** Label of the announcements, from a closed set. */
  provider: string;
  /** Limit of one attempt. Milliseconds. */
  timeoutMs: number;
  /** Further attempts after the first. */
  retries: number;
  /** Longest first pause between attempts; doubles each time. Milliseconds. */
  backoffMs: number;
  maxBackoffMs: number;
  /** Opens after so many failed attempts in a row; after `cooldownMs` one call tries whether the provider is back. */
  breaker?: { failures: number; cooldownMs: number };
  /** Calls at a time, and how many more may wait for their turn. */
  concurrency: number;
  queue: number;
  random?: () => number;
}

export interface ProtectedCall<T> {
  signal?: AbortSignal | undefined;
  /** Instead of the options' retries, e.g. 0 for a call that must not be repeated. */
  retries?: number;
  /** For the announcement: how many things the call is about, and the tokens that its result says were used. */
  items?: number;
  tokensOf?: (result: T) => number;
  /** The model that is asked, for who follows the call. */
  model?: string;
}

type Call<T> = (signal: AbortSignal) => Promise<T>;

/** Stands for a caller that left while its call tried whether the provider is back: that proves nothing. */
class Abandoned extends Error {}

/**
 * In this order: bulkhead → retry → breaker → timeout. The caller's signal ends all of them at once.
 * The pauses of the retry are ours because cockatiel's cannot be interrupted; its breaker and bulkhead are used.
 */
export class Protection {
  private readonly crowd: BulkheadPolicy;
  private readonly breaker: CircuitBreakerPolicy | undefined;
  private degraded = false;
  private closed = false;

  constructor(private readonly options: ProtectionOptions) {
    this.crowd = bulkhead(options.concurrency, options.queue);
    if (options.breaker) this.breaker = this.makeBreaker(options.breaker);
  }

  /**
   * Calls the provider. Announces `provider.call` when it is over, with the outcome `ok`, `cancelled` or a failure's code.
   * @throws What the call throws; or `call.timeout`, `call.open_circuit`, `call.crowded`; or the reason of the signal.
   */
  run<T>(operation: string, call: Call<T>, o: ProtectedCall<T> = {}): Promise<T> {
    const { family, provider } = this.options;
    const { items, model } = o;
    return followed({ kind: 'call', family, provider, operation, items, model }, () => this.told(operation, call, o));
  }

  /** Whether the provider is called: `open` = not for now, `half-open` = one call tries. */
  get state(): 'closed' | 'open' | 'half-open' {
    if (this.breaker?.state === CircuitState.Open) return 'open';
    return this.breaker?.state === CircuitState.HalfOpen ? 'half-open' : 'closed';
  }

  /** From now on calls are refused (`call.failed`); those under way end as they would. May be called twice. */
  close(): void {
    this.closed = true;
  }

  private async told<T>(operation: string, call: Call<T>, o: ProtectedCall<T>): Promise<T> {
    const { family, provider } = this.options;
    const began = performance.now();
    const tell = (outcome: string, tokens?: number) =>
      announce('provider.call', {
        family,
        provider,
        operation,
        outcome,
        durationMs: performance.now() - began,
        ...(o.items !== undefined && { items: o.items }),
        ...(tokens !== undefined && { tokens }),
      });
    try {
      const result = await untilAborted(o.signal, this.inTurn(call, o));
      tell('ok', o.tokensOf?.(result));
      return result;
    } catch (error) {
      tell(o.signal?.aborted ? 'cancelled' : isFailure(error) ? error.code : 'internal.unexpected');
      throw error;
    }
  }

  private async inTurn<T>(call: Call<T>, o: ProtectedCall<T>): Promise<T> {
    const { retries, backoffMs, maxBackoffMs, random, target } = this.options;
    const patience = {
      retries: o.retries ?? retries,
      backoffMs,
      maxBackoffMs,
      signal: o.signal,
      ...(random && { random }),
    };
    if (this.closed) throw failure('call.failed', { target, reason: 'closed' });
    try {
      return await this.crowd.execute(() => retry(() => this.attempt(call, o.signal), patience), o.signal);
    } catch (error) {
      throw error instanceof BulkheadRejectedError ? failure('call.crowded', { target }) : error;
    }
  }

  private async attempt<T>(call: Call<T>, signal: AbortSignal | undefined): Promise<T> {
    const { target, timeoutMs } = this.options;
    const once = () => withTimeout(target, timeoutMs, signal, call);
    if (!this.breaker) return once();
    // While one call tries, cockatiel lets the others wait for its outcome; a provider that hangs would hold them all up.
    if (this.breaker.state === CircuitState.HalfOpen) throw failure('call.open_circuit', { target });
    try {
      return await this.breaker.execute(() =>
        once().catch((error: unknown) => {
          throw signal?.aborted ? new Abandoned() : error;
        }),
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof BrokenCircuitError ? failure('call.open_circuit', { target }) : error;
    }
  }

  private makeBreaker({ failures, cooldownMs }: NonNullable<ProtectionOptions['breaker']>): CircuitBreakerPolicy {
    const { family, provider } = this.options;
    // An abandoned call counts only while it was the one that tried: else it would close the circuit unproven.
    const counts = (error: unknown) =>
      error instanceof Abandoned ? breaker.state === CircuitState.HalfOpen : isPassing(error);
    const breaker = circuitBreaker(handleWhen(counts), {
      breaker: new ConsecutiveBreaker(failures),
      halfOpenAfter: cooldownMs,
    });
    breaker.onBreak(() => {
      if (!this.degraded) announce('provider.degraded', { family, provider });
      this.degraded = true;
    });
    breaker.onReset(() => {
      this.degraded = false;
      announce('provider.recovered', { family, provider });
    });
    return breaker;
  }
}
