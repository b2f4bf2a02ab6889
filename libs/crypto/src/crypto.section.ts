// What an operator may set of sealing and of key names.
import { type ConfigOf, section, setting } from '#config';
import { isFailure, type Secret } from '#ports';
import { masterKey } from './master-key.js';

export const cryptoSection = section(
  'crypto',
  {
    title: 'Sealing and key names',
    doc: 'What is sealed at rest, under which keys, and how entries are named.',
    rule: ({ encryptionKey, encryptionPassphrase, formerEncryptionKeys, keyService }) => [
      ...keyProblems('encryptionKey', encryptionKey ? [encryptionKey] : []),
      ...keyProblems('formerEncryptionKeys', formerEncryptionKeys),
      ...(formerEncryptionKeys.length > 0 && !encryptionKey && !encryptionPassphrase && keyService === 'local'
        ? [{ setting: 'encryptionKey' as const, message: 'must be set where former keys are: nothing would be sealed' }]
        : []),
    ],
  },
  {
    encryptionKey: setting('CACHE_ENCRYPTION_KEY', {
      doc: 'Key that seals everything leaving the process (SQLite, Redis, vector payloads) with AES-256-GCM: base64 of 32 bytes, from `openssl rand -base64 32`. Unset: nothing is sealed. Where KEY_SERVICE is not `local`, it only opens, until all data keys are wrapped by that service.',
    })
      .secret()
      .optional(),
    encryptionPassphrase: setting('CACHE_ENCRYPTION_PASSPHRASE', {
      doc: 'A passphrase in place of CACHE_ENCRYPTION_KEY, at least 16 characters: the key is made of it by Argon2id, with a salt kept in the records. Needs Node.js 24.7 or later. Where CACHE_ENCRYPTION_KEY is set too, the passphrase’s key only opens.',
    })
      .secret({ minLength: 16 })
      .optional(),
    formerEncryptionKeys: setting('CACHE_FORMER_ENCRYPTION_KEYS', {
      doc: 'Keys used before, comma-separated: they open what they sealed, and seal nothing new. Drop a key once `resk keys list` shows 0 data keys for it: data keys that it wraps are lost without it.',
    })
      .secrets()
      .default(''),
    keyService: setting('KEY_SERVICE', {
      doc: 'Who keeps the master keys: `local` (CACHE_ENCRYPTION_KEY), `aws-kms`, `gcp-kms` or `vault` (docs/KEY_SERVICES.md), or the name of a provider from PLUGINS.',
    })
      .text()
      .default('local'),
    keyServiceOptions: setting('KEY_SERVICE_OPTIONS', {
      doc: 'Options of a key service that is not `local`, as JSON: see docs/KEY_SERVICES.md.',
    })
      .json()
      .optional(),
    keyCacheTtlMs: setting('KEY_CACHE_TTL', {
      doc: 'How long an unwrapped data key is held in memory at most; then it is wiped, and unwrapped again when it is needed. Shorter asks the key service more often.',
    })
      .duration({ min: 1000, max: 86_400_000 })
      .default('5m'),
    keyRotationDueMs: setting('KEY_ROTATION_DUE', {
      doc: 'How long a data key may seal before its rotation is due. Nothing is rotated by itself: metrics count the tenants that are overdue, and an alert tells of them.',
    })
      .duration({ min: 3_600_000, max: 3650 * 86_400_000 })
      .default('365d'),
    keyNameSecret: setting('KEY_NAME_SECRET', {
      doc: 'Secret under which prompts and tenants become key names, at least 32 characters. Unset: derived from JWT_SECRET. Another secret means an empty cache.',
    })
      .secret({ minLength: 32 })
      .optional(),
  },
);

export type CryptoConfig = ConfigOf<typeof cryptoSection>;

function keyProblems<const Name extends string>(name: Name, keys: readonly Secret[]) {
  return keys.flatMap((key, index) => {
    try {
      masterKey(key, name).bytes.fill(0);
      return [];
    } catch (error) {
      if (!isFailure(error, 'crypto.key_length')) throw error;
      const which = keys.length > 1 ? ` (key ${index + 1} of ${keys.length})` : '';
      const message = `must be base64 of exactly 32 bytes; it decodes to ${error.facts.received}${which}. Make one with: openssl rand -base64 32`;
      return [{ setting: name, message }];
    }
  });
}
