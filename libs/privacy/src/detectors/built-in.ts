// The detectors that come with the service, by the names that `PII_DETECTORS` knows.
import { z } from 'zod';
import { defineProvider } from '#ports';
import { type Rule, RuleDetector } from '../rule.js';
import { CONTACT_RULES } from './contact.js';
import { FINANCE_RULES } from './finance.js';
import { IDENTITY_RULES } from './identity.js';
import { NETWORK_RULES } from './network.js';
import { SECRET_RULES } from './secrets.js';

const RULES: Record<string, readonly Rule[]> = {
  contact: CONTACT_RULES,
  finance: FINANCE_RULES,
  identity: IDENTITY_RULES,
  secrets: SECRET_RULES,
  network: NETWORK_RULES,
};

export const BUILT_IN_DETECTORS = Object.fromEntries(
  Object.entries(RULES).map(([name, rules]) => [name, async () => detectorOf(name, rules)]),
);

function detectorOf(name: string, rules: readonly Rule[]) {
  return defineProvider({
    family: 'text-detector',
    name,
    options: z.strictObject({}),
    open: async () => new RuleDetector(name, rules),
  });
}
