// Signs what must be provable later, receipts and the audit log, with Ed25519 (RFC 8032); its public keys are kept for ever.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Records } from '#records';
import { SingleFlight } from '#resilience';
import { type Sealer, unreadableReason } from './sealer.js';
import type { SigningJwk } from './signature.js';

export interface SignerOptions {
  records: Records;
  sealer: Sealer;
  /**
   * 32 secret bytes from which the key is derived where nothing is sealed: another secret means another key. Where
   * something is sealed, the key is drawn at random and kept sealed in the records, and this is not used.
   */
  seed: Uint8Array;
}

/** The service itself, as a tenant of the sealer: no token can name it, so that no shred destroys its keys. */
export const SERVICE_TENANT = '~service';

const SEALED_SEED = 'keys/signer';
const PUBLIC_KEYS = 'keys/public/';
const AT = { tenant: SERVICE_TENANT, purpose: 'signing-key', name: SEALED_SEED };
/** PKCS #8 before the 32 bytes of an Ed25519 seed (RFC 8410 §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

interface SigningKey {
  keyId: string;
  key: KeyObject;
}

/** Opens its key when it first signs: until then it needs neither the records nor the key service. */
export class Signer {
  private signing: SigningKey | undefined;
  private readonly openings = new SingleFlight<SigningKey>();

  constructor(private readonly options: SignerOptions) {}

  /**
   * The signature in base64url (86 characters), and the id of its key.
   * @throws Failure as the records or the key service fail, when the key is opened.
   */
  async sign(bytes: Uint8Array): Promise<{ keyId: string; signature: string }> {
    const { keyId, key } = this.signing ?? (await this.openings.run('', () => this.open()));
    return { keyId, signature: sign(null, bytes, key).toString('base64url') };
  }

  /** Every public key that ever signed for this service. */
  async publicKeys(): Promise<SigningJwk[]> {
    const { records } = this.options;
    await (this.signing ?? this.openings.run('', () => this.open()));
    const keys: SigningJwk[] = [];
    let cursor: string | undefined;
    do {
      const page = await records.list(PUBLIC_KEYS, { cursor, limit: 200 });
      keys.push(...page.records.map(({ value }) => JSON.parse(value) as SigningJwk));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return keys;
  }

  private async open(): Promise<SigningKey> {
    const { sealer, seed, records } = this.options;
    const key = privateKeyOf(sealer.sealing ? await this.sealedSeed() : Uint8Array.from(seed));
    const jwk = publicJwkOf(key);
    // Known before it signs: no signature is out that nobody could verify.
    await records.claim(PUBLIC_KEYS + jwk.kid, JSON.stringify(jwk));
    this.signing = { keyId: jwk.kid, key };
    return this.signing;
  }

  /** The seed that all instances share. One that no longer opens, for its master key is gone, is replaced. */
  private async sealedSeed(): Promise<Uint8Array> {
    const { sealer, records } = this.options;
    const kept = await records.get(SEALED_SEED);
    if (kept === undefined) return this.claimedSeed();
    const sealed = Buffer.from(kept, 'base64');
    try {
      const seed = Uint8Array.from(await sealer.open(sealed, AT));
      if (!(await sealer.isCurrent(sealed, AT))) await records.replace(SEALED_SEED, kept, await this.sealedText(seed));
      return seed;
    } catch (error) {
      if (unreadableReason(error) === undefined) throw error;
      await records.replace(SEALED_SEED, kept, undefined);
      return this.claimedSeed();
    }
  }

  /** Of many instances that draw one at a time, one prevails. */
  private async claimedSeed(): Promise<Uint8Array> {
    const { sealer, records } = this.options;
    const drawn = Uint8Array.from(randomBytes(32));
    const { claimed, value } = await records.claim(SEALED_SEED, await this.sealedText(drawn));
    if (claimed) return drawn;
    drawn.fill(0);
    return Uint8Array.from(await sealer.open(Buffer.from(value, 'base64'), AT));
  }

  private async sealedText(seed: Uint8Array): Promise<string> {
    return Buffer.from(await this.options.sealer.seal(seed, AT)).toString('base64');
  }
}

/** Takes the seed over, and wipes it. */
function privateKeyOf(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([PKCS8, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  seed.fill(0);
  return key;
}

function publicJwkOf(key: KeyObject): SigningJwk {
  const { x } = createPublicKey(key).export({ format: 'jwk' }) as { x: string };
  return { kty: 'OKP', crv: 'Ed25519', x, kid: thumbprint(x), use: 'sig', alg: 'EdDSA' };
}

/** RFC 7638 §3, with the members that RFC 8037 §2 requires. */
function thumbprint(x: string): string {
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
}
