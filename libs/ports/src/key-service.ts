// What a key service is: the keeper of master keys, which hands out data keys and never the master keys themselves.
import type { CallOptions } from './call-options.js';

/** What a data key is for. Keys of different tenants or purposes are unrelated. */
export interface KeyContext {
  tenant: string;
  /** E.g. `cache-entry`, `vector-payload`, `key-names`. */
  purpose: string;
}

export interface DataKey {
  /** Names the master key that this data key comes from; stands in every envelope. 1 to 32 of `A-Za-z0-9_-`. */
  keyId: string;
  /** 32 bytes of the caller's own, who wipes them after use. */
  key: Uint8Array;
}

export interface KeyDescription {
  keyId: string;
  /** `current` seals and opens, `former` opens only. Exactly one key is current. */
  state: 'current' | 'former';
}

/** Fails with `crypto.key_unknown` for a key id that it does not hold. */
export abstract class KeyService {
  /** Name of the provider, e.g. `local`. */
  abstract readonly provider: string;
  abstract keys(options?: CallOptions): Promise<KeyDescription[]>;
  /** The data key of a context under the current master key, or under the one named. The same each time. */
  abstract dataKey(context: KeyContext, keyId?: string, options?: CallOptions): Promise<DataKey>;
  /** Releases and wipes what the service holds. May be called twice. */
  abstract close(): Promise<void>;
}
