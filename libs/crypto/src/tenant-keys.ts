// The record of a tenant's data keys, version 1: which there are, wrapped, and which of them seals.
import { createHash } from 'node:crypto';
import { failure, type WrappedKey } from '#ports';

/** A data key as it is kept. */
export interface StoredDataKey extends WrappedKey {
  /** 12 characters of base64url, drawn at random: no two data keys of any tenants have the same. */
  dataKeyId: string;
  /** Epoch milliseconds. */
  createdAt: number;
}

export interface TenantKeys {
  v: 1;
  tenant: string;
  /** The data key that seals; absent after a shred, until something is sealed again. */
  current?: string | undefined;
  keys: StoredDataKey[];
  /** The data key under which everything was sealed anew: the others may be retired while it is the current one. */
  resealedUnder?: string | undefined;
  /** When the tenant was shredded last, and how often. */
  shredded?: { at: number; times: number } | undefined;
}

/** Where all tenants' records lie. */
export const TENANT_KEYS_PREFIX = 'keys/tenant/';

const PLAIN_TENANT = /^[A-Za-z0-9._-]{1,64}$/;
const LONGEST_SPELT_BYTES = 200;

/** The key of a tenant's record. Names that tokens do not know, e.g. a library's, are spelt in base64url or digested. */
export function tenantKeysPlace(tenant: string): string {
  return TENANT_KEYS_PREFIX + tenantInKey(tenant);
}

/** A tenant's name as part of a record's key. */
export function tenantInKey(tenant: string): string {
  if (PLAIN_TENANT.test(tenant)) return tenant;
  const bytes = Buffer.from(tenant);
  if (bytes.length <= LONGEST_SPELT_BYTES) return `~${bytes.toString('base64url')}`;
  return `~~${createHash('sha256').update(bytes).digest('base64url')}`;
}

export function formatTenantKeys(keys: TenantKeys): string {
  return JSON.stringify(keys);
}

/** @throws Failure `crypto.keys_unreadable` where the text is none of ours: then nothing of the tenant is read or written. */
export function parseTenantKeys(text: string): TenantKeys {
  try {
    const found = JSON.parse(text) as TenantKeys;
    if (found.v === 1 && typeof found.tenant === 'string' && Array.isArray(found.keys)) return found;
  } catch (cause) {
    throw failure('crypto.keys_unreadable', {}, { cause });
  }
  throw failure('crypto.keys_unreadable', {});
}
