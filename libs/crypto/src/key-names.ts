// Gives names that say nothing: keyed digests of prompts, tenants and texts, so that no store or log shows what was asked.
import { LRUCache } from 'lru-cache';
import { derivedKey } from './derived-key.js';
import { HmacSha256 } from './hmac-sha256.js';

/** Tenants whose tag is kept at hand. */
const MAX_REMEMBERED_TENANTS = 10_000;

export class KeyNames {
  readonly #secret: Uint8Array;
  private readonly nameKey: HmacSha256;
  private readonly tenantKey: HmacSha256;
  private readonly digestKey: HmacSha256;
  private readonly keysByUse = new Map<string, HmacSha256>();
  private readonly tenantTags = new LRUCache<string, string>({ max: MAX_REMEMBERED_TENANTS });

  /** `secret`: at least 32 bytes. Another secret gives other names: everything kept under the former is not found again. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.nameKey = this.keyFor('name');
    this.tenantKey = this.keyFor('tenant');
    this.digestKey = this.keyFor('digest');
  }

  /** The name of a cache entry: HMAC-SHA-256 in base64url, 43 characters. */
  name(message: string | Uint8Array): string {
    return typeof message === 'string' ? this.nameKey.digest(message) : this.nameKey.digestOfBytes(message);
  }

  /** Stands for a tenant in storage keys: 16 characters (96 bits). */
  tenantTag(tenant: string): string {
    let tag = this.tenantTags.get(tenant);
    if (tag === undefined) {
      tag = this.tenantKey.digest(tenant).slice(0, 16);
      this.tenantTags.set(tenant, tag);
    }
    return tag;
  }

  /** Stands for a user's text in logs: 12 characters. Equal texts give equal digests; nothing else can be learnt. */
  digest(text: string): string {
    return this.digestKey.digest(text).slice(0, 12);
  }

  /** Stands for a text in the records: 43 characters. `use` says what for, and is one of a few words of the code. */
  keyed(use: string, text: string): string {
    let key = this.keysByUse.get(use);
    if (!key) {
      key = this.keyFor(`keyed ${use}`);
      this.keysByUse.set(use, key);
    }
    return key.digest(text);
  }

  /** A key a use: a name can never be passed off as a tenant's tag, nor a log's digest as a name. */
  private keyFor(use: string): HmacSha256 {
    return new HmacSha256(derivedKey(this.#secret, ['resk-caching names v1', use]));
  }
}
