// Whose bucket a hit goes into: a verified caller's, or an address's.

/**
 * The bucket of a verified caller. The tenant's length stands before it, so that no tenant and subject can be chosen to
 * spell another's bucket; the prefix keeps callers and addresses apart.
 */
export function callerTracker(caller: { readonly tenant: string; readonly subject: string }): string {
  return `caller:${caller.tenant.length}:${caller.tenant}:${caller.subject}`;
}

/** The bucket of an address as `clientAddress` gives it. */
export function addressTracker(address: string): string {
  return `address:${address}`;
}
