// What counts as a secret in a file of this repository: the shapes of the vendors, and our own.

import { creator as patterns } from '@secretlint/secretlint-rule-pattern';
import { rules as ofVendors, creator as recommended } from '@secretlint/secretlint-rule-preset-recommend';
import type { SecretLintCoreConfig, SecretLintRulePresetCreator } from '@secretlint/types';

/** Between a name and its value: `=` or `:`, or in the list of a container's variables `value:` on the line below. */
const IS = /["']?(?:[ \t]*[:=]|[\s,]*["']?value["']?[ \t]*:)[ \t]*/.source;
/** A letter of a value that is written out: a name in braces or brackets behind `$` is filled in later. */
const LETTER = /(?:[^\s$]|\$(?![{(]))/.source;
/** The same where a value is of words. */
const WORDS = /(?:[^\n$]|\$(?![{(]))/.source;
/** Where the value begins: not with what is filled in later. */
const WRITTEN_OUT = /(?![\s"'`{<\\]|\$[A-Z_]{1,60}["'\s])/.source;

/** How a value of this name is written: in quotes, alone behind `=`, or as a word of which code and YAML leave no doubt. */
function written(name: string, least: number, letter = LETTER): RegExp[] {
  return [
    new RegExp(`\\b${name}${IS}(["'\`])${WRITTEN_OUT}(?:(?!\\1)${letter}){${least},}`),
    new RegExp(`\\b${name}=${WRITTEN_OUT}${letter}{${least},4096}(?!\\S)`),
    new RegExp(`\\b${name}${IS}[\\w+/=@!#%^&*~?.-]{${least},}`),
  ];
}

/** Keys that open something of ours: a minted token, the secret that signs it, the key that seals the cache; and what the vendors' rules miss. */
export const OWN: readonly { name: string; shapes: readonly RegExp[] }[] = [
  {
    // The rule of the preset wants a letter or a digit at the end, which one key in thirty has not.
    name: 'AWS secret access key',
    shapes: [/aws_?secret_?(?:access_?)?key["']?\s*[:=]\s*["']?[A-Za-z0-9+/]{39}[+/](?![A-Za-z0-9+/=])/i],
  },
  { name: 'signed token', shapes: [/\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}/] },
  { name: 'signing secret', shapes: written('JWT_(?:FORMER_)?SECRETS?', 24) },
  { name: 'secret of names', shapes: written('KEY_NAME_SECRET', 24) },
  // The one that a person may think up.
  { name: 'passphrase', shapes: written('CACHE_ENCRYPTION_PASSPHRASE', 16, WORDS) },
  {
    name: 'sealing key',
    shapes: [
      new RegExp(`\\bCACHE_(?:ENCRYPTION_KEY|FORMER_ENCRYPTION_KEYS)${IS}["'\`]?[\\w+/-]{43,}={0,2}`),
      new RegExp(`\\b(?:KEYRING|[A-Z_]*MASTER_KEY)${IS}["'\`]?[A-Za-z0-9+/]{43}=`),
    ],
  },
  {
    name: 'password of a broker',
    shapes: [/\b(?:rediss?|amqps?):\/\/[^\s:@/"'`]*:(?!\$?[{[<(]|\$[A-Z_]{1,60}@)[^\s@/"'`]{6,}@[\w.-]*/],
  },
  {
    // The rule of the preset wants a hundred letters, which keys of elliptic curves have not, and knows none that is encrypted.
    name: 'private key',
    shapes: [
      /-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?:[\s'"`,+]|\\[\\nr])+(?:Proc-Type:|[A-Za-z0-9/][A-Za-z0-9+/]{31})/,
    ],
  },
  { name: 'Google API key', shapes: [/\bAIza[\w-]{35}(?![\w-])/] },
  { name: 'PyPI token', shapes: [/\bpypi-AgE[\w-]{50,}/] },
  { name: 'Pinecone API key', shapes: [/\bpcsk_\w{40,}/] },
  { name: 'Azure account key', shapes: [/\b(?:Account|SharedAccess)Key=[A-Za-z0-9+/]{43,}={0,2}/] },
  // The scanner that the rules are of would obey it; here it only tells that something is to be hidden.
  { name: 'comment that silences', shapes: [/secretlint-dis(?:able)/] },
];

/** What the preset knows, without the rule by which a comment silences all others. */
const heard = ofVendors.filter(({ meta }) => !meta.id.endsWith('filter-comments'));
const vendors: SecretLintRulePresetCreator = {
  ...recommended,
  rules: heard,
  create(context) {
    for (const rule of heard) context.registerRule(rule);
  },
};

export const RULES: SecretLintCoreConfig = {
  rules: [
    { id: 'recommended', rule: vendors, rules: [] },
    {
      id: 'own',
      rule: patterns,
      options: { patterns: OWN.map(({ name, shapes }) => ({ name, patterns: shapes.map(String) })) },
    },
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
  { value: 'redis://:password@localhost', why: 'The word password where the manual shows the place of one.' },
  { value: 'redis://user:hunter2@cache', why: 'An address whose password the log must hide; there is no such server.' },
  { value: 'redis://default:s3cr3tw0rd@cache.example.com', why: 'The same for the detector of secrets.' },
];
