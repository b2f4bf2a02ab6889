// The documents of a tenant over all its collections: those about a person, and those that have grown too old.
import type { Embedder } from '#embeddings';
import {
  type CallOptions,
  type CollectionRef,
  isFailure,
  type JsonObject,
  type VectorPoint,
  VectorStore,
} from '#ports';
import type { AnswerTies } from '../answer-ties.js';
import { given, givenLineage } from '../provenance.js';
import { documentsMaxAgeMs } from './policy.js';
import type { TenantPolicies } from './tenant-policies.js';

export interface DocumentsPage {
  documents: JsonObject[];
  /** Where the next page begins; `undefined` after the last. */
  next: DocumentsPlace | undefined;
}

/** A place among all documents of a tenant: collections come in the order of their names. */
export interface DocumentsPlace {
  collection: string;
  cursor?: string | undefined;
}

/** Where the server runs without a vector store there are no documents. */
export class PersonalDocuments {
  constructor(
    private readonly store: VectorStore | null,
    private readonly ties: AnswerTies,
    private readonly policies: TenantPolicies,
    /** Remembers vectors of texts, nobody knows of whom. */
    private readonly embedder: Pick<Embedder, 'forget'>,
  ) {}

  /** Documents about a subject, of one collection a page; a page may be empty though more follow. */
  async about(
    tenant: string,
    subject: string,
    page: { from?: DocumentsPlace | undefined; limit: number },
    options: CallOptions = {},
  ): Promise<DocumentsPage> {
    const { from, limit } = page;
    const [first, second] = (await this.collections(tenant, options)).filter(
      (name) => name >= (from?.collection ?? ''),
    );
    if (first === undefined) return { documents: [], next: undefined };
    const within = first === from?.collection ? given({ cursor: from.cursor }) : {};
    const ref = { tenant, collection: first };
    const { points, cursor } = await this.store!.list(ref, { subject, limit, ...within }, options);
    const next = cursor !== undefined ? { collection: first, cursor } : second && { collection: second };
    return { documents: points.map((one) => exported(first, one)), next: next || undefined };
  }

  /** Erases what is about a subject, and forgets the answers of the collections that held it, and every vector remembered of the tenant's texts. Gives how many documents there were. */
  async erase(tenant: string, subject: string, options: CallOptions = {}): Promise<number> {
    let erased = 0;
    for (const collection of await this.collections(tenant, options)) {
      erased += await this.deleteIn({ tenant, collection }, { subject }, options);
    }
    await this.embedder.forget(tenant);
    return erased;
  }

  /** Removes what is older than the tenant's policy allows. Gives how many documents there were. */
  async removeOlder(tenant: string, now: number, options: CallOptions = {}): Promise<number> {
    const policy = this.policies.of(tenant);
    let removed = 0;
    for (const collection of await this.collections(tenant, options)) {
      const maxAgeMs = documentsMaxAgeMs(policy, collection);
      if (maxAgeMs === undefined) continue;
      removed += await this.deleteIn({ tenant, collection }, { ingestedBefore: now - maxAgeMs }, options);
    }
    return removed;
  }

  /** A collection that was dropped meanwhile holds nothing. */
  private async deleteIn(
    ref: CollectionRef,
    selector: { subject: string } | { ingestedBefore: number },
    options: CallOptions,
  ): Promise<number> {
    try {
      const deleted = await this.store!.delete(ref, selector, options);
      if (deleted > 0) await this.ties.forgetCollection(ref);
      return deleted;
    } catch (error) {
      if (isFailure(error, 'vector.collection_absent')) return 0;
      throw error;
    }
  }

  private async collections(tenant: string, options: CallOptions): Promise<string[]> {
    const collections = (await this.store?.listCollections(tenant, options)) ?? [];
    return collections.map(({ name }) => name).sort();
  }
}

function exported(collection: string, point: VectorPoint): JsonObject {
  const { id, vector, text, metadata, subject, consent, purposes, source, lineage, expiresAt } = point;
  return {
    collection,
    id,
    ...given({ text, metadata, subject, consent, purposes: purposes && [...purposes], source }),
    ...(lineage && { lineage: givenLineage(lineage) }),
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    vector: Array.from(vector),
  };
}
