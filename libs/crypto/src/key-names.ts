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
  private readonly tenantTags = new LRUCache<string, string>({ max: MAX_REMEMBERED_TENANTS });

  /** `secret`: at least 32 bytes. Another secret gives other names: everything kept under the former is not found again. */
  constructor(secret: Uint8Array) {
    // A key a use: a name can never be passed off as a tenant's tag, nor a log's digest as a name.
    const keyFor = (use: string) => new HmacSha256(derivedKey(secret, ['resk-caching names v1', use]));
    this.nameKey = keyFor('name');
    this.tenantKey = keyFor('tenant');
    this.digestKey = keyFor('digest');
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
}
