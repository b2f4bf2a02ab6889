// A loopback server that speaks Vault: the transit engine with associated data and versions, tokens, policies, a login.
// https://developer.hashicorp.com/vault/api-docs/secret/transit; its words are those of keysutil and of builtin/logical/transit
import { randomBytes, randomUUID } from 'node:crypto';
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { openBox, sealBox } from './sealed-box.js';

interface TransitKey {
  type: string;
  derived: boolean;
  /** By version, from 1. */
  materials: Buffer[];
  min_decryption_version: number;
  min_encryption_version: number;
  min_available_version: number;
}

interface Asked {
  plaintext?: string;
  ciphertext?: string;
  associated_data?: string;
  key_version?: number;
  role?: string;
  jwt?: string;
}

export class VaultDouble extends LoopbackVendor {
  readonly serviceAccountToken = 'eyJ.a pod.signature';
  /** Refuses what does not name it. */
  namespace: string | undefined;
  /** As a Vault before 1.9 does: it knows no associated data, and says nothing of it. */
  ignoresAssociatedData = false;
  /** Seconds that a login lasts. */
  leaseSeconds = 3600;
  private readonly keys = new Map<string, TransitKey>();
  private tokens = new Set<string>();

  static start(): Promise<VaultDouble> {
    return new VaultDouble().listen();
  }

  /** Makes a key with so many versions, and gives its name. */
  makeKey({ versions = 1, type = 'aes256-gcm96', derived = false } = {}): string {
    const name = `cache-${randomUUID()}`;
    const materials = Array.from({ length: versions }, () => randomBytes(32));
    const bounds = { min_decryption_version: 1, min_encryption_version: 0, min_available_version: 0 };
    this.keys.set(name, { type, derived, materials, ...bounds });
    return name;
  }

  rotate(name: string): void {
    this.keys.get(name)!.materials.push(randomBytes(32));
  }

  configure(name: string, bounds: Partial<Omit<TransitKey, 'type' | 'derived' | 'materials'>>): void {
    Object.assign(this.keys.get(name)!, bounds);
  }

  remove(name: string): void {
    this.keys.delete(name);
  }

  issueToken(): string {
    const token = `hvs.${randomUUID()}`;
    this.tokens.add(token);
    return token;
  }

  revokeTokens(): void {
    this.tokens = new Set();
  }

  /** An error in the vendor's form. */
  error(status: number, ...errors: string[]): VendorReply {
    return { status, body: { errors } };
  }

  /** As a rate limit quota refuses. */
  throttled(retryAfter = '1'): VendorReply {
    return {
      ...this.error(429, 'request path "transit/encrypt": rate limit quota exceeded'),
      headers: { 'retry-after': retryAfter },
    };
  }

  protected answer({ method, target, headers, body }: VendorRequest): VendorReply {
    if (headers['x-vault-request'] !== 'true') return this.error(412, 'missing X-Vault-Request header');
    if (headers['x-vault-namespace'] !== this.namespace) return this.error(403, 'permission denied');
    const asked = (body === '' ? {} : JSON.parse(body)) as Asked;
    if (target === '/v1/auth/kubernetes/login') return this.login(asked);
    if (!this.tokens.has(String(headers['x-vault-token'])))
      return this.error(403, 'permission denied', 'invalid token');
    const [, operation, name = ''] = /^\/v1\/transit\/(keys|encrypt|decrypt)\/([\w.-]+)$/.exec(target) ?? [];
    if (operation === undefined) return this.error(404, `no handler for route "${target}". route entry not found.`);
    const key = this.keys.get(name);
    if (operation === 'keys') return key && method === 'GET' ? this.read(name, key) : this.error(404);
    if (!key) return this.error(400, 'encryption key not found');
    return operation === 'encrypt' ? this.encrypt(key, asked) : this.decrypt(key, asked);
  }

  /** https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login */
  private login({ role, jwt }: Asked): VendorReply {
    if (role !== 'cache') return this.error(400, `invalid role name "${role}"`);
    if (jwt !== this.serviceAccountToken) return this.error(403, 'permission denied');
    const auth = {
      client_token: this.issueToken(),
      policies: ['cache'],
      lease_duration: this.leaseSeconds,
      renewable: true,
    };
    return { status: 200, body: { request_id: randomUUID(), data: null, auth } };
  }

  private read(name: string, { materials, ...shown }: TransitKey): VendorReply {
    const versions = materials.map((_, index) => index + 1).filter((one) => one >= shown.min_decryption_version);
    const keys = Object.fromEntries(versions.map((version) => [version, 1_700_000_000]));
    return ok({ name, ...shown, keys, latest_version: materials.length, supports_encryption: true });
  }

  private encrypt(key: TransitKey, { plaintext = '', associated_data = '', key_version }: Asked): VendorReply {
    const version = key_version || key.materials.length;
    const material = key.materials[version - 1];
    if (!material) return this.error(400, 'requested version for encryption is higher than the latest key version');
    if (version < key.min_encryption_version) {
      return this.error(400, 'requested version for encryption is less than the minimum encryption key version');
    }
    const box = sealBox(material, Buffer.from(plaintext, 'base64'), this.boundTo(associated_data));
    return ok({ ciphertext: `vault:v${version}:${box.toString('base64')}`, key_version: version });
  }

  private decrypt(key: TransitKey, { ciphertext = '', associated_data = '' }: Asked): VendorReply {
    const [, number, text = ''] = /^vault:v(\d+):(.*)$/.exec(ciphertext) ?? [];
    if (number === undefined) return this.error(400, 'invalid ciphertext: no prefix');
    const version = Number(number);
    if (version > key.materials.length) return this.error(400, 'invalid ciphertext: version is too new');
    if (version < key.min_decryption_version) {
      return this.error(400, 'ciphertext or signature version is disallowed by policy (too old)');
    }
    const plain = openBox(key.materials[version - 1]!, Buffer.from(text, 'base64'), this.boundTo(associated_data));
    if (!plain) return this.error(400, 'cipher: message authentication failed');
    return ok({ plaintext: plain.toString('base64') });
  }

  private boundTo(associatedData: string): Buffer {
    return this.ignoresAssociatedData ? Buffer.alloc(0) : Buffer.from(associatedData, 'base64');
  }
}

function ok(data: object): VendorReply {
  return { status: 200, body: { request_id: randomUUID(), lease_id: '', renewable: false, lease_duration: 0, data } };
}
