// Keeps an issuer's published keys at hand: fetched ahead of need, asked for again when a token names an unknown one, used on while the issuer is down.
import type { KeyObject } from 'node:crypto';
import { announce, failure, isFailure } from '#ports';
import { SingleFlight } from '#resilience';
import type { KeySet } from './issuer-documents.js';
import type { KeyRing } from './key-ring.js';
import { PublishedKeys } from './published-keys.js';
import type { Algorithm } from './verification-keys.js';

const TICK_MS = 1000;
/** Fetches that fail in a row before it is told: one alone is retried soon, while the keys at hand are believed. */
const FAILURES_TOLD = 3;

export interface IssuerKeysOptions {
  documents: { keySet(): Promise<KeySet>; close(): Promise<void> };
  /** Fetched again when older. */
  refreshMs: number;
  /** Believed so long after the last fetch that succeeded. */
  maxAgeMs: number;
  /** Shortest time between two fetches; doubles while they fail, up to `refreshMs`. */
  backoffMs: number;
  now?: () => number;
}

export class IssuerKeys {
  private keys: PublishedKeys | undefined;
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private lastError: unknown;
  private ticking: NodeJS.Timeout | undefined;
  private readonly flight = new SingleFlight<void>();
  private readonly now: () => number;
  private onRemoved: () => void = () => undefined;

  constructor(private readonly options: IssuerKeysOptions) {
    this.now = options.now ?? Date.now;
  }

  /**
   * Fetches, and again from time to time. An issuer that is down does not keep the service from starting; one that may not be called
   * does, with `outgoing.refused`.
   */
  async open(): Promise<void> {
    await this.fetchUnlessJustTried();
    if (isFailure(this.lastError, 'outgoing.refused')) throw this.lastError;
    this.ticking ??= setInterval(() => void this.tick(), TICK_MS).unref();
  }

  /** Fetches where the keys have aged. */
  async tick(): Promise<void> {
    if (this.now() - this.fetchedAt >= this.options.refreshMs) await this.fetchUnlessJustTried();
  }

  /** `heard` is told when a key is no longer published: what was believed by it must be looked at again. */
  whenRemoved(heard: () => void): void {
    this.onRemoved = heard;
  }

  /** The keys of one algorithm, for the verifier. */
  of(algorithm: Algorithm): KeyRing {
    return { find: (_token, keyId) => this.usable()?.find(algorithm, keyId) ?? this.findAfresh(algorithm, keyId) };
  }

  /** May be called twice. */
  async close(): Promise<void> {
    clearInterval(this.ticking);
    await this.options.documents.close();
  }

  private usable(): PublishedKeys | undefined {
    return this.now() - this.fetchedAt < this.options.maxAgeMs ? this.keys : undefined;
  }

  /** The issuer may have begun to use a new key; who makes up ids makes us ask no more often than the pause allows. */
  private async findAfresh(algorithm: Algorithm, keyId: unknown): Promise<KeyObject> {
    await this.fetchUnlessJustTried();
    const usable = this.usable();
    const key = usable?.find(algorithm, keyId);
    if (key) return key;
    if (usable && this.failures === 0) throw failure('auth.key_unknown', {});
    const retryAfterMs = Math.max(1000, this.triedAt + this.pauseMs() - this.now());
    throw failure('auth.keys_unavailable', {}, { retryAfterMs, cause: this.lastError });
  }

  private async fetchUnlessJustTried(): Promise<void> {
    if (this.flight.size === 0 && this.now() - this.triedAt < this.pauseMs()) return;
    await this.flight.run('keys', () => this.fetch());
  }

  private pauseMs(): number {
    const { backoffMs, refreshMs } = this.options;
    return Math.min(backoffMs * 2 ** Math.min(this.failures, 30), Math.max(backoffMs, refreshMs));
  }

  private async fetch(): Promise<void> {
    try {
      const keys = PublishedKeys.from(await this.options.documents.keySet(), this.keys);
      // An issuer without keys is more likely broken than gone: what it published before is believed on, for a while.
      if (keys.size === 0) throw failure('call.reply_invalid', { target: 'token-issuer', reason: 'no usable key' });
      this.take(keys);
    } catch (error) {
      // Told by the announcement of the call, with its code; the keys at hand are used on.
      this.lastError = error;
      this.failures++;
      if (this.failures === FAILURES_TOLD) announce('provider.degraded', { family: 'token-issuer', provider: 'jwks' });
    } finally {
      this.triedAt = this.now();
    }
  }

  private take(keys: PublishedKeys): void {
    const former = this.keys;
    this.keys = keys;
    this.fetchedAt = this.now();
    if (this.failures >= FAILURES_TOLD) announce('provider.recovered', { family: 'token-issuer', provider: 'jwks' });
    this.failures = 0;
    this.lastError = undefined;
    if (former && !former.within(keys)) this.onRemoved();
  }
}
