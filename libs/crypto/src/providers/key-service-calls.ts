// Guards the calls to a remote key service, and gives what goes wrong there the words of the port.
import { z } from 'zod';
import { type CallOptions, type Failure, failure, isFailure } from '#ports';
import { type HttpRefusal, Protection, refusalOf } from '#resilience';

/** Bounds that every remote key service may be given among its options. */
export const Bounds = {
  /** Limit of one attempt. Milliseconds. */
  timeoutMs: z.int().min(100).max(60_000).default(5000),
  /** Further attempts after the first, where a failure may pass. */
  retries: z.int().min(0).max(10).default(3),
};

// Data keys are held in memory, so calls are few: many at once are the first requests of many tenants after a start.
const CONCURRENCY = 16;
const QUEUE = 1024;
const BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5000;
const BREAKER = { failures: 5, cooldownMs: 5000 };

const DATA_KEY_BYTES = 32;

export interface KeyServiceCallsOptions {
  /** Name of the provider, from a closed set. */
  provider: string;
  timeoutMs: number;
  retries: number;
  /** What a failure of the vendor means, within one attempt; the error itself where it means nothing special. */
  translate: (error: unknown, about: CallSubject) => unknown;
}

/** What a call is about, to tell its failures apart. */
export interface CallSubject {
  operation: 'wrap' | 'unwrap' | 'keys';
  /** The master key that the call uses, as the operator or `keys()` names it. */
  masterKeyId: string;
}

export class KeyServiceCalls {
  private readonly protection: Protection;

  constructor(private readonly options: KeyServiceCallsOptions) {
    const { provider, timeoutMs, retries } = options;
    this.protection = new Protection({
      target: `key service ${provider}`,
      family: 'key-service',
      provider,
      timeoutMs,
      retries,
      backoffMs: BACKOFF_MS,
      maxBackoffMs: MAX_BACKOFF_MS,
      breaker: BREAKER,
      concurrency: CONCURRENCY,
      queue: QUEUE,
    });
  }

  /**
   * Makes a call, again where that may help.
   * @throws Failure `crypto.*` of the port, `outgoing.refused`, or the reason of the caller's signal.
   */
  async run<T>(about: CallSubject, { signal }: CallOptions, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { provider, translate } = this.options;
    const attempt = (limit: AbortSignal) =>
      call(limit).catch((error: unknown) => {
        throw limit.aborted ? error : passed(translate(error, about), provider);
      });
    try {
      return await this.protection.run(about.operation, attempt, { signal });
    } catch (error) {
      throw signal?.aborted ? error : passed(error, provider);
    }
  }

  /** May be called twice. */
  close(): void {
    this.protection.close();
  }
}

/** What is left of the failures of a call once the vendor's own are translated: all of them may pass. */
function passed(error: unknown, provider: string): unknown {
  if (!isFailure(error)) return error;
  switch (error.code) {
    case 'call.timeout':
      return unavailable(provider, `no answer within ${error.facts.limitMs} ms`, { cause: error });
    case 'call.open_circuit':
      return unavailable(provider, 'it failed repeatedly and rests for a moment', { cause: error });
    case 'call.crowded':
      return unavailable(provider, 'too many calls at once', { cause: error });
    case 'call.failed':
    case 'call.reply_invalid':
      return unavailable(provider, String(error.facts.reason), { cause: error });
    case 'call.refused':
      return unavailable(provider, `status ${error.facts.status}`, { cause: error });
    default:
      return error;
  }
}

/** It may pass: throttled, late or down. */
export function unavailable(
  provider: string,
  reason: string,
  { cause, retryAfterMs }: { cause?: unknown; retryAfterMs?: number | undefined } = {},
): Failure {
  const asked = retryAfterMs ?? (isFailure(cause) ? cause.retryAfterMs : undefined);
  const details = { cause, ...(asked !== undefined && { retryAfterMs: asked }) };
  return failure('crypto.key_service_unavailable', { provider, reason }, details);
}

/** What the server said that refused an HTTP call; `undefined` for anything else. */
export function refusalIn(error: unknown): HttpRefusal | undefined {
  return isFailure(error, 'call.refused') ? refusalOf(error) : undefined;
}

/** The data key within a reply. @throws Failure `crypto.unwrap_refused` where it is none of ours. */
export function dataKeyFrom(bytes: Uint8Array, provider: string): Uint8Array {
  // Copied, so that the caller can wipe it and nothing of it stays in a pool that others share.
  const key = Uint8Array.from(bytes);
  bytes.fill(0);
  if (key.length === DATA_KEY_BYTES) return key;
  key.fill(0);
  throw failure('crypto.unwrap_refused', { provider });
}
