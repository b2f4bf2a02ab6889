// The quotas of a tenant at the door: its requests in this second, and in this day.
import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import { Quotas } from '#usage';
import { type Hit, SlidingWindowStorage } from './rate-limit/index.js';

const SECOND_MS = 1000;

@Injectable()
export class QuotaGate {
  constructor(
    private readonly quotas: Quotas,
    @Inject(ThrottlerStorage) private readonly windows: SlidingWindowStorage,
  ) {}

  /** Counts a request. Nothing is done where no tenant has a quota. Throws, or rejects with, `quota.exceeded`. */
  pass(tenant: string, cost: number): void | Promise<void> {
    if (!this.quotas.any) return;
    const limit = this.quotas.perSecond(tenant);
    if (limit === undefined) return this.quotas.admit(tenant, cost);
    // A call that costs more than a second holds passes when nothing else does.
    const counted = Math.min(cost, Math.max(1, limit));
    const hit = this.windows.hit({ name: 'tenant', limit, windowMs: SECOND_MS }, tenant, counted);
    const settle = ({ allowed, retryAfterMs }: Hit) => {
      if (!allowed) throw this.quotas.tooFast(tenant, limit, retryAfterMs);
      return this.quotas.admit(tenant, cost);
    };
    return hit instanceof Promise ? hit.then(settle) : settle(hit);
  }
}
