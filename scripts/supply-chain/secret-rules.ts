// What counts as a secret in a file of this repository: the shapes of the vendors, and our own.

import { creator as patterns } from '@secretlint/secretlint-rule-pattern';
import { creator as recommended } from '@secretlint/secretlint-rule-preset-recommend';
import type { SecretLintCoreConfig } from '@secretlint/types';

/** Keys that open something of ours: a minted token, the secret that signs it, the key that seals the cache; and what the vendors' rules miss. */
const OWN = [
  {
    // The rule of the preset wants a letter or a digit at the end, which one key in thirty has not.
    name: 'AWS secret access key',
    patterns: ['/aws_?secret_?(?:access_?)?key["\']?\\s*[:=]\\s*["\']?[A-Za-z0-9+/]{39}[+/](?![A-Za-z0-9+/=])/i'],
  },
  { name: 'signed token', patterns: ['/\\beyJ[\\w-]{8,}\\.eyJ[\\w-]{8,}\\.[\\w-]{16,}/'] },
  { name: 'JWT_SECRET', patterns: ['/\\bJWT_SECRET(?:_PREVIOUS)?["\']?\\s*[:=]\\s*["\']?[\\w+/=-]{24,}/'] },
  {
    name: 'sealing key',
    patterns: ['/\\b(?:CACHE_ENCRYPTION_KEY|KEYRING|[A-Z_]*MASTER_KEY)["\']?\\s*[:=]\\s*["\']?[A-Za-z0-9+/]{43}=/'],
  },
];

export const RULES: SecretLintCoreConfig = {
  rules: [
    { id: 'recommended', rule: recommended, rules: [] },
    { id: 'own', rule: patterns, options: { patterns: OWN } },
  ],
};

export interface NoSecret {
  /** What stands in the file; it may be written here because it opens nothing. */
  value: string;
  why: string;
}

/** Found, looked at, and no secret: values that the tests of redaction and of refusals are made of. */
export const NO_SECRETS: readonly NoSecret[] = [
  { value: 'postgres://u:h4x0rpw9@db', why: 'What the detector of secrets must find; there is no such database.' },
  { value: 'http://user:secret@127.0.0.1', why: 'An address with a password, which the client refuses.' },
  {
    value: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
    why: 'The digits and letters in their order, twice: the key of the documents.',
  },
  {
    value: 'ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=',
    why: 'The same in the other order: the other key of the documents.',
  },
  { value: 'https://user:word@cache.example.org', why: 'An address with a password, which the command line refuses.' },
];
