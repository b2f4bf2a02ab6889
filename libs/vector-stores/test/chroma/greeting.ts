// A loopback server that greets as Chroma does and has one empty collection, for what the real server cannot be made to say.
import { LoopbackVendor, type VendorReply, type VendorRequest } from '../../../../test/doubles/loopback-vendor.js';

export const COLLECTION = {
  id: '69367e07-471e-40ec-bbd7-515702581ed6',
  name: 'resk.north.documents.v1',
  configuration_json: { hnsw: { space: 'cosine', ef_search: 33 } },
  metadata: { resk_dimension: 2 },
};

export class Greeting extends LoopbackVendor {
  protected answer({ method, target }: VendorRequest): VendorReply {
    const path = target.split('?')[0]!;
    if (path.endsWith('/auth/identity')) return { status: 200, body: { user_id: '', tenant: 'theirs', databases: [] } };
    if (path.endsWith('/pre-flight-checks')) return { status: 200, body: { max_batch_size: 100 } };
    if (path.endsWith('/get')) return { status: 200, body: { ids: [] } };
    if (path.endsWith('/count')) return { status: 200, body: 0 };
    if (path.endsWith('/upsert')) return { status: 200, body: {} };
    if (path.endsWith('/heartbeat')) return { status: 200, body: { 'nanosecond heartbeat': 1 } };
    return { status: 200, body: method === 'GET' && path.endsWith('/collections') ? [COLLECTION] : COLLECTION };
  }
}
