// The administration of keys where nothing is sealed: there are none.
import { type Failure, failure } from '#ports';
import { KeyAdmin, type MasterKeyReport, type TenantKeysReport } from './key-admin.js';

export class NoKeys extends KeyAdmin {
  readonly sealing = false;
  readonly provider = 'none';

  async masters(): Promise<MasterKeyReport[]> {
    return [];
  }

  async tenants(): Promise<{ tenants: TenantKeysReport[]; cursor: string | undefined }> {
    return { tenants: [], cursor: undefined };
  }

  async tenant(tenant: string): Promise<TenantKeysReport> {
    return { tenant, dataKeys: [], resealed: true, shreddedAt: null };
  }

  async rotate(): Promise<never> {
    throw off();
  }

  async promote(): Promise<never> {
    throw off();
  }

  async retire(): Promise<never> {
    throw off();
  }

  async shred(): Promise<never> {
    throw off();
  }

  async noteResealed(): Promise<never> {
    throw off();
  }
}

function off(): Failure {
  return failure('crypto.sealing_off', {});
}
