// Opens what the configuration asks for: a keyring over the chosen key service, or no sealing; and the names of keys.
import { ProviderFamily } from '#config';
import { failure, type KeyService, type Secret } from '#ports';
import type { Bus, Records } from '#records';
import type { CryptoConfig } from './crypto.section.js';
import { derivedKey } from './derived-key.js';
import { KeyNames } from './key-names.js';
import { Keyring } from './keyring.js';
import { MasterChoice } from './master-choice.js';
import { PlainSealer } from './plain-sealer.js';
import type { Sealer } from './sealer.js';

const BUILT_INS = {
  local: async () => (await import('./providers/local.js')).default,
  'aws-kms': async () => (await import('./providers/aws-kms.js')).default,
  'gcp-kms': async () => (await import('./providers/gcp-kms.js')).default,
  vault: async () => (await import('./providers/vault.js')).default,
};

export interface OpenSealerOptions {
  /** Where data keys are kept, wrapped. */
  records: Records;
  /** Tells of rotations and shreds to the other instances. */
  bus: Bus;
  /** Packages that may bring a key service: see `ProviderFamily`. */
  plugins?: readonly string[];
  importPackage?: (name: string) => Promise<unknown>;
  signal?: AbortSignal;
}

/**
 * The sealer of the configuration. Fails with a `provider.*` failure, `crypto.key_length`, or what the key service fails
 * with: all stop the boot.
 */
export async function openSealer(config: CryptoConfig, o: OpenSealerOptions): Promise<Sealer> {
  const service = await openKeyService(config, o);
  if (!service) return new PlainSealer();
  const masters = new MasterChoice(service, o.records);
  return new Keyring(service, o.records, { holdMs: config.keyCacheTtlMs, wrapUnder: () => masters.wrapUnder() });
}

/** The key service of the configuration; `undefined` where nothing is to be sealed. */
export async function openKeyService(
  { encryptionKey, formerEncryptionKeys, keyService, keyServiceOptions }: CryptoConfig,
  { plugins = [], importPackage, signal }: Omit<OpenSealerOptions, 'records' | 'bus'>,
): Promise<KeyService | undefined> {
  if (keyService === 'local' && !encryptionKey) return undefined;
  const family = new ProviderFamily({
    family: 'key-service',
    variable: 'KEY_SERVICE',
    builtIns: BUILT_INS,
    plugins,
    ...(importPackage && { importPackage }),
  });
  const local = { current: encryptionKey, former: formerEncryptionKeys };
  const options = keyService === 'local' ? local : (keyServiceOptions ?? {});
  return family.open(keyService, options, signal ? { signal } : {});
}

/** Names under KEY_NAME_SECRET, else under a key derived from `fallback` (the secret of tokens). */
export function keyNamesFrom(config: Pick<CryptoConfig, 'keyNameSecret'>, fallback?: Secret): KeyNames {
  return new KeyNames(derivedFromSecret(config, fallback, 'resk-caching name secret v1'));
}

/** What the signing key is derived from where nothing is sealed: the same secret, for another use. */
export function signingSeedFrom(config: Pick<CryptoConfig, 'keyNameSecret'>, fallback?: Secret): Uint8Array {
  return derivedFromSecret(config, fallback, 'resk-caching signing seed v1');
}

function derivedFromSecret(
  { keyNameSecret }: Pick<CryptoConfig, 'keyNameSecret'>,
  fallback: Secret | undefined,
  use: string,
): Uint8Array {
  const secret = keyNameSecret ?? fallback;
  if (!secret) throw failure('crypto.name_secret_missing', {});
  return derivedKey(Buffer.from(secret.reveal()), [use]);
}
