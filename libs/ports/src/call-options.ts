// What every call to a provider may be given.

export interface CallOptions {
  /** Aborted when the caller has gone or its deadline has passed; the call must then end promptly. */
  signal?: AbortSignal;
}
