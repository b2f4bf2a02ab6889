// What can be done to keys, and what can be told of them: the face of their administration.

export interface MasterKeyReport {
  masterKeyId: string;
  /**
   * `current` wraps new data keys; `former` unwraps only; `disabled` does neither for now, in its service; `retired`
   * wraps nothing any more; `missing` is not held by the service, though data keys are wrapped under it.
   */
  state: 'current' | 'former' | 'disabled' | 'retired' | 'missing';
  /** Data keys wrapped under it, of all tenants. */
  dataKeys: number;
}

export interface DataKeyReport {
  tenant: string;
  dataKeyId: string;
  masterKeyId: string;
  state: 'current' | 'former';
  /** Epoch milliseconds. */
  createdAt: number;
  /** Sealings that processes have reserved under it: no fewer than were done. */
  sealings: number;
}

export interface TenantKeysReport {
  tenant: string;
  /** Oldest first. */
  dataKeys: DataKeyReport[];
  /** Whether everything known was sealed anew under the current key: former ones may then be retired. */
  resealed: boolean;
  /** Epoch milliseconds of the last shred; `null` where there was none. */
  shreddedAt: number | null;
}

export interface Retirement {
  /** A data key of this tenant, or else the master key. */
  tenant?: string | undefined;
  dataKeyId?: string | undefined;
  masterKeyId?: string | undefined;
  /** Destroys data keys though data may still be sealed under them: that data is then lost. */
  force?: boolean | undefined;
}

/**
 * All instances know of what was done here within a second. Every method fails as the records and the key service do;
 * those that change something fail with `crypto.sealing_off` where nothing is sealed.
 */
export abstract class KeyAdmin {
  abstract readonly sealing: boolean;
  /** Name of the key service; `none` where nothing is sealed. */
  abstract readonly provider: string;
  abstract masters(): Promise<MasterKeyReport[]>;
  /** Tenants that ever had data keys, in the order of their records; the service itself is `~service`. */
  abstract tenants(page: {
    cursor?: string | undefined;
    limit: number;
  }): Promise<{ tenants: TenantKeysReport[]; cursor: string | undefined }>;
  abstract tenant(tenant: string): Promise<TenantKeysReport>;
  /** Begins a new data key: from now on it seals, and former ones only open. Fails with `crypto.too_many_data_keys`. */
  abstract rotate(tenant: string): Promise<string>;
  /**
   * Makes a master key the current one for all instances, and wraps all data keys under it. `left`: those that could not
   * be unwrapped, for their master key is not held. Fails with `crypto.master_key_absent`.
   */
  abstract promote(masterKeyId: string): Promise<{ rewrapped: number; left: number }>;
  /**
   * Destroys a former data key, or takes a former master key out of use. Fails with `crypto.key_in_use` for a current
   * key, and without `force` for one that is needed still; with `crypto.data_key_absent` or `crypto.master_key_absent`.
   */
  abstract retire(what: Retirement): Promise<{ destroyed: number }>;
  /** Destroys all data keys of a tenant: nothing sealed under them opens ever again. */
  abstract shred(tenant: string): Promise<{ destroyed: number }>;
  /** Notes that everything of the tenant was sealed anew while this data key was the current one. */
  abstract noteResealed(tenant: string, dataKeyId: string): Promise<void>;
}
