// The keys of a tenant and of its collections. All of a tenant lie in one slot of a cluster, so that scripts may use them together.
import type { CollectionRef } from 'resk-caching/ports';

/** Hash: names of the tenant's collections, and what each is. */
export function registryKey(prefix: string, tenant: string): string {
  return `${prefix}:{${plain(tenant)}}:collections`;
}

/**
 * Of one collection, in the order that the scripts expect: the registry; the vector set; a hash of documents; a sorted
 * set of all ids in their own order; a sorted set of those that end, by the time.
 */
export function keysOf(prefix: string, { tenant, collection }: CollectionRef): string[] {
  const begin = `${prefix}:{${plain(tenant)}}`;
  const kinds = ['vectors', 'documents', 'order', 'ends'];
  return [registryKey(prefix, tenant), ...kinds.map((kind) => `${begin}:${kind}:${plain(collection)}`)];
}

/** Without braces and colons, and different for different names. */
function plain(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
