// What is done with a text in which something was found: by the kind of the finding, else by its sort.
import type { Finding } from '#ports';

/** What may be done with a text, from the mildest to the strictest. */
export const DECISIONS = ['store', 'redact', 'skip', 'refuse'] as const;

/**
 * `store`: as if nothing had been found. `redact`: only the redacted form is used and kept. `skip`: answered, but neither
 * looked up nor kept. `refuse`: not answered.
 */
export type Decision = (typeof DECISIONS)[number];

export interface PrivacyPolicy {
  personal: Decision;
  secret: Decision;
  /** For single kinds, before what their sort says, e.g. `{ card: 'refuse' }`. */
  kinds?: Readonly<Record<string, Decision>>;
}

export function decisionOn({ kind, sort }: Pick<Finding, 'kind' | 'sort'>, policy: PrivacyPolicy): Decision {
  const { kinds = {} } = policy;
  return (Object.hasOwn(kinds, kind) ? kinds[kind] : undefined) ?? policy[sort];
}

/** `store` where there are none. */
export function strictest(decisions: Iterable<Decision>): Decision {
  let at = 0;
  for (const one of decisions) at = Math.max(at, DECISIONS.indexOf(one));
  return DECISIONS[at]!;
}
