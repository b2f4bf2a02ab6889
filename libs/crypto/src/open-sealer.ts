// Opens what the configuration asks for: a keyring over the chosen key service, or no sealing; and the names of keys.
import { ProviderFamily } from '#config';
import { failure, type KeyService, type Secret } from '#ports';
import type { Bus, Records } from '#records';
import type { CryptoConfig } from './crypto.section.js';
import { derivedKey } from './derived-key.js';
import type { KeyAdmin } from './key-admin.js';
import { KeyNames } from './key-names.js';
import { Keyring } from './keyring.js';
import { KeyringAdmin } from './keyring-admin.js';
import { MasterChoice } from './master-choice.js';
import { MovedKeyService } from './moved-key-service.js';
import { NoKeys } from './no-keys.js';
import { keyFromPassphrase } from './passphrase.js';
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
  return (await openCrypto(config, o)).sealer;
}

/** The sealer, with the administration of its keys. Closing the sealer closes both. Fails as `openSealer` does. */
export async function openCrypto(
  config: CryptoConfig,
  o: OpenSealerOptions,
): Promise<{ sealer: Sealer; admin: KeyAdmin }> {
  const service = await openKeyService(config, o);
  if (!service) return { sealer: new PlainSealer(), admin: new NoKeys() };
  const masters = new MasterChoice(service, o.records);
  const held = { holdMs: config.keyCacheTtlMs, master: () => masters.currentId() };
  const ring = new Keyring(service, o.records, held);
  await ring.watch(o.bus);
  return { sealer: ring, admin: new KeyringAdmin(ring, o.records) };
}

/**
 * The key service of the configuration; `undefined` where nothing is to be sealed. Where it is another than `local`, keys
 * of the configuration only open: so data moves from them to the service.
 */
export async function openKeyService(
  config: CryptoConfig,
  { plugins = [], importPackage, signal, records }: Omit<OpenSealerOptions, 'bus'>,
): Promise<KeyService | undefined> {
  const { keyService } = config;
  const local = await localKeys(config, records);
  if (keyService === 'local' && !local) return undefined;
  const family = keyServiceFamily(plugins, importPackage);
  const context = signal ? { signal } : {};
  if (keyService === 'local') return family.open('local', local, context);
  const service = await family.open(keyService, config.keyServiceOptions ?? {}, context);
  return local ? new MovedKeyService(service, await family.open('local', local, context)) : service;
}

/** The key services that can be chosen. */
export function keyServiceFamily(
  plugins: readonly string[],
  importPackage?: (name: string) => Promise<unknown>,
): ProviderFamily<'key-service'> {
  return new ProviderFamily({
    family: 'key-service',
    variable: 'KEY_SERVICE',
    builtIns: BUILT_INS,
    plugins,
    ...(importPackage && { importPackage }),
  });
}

/** The keys that the configuration names: a key goes before a passphrase, whose key then only opens. */
async function localKeys(config: CryptoConfig, records: Records) {
  const { encryptionKey, encryptionPassphrase, formerEncryptionKeys } = config;
  const made = encryptionPassphrase ? [await keyFromPassphrase(encryptionPassphrase, records)] : [];
  const [current, ...former] = [...(encryptionKey ? [encryptionKey] : []), ...made, ...formerEncryptionKeys];
  return current && { current, former };
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
