// Has detectors look at what is to be asked or kept, and does with it what the tenant's policy says.
import { failure, type JsonValue } from '#ports';
import { type Decision, strictest, TextGuard } from '#privacy';
import type { EffectivePolicy } from './policy.js';
import type { TenantPolicies } from './tenant-policies.js';

/** What became of something that was looked at. */
export interface Screened<T> {
  /** `refuse` is thrown. */
  action: Exclude<Decision, 'refuse'>;
  /** Where it is to be redacted, with what was found replaced by its kind. */
  value: T;
  /** Whether the policy by which it was judged still holds. */
  stands(): boolean;
}

/** Numbers with fewer digits name nobody. */
const MIN_DIGITS = 9;

/** Methods fail with `privacy.refused`, which names the kinds found and never a value, and with `privacy.detector_failed`. */
export class Screening {
  constructor(
    private readonly guard: TextGuard,
    private readonly policies: TenantPolicies,
  ) {}

  text(text: string, tenant: string): Promise<Screened<string>> {
    return this.screened(text, tenant, (sight) => sight.text(text));
  }

  /** Looks at every text in it, names of members too, and at long whole numbers. */
  json<T extends JsonValue>(value: T, tenant: string): Promise<Screened<T>> {
    return this.screened(value, tenant, (sight) => sight.json(value) as Promise<T>);
  }

  private async screened<T>(value: T, tenant: string, look: (sight: Sight) => Promise<T>): Promise<Screened<T>> {
    const policy = this.policies.of(tenant);
    const stands = () => this.policies.of(tenant) === policy;
    if (!policy.detects) return { action: 'store', value, stands };
    const sight = new Sight(this.guard, policy);
    const redacted = await look(sight);
    const action = strictest(sight.decisions);
    if (action === 'refuse') throw failure('privacy.refused', { kinds: [...sight.refused].sort().join(', ') });
    return { action, value: action === 'redact' ? redacted : value, stands };
  }
}

/** One look at one thing: gathers what is decided, and redacts on the way. */
class Sight {
  readonly decisions = new Set<Decision>();
  readonly refused = new Set<string>();

  constructor(
    private readonly guard: TextGuard,
    private readonly policy: EffectivePolicy,
  ) {}

  async text(text: string): Promise<string> {
    const { decision, kinds, redacted } = await this.guard.judge(text, this.policy.detection);
    this.decisions.add(decision);
    if (decision === 'refuse') for (const kind of kinds) this.refused.add(kind);
    return redacted;
  }

  async json(value: JsonValue): Promise<JsonValue> {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.number(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const items: JsonValue[] = [];
      for (const one of value) items.push(await this.json(one));
      return items;
    }
    const members: [string, JsonValue][] = [];
    for (const [name, one] of Object.entries(value)) members.push([await this.text(name), await this.json(one)]);
    return Object.fromEntries(members);
  }

  private async number(value: number): Promise<JsonValue> {
    const digits = String(value);
    if (!Number.isSafeInteger(value) || digits.length < MIN_DIGITS) return value;
    const redacted = await this.text(digits);
    return redacted === digits ? value : redacted;
  }
}
