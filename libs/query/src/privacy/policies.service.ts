// What a tenant may decide about its data, read and changed; what was kept under another decision goes.
import { TieredCache } from '#cache';
import { failure, type InputProblem } from '#ports';
import type { EffectivePolicy, TenantPolicy } from './policy.js';
import type { TenantPolicies } from './tenant-policies.js';

export interface Policies {
  /** What the tenant has set. */
  own: TenantPolicy | undefined;
  /** What holds. */
  effective: EffectivePolicy;
}

export class PoliciesService {
  private stop: (() => void) | undefined;

  constructor(
    private readonly policies: TenantPolicies,
    private readonly cache: TieredCache,
    /** Everything that detectors may find. */
    private readonly kinds: readonly string[],
  ) {}

  /** From now on, answers kept here under a policy that another instance has changed are forgotten when that is known. */
  open(): void {
    this.stop ??= this.policies.onChange((tenant, before, after) => {
      if (JSON.stringify(before.detection) === JSON.stringify(after.detection)) return;
      // Who changes the policy purges too, and is told where that fails.
      this.cache.forgetTenant(tenant).catch(() => undefined);
    });
  }

  of(tenant: string): Policies {
    return { own: this.policies.ownOf(tenant), effective: this.policies.of(tenant) };
  }

  /**
   * Replaces what the tenant has set, and purges its cache: an answer may have been kept that is to be kept no more.
   * @throws Failure `request.invalid` where a kind is named that nothing finds; `records.unavailable`;
   * `cache.store_unavailable`: the policy holds, and is to be set again for the purge.
   */
  async set(tenant: string, policy: TenantPolicy): Promise<Policies> {
    const unknown = Object.keys(policy.detection.kinds).filter((kind) => !this.kinds.includes(kind));
    if (unknown.length > 0) throw this.unknownKinds(unknown);
    await this.policies.set(tenant, policy);
    await this.cache.forgetTenant(tenant);
    return this.of(tenant);
  }

  close(): void {
    this.stop?.();
    this.stop = undefined;
  }

  private unknownKinds(unknown: readonly string[]) {
    const message = `must be one of ${this.kinds.join(', ')}`;
    const problems = unknown.map(
      (kind): InputProblem => ({ path: `detection.kinds.${kind}`, code: 'custom', message }),
    );
    return failure('request.invalid', { part: 'body', count: problems.length }, { problems });
  }
}
