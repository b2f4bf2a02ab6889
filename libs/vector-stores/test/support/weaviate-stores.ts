// Stores of Weaviate for tests: before one double a file, with a clock and settings of their own.
import { randomUUID } from 'node:crypto';
import type { CollectionRef, CollectionSpec, VectorPoint } from '#ports';
import { HttpClient } from '#resilience';
import type { WeaviateDouble } from '../../../../test/doubles/weaviate.js';
import { WeaviateCollections } from '../../src/providers/weaviate/weaviate-collections.js';
import { type Consistency, WeaviateRequests } from '../../src/providers/weaviate/weaviate-requests.js';
import { WeaviateStore } from '../../src/providers/weaviate/weaviate-store.js';

export const SPEC: CollectionSpec = { dimension: 2, metric: 'cosine' };
export const EAST = new Float32Array([1, 0]);
export const NORTH = new Float32Array([0, 1]);

export interface Made {
  now?: () => number;
  classPrefix?: string;
  consistency?: Consistency;
  replicas?: number;
}

export class WeaviateStores {
  private readonly opened: WeaviateStore[] = [];

  constructor(private readonly double: WeaviateDouble) {}

  /** A store as its provider makes it. */
  open({ now = Date.now, classPrefix = 'Resk', consistency, replicas }: Made = {}): WeaviateStore {
    const requests = new WeaviateRequests(
      new HttpClient({ target: 'weaviate', baseUrl: this.double.url }),
      consistency,
    );
    const collections = new WeaviateCollections(requests, { classPrefix, replicas });
    const store = new WeaviateStore({ requests, collections, now });
    this.opened.push(store);
    return store;
  }

  /** One with a collection that holds the points. */
  async filled(points: VectorPoint[], made: Made = {}): Promise<{ store: WeaviateStore; ref: CollectionRef }> {
    const store = this.open(made);
    const ref = aRef();
    await store.openCollection(ref, SPEC);
    await store.upsert(ref, points);
    return { store, ref };
  }

  async close(): Promise<void> {
    for (const store of this.opened.splice(0)) await store.close();
  }
}

export function aRef(): CollectionRef {
  return { tenant: `t-${randomUUID()}`, collection: 'documents' };
}
