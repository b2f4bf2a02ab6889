// Opens what the configuration asks for: a keyring over the chosen key service, or no sealing; and the names of keys.
import { ProviderFamily } from '#config';
import { failure, type Secret } from '#ports';
import type { CryptoConfig } from './crypto.section.js';
import { derivedKey } from './derived-key.js';
import { KeyNames } from './key-names.js';
import { Keyring } from './keyring.js';
import { PlainSealer } from './plain-sealer.js';
import type { Sealer } from './sealer.js';

export interface OpenSealerOptions {
  /** Packages that may bring a key service: see `ProviderFamily`. */
  plugins?: readonly string[];
  importPackage?: (name: string) => Promise<unknown>;
  signal?: AbortSignal;
}

/** Fails with a `provider.*` failure, `crypto.key_length`, or what the key service fails with: all stop the boot. */
export async function openSealer(
  config: CryptoConfig,
  { plugins = [], importPackage, signal }: OpenSealerOptions = {},
): Promise<Sealer> {
  const { encryptionKey, formerEncryptionKeys, keyService, keyServiceOptions } = config;
  if (keyService === 'local' && !encryptionKey) return new PlainSealer();
  const family = new ProviderFamily({
    family: 'key-service',
    variable: 'KEY_SERVICE',
    builtIns: { local: async () => (await import('./providers/local.js')).default },
    plugins,
    ...(importPackage && { importPackage }),
  });
  const local = { current: encryptionKey, former: formerEncryptionKeys };
  const options = keyService === 'local' ? local : (keyServiceOptions ?? {});
  return new Keyring(await family.open(keyService, options, signal ? { signal } : {}));
}

/** Names under KEY_NAME_SECRET, else under a key derived from `fallback` (the secret of tokens). */
export function keyNamesFrom({ keyNameSecret }: Pick<CryptoConfig, 'keyNameSecret'>, fallback?: Secret): KeyNames {
  const secret = keyNameSecret ?? fallback;
  if (!secret) throw failure('crypto.name_secret_missing', {});
  return new KeyNames(derivedKey(Buffer.from(secret.reveal()), ['resk-caching name secret v1']));
}
