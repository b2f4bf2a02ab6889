// What a key service is: the keeper of master keys, which wraps data keys and never hands out the master keys themselves.
import type { CallOptions } from './call-options.js';

/** What a wrapped key belongs to. Authenticated with it: wrapped for one tenant, it does not unwrap for another. */
export interface KeyContext {
  tenant: string;
  /** Name of the data key. */
  dataKeyId: string;
}

export interface WrappedKey {
  /** Names the master key that wrapped it, as `keys()` names it. 1 to 300 of `A-Za-z0-9_/:.@-`. */
  masterKeyId: string;
  /** Text of the service's own making, e.g. base64 or `vault:v1:…`; at most 8,192 characters. */
  wrapped: string;
}

export interface MasterKeyDescription {
  masterKeyId: string;
  /** `current` wraps and unwraps; `former` unwraps only; `disabled` does neither for now. At most one is current. */
  state: 'current' | 'former' | 'disabled';
}

/**
 * Fails with `crypto.key_unknown` for a master key that it does not hold, `crypto.key_disabled` for one that is disabled or
 * destroyed there, `crypto.unwrap_refused` for a wrapped key that was changed or belongs elsewhere,
 * `crypto.key_service_unauthorised`, or `crypto.key_service_unavailable` (throttled, late, down: may pass).
 */
export abstract class KeyService {
  /** Name of the provider, e.g. `local`; from a closed set, fit for a metric label. */
  abstract readonly provider: string;
  abstract keys(options?: CallOptions): Promise<MasterKeyDescription[]>;
  /** Wraps a data key of 32 bytes under the current master key, or under the one named (which must not be disabled). */
  abstract wrap(
    key: Uint8Array,
    context: KeyContext,
    options?: CallOptions & { masterKeyId?: string },
  ): Promise<WrappedKey>;
  /** The 32 bytes that were wrapped; the caller wipes them after use. */
  abstract unwrap(wrapped: WrappedKey, context: KeyContext, options?: CallOptions): Promise<Uint8Array>;
  /** Releases and wipes what the service holds. May be called twice. */
  abstract close(): Promise<void>;
}
