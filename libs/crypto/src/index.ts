// Sealing under keys that a key service keeps, and key names that say nothing of what they name.
export { type CryptoConfig, cryptoSection } from './crypto.section.js';
export {
  type DataKeyReport,
  KeyAdmin,
  type MasterKeyReport,
  type Retirement,
  type TenantKeysReport,
} from './key-admin.js';
export { KeyAges, type KeyAgesReport } from './key-ages.js';
export { KeyNames } from './key-names.js';
export { Keyring, type KeyringOptions } from './keyring.js';
export { KeyringAdmin } from './keyring-admin.js';
export { lengthPrefixed } from './length-prefixed.js';
export { LocalKeyService } from './local-key-service.js';
export { type MasterKey, masterKey } from './master-key.js';
export {
  keyNamesFrom,
  keyServiceFamily,
  type OpenSealerOptions,
  openCrypto,
  openKeyService,
  openSealer,
  signingSeedFrom,
} from './open-sealer.js';
export { PlainSealer } from './plain-sealer.js';
export { type Signed, signReceipt, verifyReceipt } from './receipt.js';
export { type SealContext, Sealer, type UnreadableReason, unreadableReason } from './sealer.js';
export { type SigningJwk, verifySignature } from './signature.js';
export { SERVICE_TENANT, Signer, type SignerOptions } from './signer.js';
