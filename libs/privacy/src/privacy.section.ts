// What an operator may set of the detection of personal data and secrets.
import { type ConfigOf, section, setting } from '#config';
import { DECISIONS } from './policy.js';

export const privacySection = section(
  'privacy',
  {
    title: 'Personal data and secrets',
    doc: 'What is found in questions, answers and documents, and what is then done.',
  },
  {
    detectors: setting('PII_DETECTORS', {
      doc: 'The detectors: contact (e-mail addresses, phone numbers), finance (IBAN, cards), identity (national ids), secrets (API keys, tokens, private keys, passwords), network (IP addresses), and names of detectors from PLUGINS. Empty: nothing is looked for.',
      example: 'contact,finance,identity,secrets,network',
    })
      .list()
      .default('contact,finance,identity,secrets'),
    options: setting('PII_OPTIONS', {
      doc: 'Options of detectors from PLUGINS, by their names. The built-in ones have none.',
      example: '{"names":{"language":"de"}}',
    })
      .json()
      .default('{}'),
    personal: setting('PII_POLICY_PERSONAL', {
      doc: 'What is done with a text that holds personal data, for tenants without a policy of their own: store it; redact it, and use only the redacted form; skip the cache; or refuse it.',
    })
      .oneOf(DECISIONS)
      .default('store'),
    secret: setting('PII_POLICY_SECRET', {
      doc: 'The same for a text that holds a secret.',
    })
      .oneOf(DECISIONS)
      .default('skip'),
  },
);

export type PrivacyConfig = ConfigOf<typeof privacySection>;
