// The operator's documents: taken in, withdrawn, and with them the answers that were made of them.
import {
  type CallOptions,
  type CollectionRef,
  type CollectionSpec,
  failure,
  type PointSelector,
  type VectorPoint,
  VectorStore,
} from '#ports';
import type { TenantTurns } from '#resilience';
import type { AnswerTies } from './answer-ties.js';
import type { Document, DocumentIntake } from './document-intake.js';
import type { ErasureMark, Erasures } from './privacy/erasures.js';
import { upsertMaking } from './upsert-making.js';

export interface DocumentsOptions {
  /** Collection that is filled where none is named. */
  collection: string;
  /** Numbers in a vector of the embedder, where it knows. */
  dimensions: () => number | undefined;
  turns: TenantTurns;
  /** Told of each tenant that keeps documents. */
  noted?: (tenant: string) => void;
}

export interface Upserted {
  upserted: number;
  /** Documents that the tenant's policy keeps out; absent where there are none. */
  skipped?: number;
}

/** Every method fails with `vector.store_disabled` where the server runs without a vector store. */
export class DocumentsService {
  constructor(
    private readonly store: VectorStore | null,
    private readonly intake: DocumentIntake,
    private readonly ties: AnswerTies,
    private readonly erasures: Erasures,
    private readonly options: DocumentsOptions,
  ) {}

  /**
   * Embeds what has no vector, and writes. A collection that is absent is made with the embedder's dimension, so that it can
   * be asked by text; one of another dimension is made by `openCollection`.
   * @throws Failure `privacy.erased_meanwhile` where a subject was erased since this began: nothing of that one is kept.
   */
  async upsert(
    documents: readonly Document[],
    collection: string | undefined,
    tenant: string,
    options: CallOptions = {},
  ): Promise<Upserted> {
    const store = openedStore(this.store);
    const ref = this.refOf(tenant, collection);
    this.options.noted?.(tenant);
    const upsert = async () => {
      const mark = await this.erasures.mark(
        tenant,
        documents.map((one) => one.subject),
      );
      const { points, skipped } = await this.intake.points(documents, ref, options);
      const spec = () => this.specFor(points, ref);
      const upserted = points.length === 0 ? 0 : await upsertMaking(store, ref, points, spec, options);
      await this.ties.forgetDocuments(ref, points.filter(isNarrowed).map(idOf));
      await this.takeBackErased(store, ref, points, mark);
      return { upserted, ...(skipped > 0 && { skipped }) };
    };
    return this.options.turns.run(tenant, upsert, options);
  }

  /** Gives how many documents there were. The answers made of them are forgotten. */
  async delete(selector: PointSelector, collection: string | undefined, tenant: string, options: CallOptions = {}) {
    const ref = this.refOf(tenant, collection);
    const deleted = await openedStore(this.store).delete(ref, selector, options);
    // Also where nothing was there any more: an attempt before this one may have come no further.
    if (selector.ids) await this.ties.forgetDocuments(ref, selector.ids);
    else await this.ties.forgetCollection(ref);
    return deleted;
  }

  /** @throws Failure `vector.collection_absent` where there is none. */
  async dropCollection(name: string, tenant: string, options: CallOptions = {}): Promise<void> {
    const ref = { tenant, collection: name };
    const dropped = await openedStore(this.store).dropCollection(ref, options);
    await this.ties.forgetCollection(ref);
    if (!dropped) throw failure('vector.collection_absent', { collection: name });
  }

  /** Not ended by the caller's signal: what is written of a person who was erased must go. */
  private async takeBackErased(store: VectorStore, ref: CollectionRef, points: VectorPoint[], mark: ErasureMark) {
    const erased = new Set(await this.erasures.since(mark));
    const ids = points.filter(({ subject }) => subject !== undefined && erased.has(subject)).map(idOf);
    if (ids.length === 0) return;
    await store.delete(ref, { ids });
    await this.ties.forgetDocuments(ref, ids);
    throw failure('privacy.erased_meanwhile', { count: ids.length });
  }

  /** Compared before the collection is made: what is refused leaves none behind. */
  private specFor(points: readonly VectorPoint[], { collection }: CollectionRef): CollectionSpec {
    const dimension = this.options.dimensions() ?? points[0]!.vector.length;
    const odd = points.findIndex(({ vector }) => vector.length !== dimension);
    if (odd < 0) return { dimension, metric: 'cosine' };
    const received = points[odd]!.vector.length;
    throw failure('vector.dimension_mismatch', {
      subject: `document ${odd}`,
      received,
      collection,
      expected: dimension,
    });
  }

  private refOf(tenant: string, collection = this.options.collection): CollectionRef {
    return { tenant, collection };
  }
}

/** @throws Failure `vector.store_disabled` */
export function openedStore(store: VectorStore | null): VectorStore {
  if (!store) throw failure('vector.store_disabled', {});
  return store;
}

/** Whether fewer may be given the document than any other: answers made of an earlier version may be too widely given. */
function isNarrowed({ consent, purposes }: VectorPoint): boolean {
  return consent === false || purposes !== undefined;
}

function idOf({ id }: VectorPoint): string {
  return id;
}
