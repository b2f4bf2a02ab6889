// Ties cached answers to the documents they were made of, so that a document that is withdrawn takes its answers with it.
import { TieredCache } from '#cache';
import type { KeyNames } from '#crypto';
import type { CollectionRef } from '#ports';

/** Matches of an answer that are tied one by one; an answer of more is tied to whatever is withdrawn of its collection. */
const MOST_TIED = 64;
/** Documents withdrawn at once whose answers are looked for one by one; beyond that, the collection's answers go. */
const MOST_APART = 32;

export class AnswerTies {
  constructor(
    private readonly cache: TieredCache,
    private readonly names: KeyNames,
  ) {}

  /** The tags of an answer made of these documents. No caller can give such a tag, nor read from it what it stands for. */
  tagsOf(ref: CollectionRef, ids: readonly string[]): string[] {
    const apart = ids.length <= MOST_TIED ? ids.map((id) => this.documentTag(ref, id)) : [this.anyTag(ref)];
    return [this.collectionTag(ref), ...apart];
  }

  /**
   * Forgets the answers made of these documents. To be called once the store no longer gives the documents: what is
   * retrieved before is overtaken, what is retrieved after does not hold them.
   * @throws Failure `cache.store_unavailable`: to be repeated.
   */
  async forgetDocuments(ref: CollectionRef, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    if (ids.length > MOST_APART) return this.forgetCollection(ref);
    const tags = [...ids.map((id) => this.documentTag(ref, id)), this.anyTag(ref)];
    await Promise.all(tags.map((tag) => this.cache.forgetTag(ref.tenant, tag)));
  }

  /** Forgets all answers that were retrieved from a collection. */
  async forgetCollection(ref: CollectionRef): Promise<void> {
    await this.cache.forgetTag(ref.tenant, this.collectionTag(ref));
  }

  private documentTag({ tenant, collection }: CollectionRef, id: string): string {
    return `~d${this.keyed([tenant, collection, id])}`;
  }

  private anyTag({ tenant, collection }: CollectionRef): string {
    return `~a${this.keyed([tenant, collection])}`;
  }

  private collectionTag({ tenant, collection }: CollectionRef): string {
    return `~c${this.keyed([tenant, collection])}`;
  }

  // JSON tells every two lists of texts apart, lone surrogates too.
  private keyed(parts: readonly string[]): string {
    return this.names.keyed('document', JSON.stringify(parts));
  }
}
