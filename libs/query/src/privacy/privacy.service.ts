// The rights of a person over what a tenant keeps about them: all of it shown, and all of it erased, with a receipt.
import { type Entry, TieredCache } from '#cache';
import type { JsonObject, JsonValue } from '#ports';
import { ownTags } from '../answers.service.js';
import { given, provenanceOf } from '../provenance.js';
import type { Asker } from '../question.js';
import type { Erasures } from './erasures.js';
import type { ExportCursors, ExportPlace } from './export-cursor.js';
import type { PersonalDocuments } from './personal-documents.js';
import type { Receipt, Receipts } from './receipts.js';
import type { SubjectRecords } from './subject-records.js';

export interface ExportedItem {
  kind: 'entry' | 'document' | 'idempotency';
  data: JsonObject;
}

export interface ExportPage {
  items: ExportedItem[];
  /** Where the next page begins; `undefined` after the last. */
  cursor: string | undefined;
}

type Section = { items: ExportedItem[]; next: ExportPlace | undefined };
type Page = { place: ExportPlace; limit: number; signal: AbortSignal | undefined };

export class PrivacyService {
  constructor(
    private readonly cache: TieredCache,
    private readonly documents: PersonalDocuments,
    /** What rooms above keep about people. */
    private readonly records: SubjectRecords | null,
    private readonly cursors: ExportCursors,
    private readonly erasures: Erasures,
    private readonly receipts: Receipts,
  ) {}

  /**
   * What the asker's tenant keeps about a subject, page by page; a page may be empty though more follow.
   * @throws Failure `request.invalid` for a cursor that is none; `cache.store_unavailable`, `vector.*`, `records.unavailable`
   */
  async export(
    subject: string,
    page: { cursor?: string | undefined; limit: number; signal?: AbortSignal },
    { tenant }: Asker,
  ): Promise<ExportPage> {
    const { limit, signal } = page;
    const place = this.cursors.placeOf(page.cursor, { tenant, subject });
    const { items, next } = await this.section(tenant, subject, { place, limit, signal });
    return { items, cursor: this.cursors.textOf(next, { tenant, subject }) };
  }

  /**
   * Erases what the asker's tenant keeps about a subject: documents, answers written or retrieved, in every store and in
   * the memory of every instance, and replies kept for repetition. What was being written of them meanwhile does not stay.
   * A caller who leaves does not end it. Where it fails, or the caller has left before the receipt, it is to be repeated:
   * the receipt that is had in the end tells of what all attempts have erased.
   * @throws Failure `cache.store_unavailable`, `vector.*`, `records.unavailable`; or the reason of the signal
   */
  async erase(
    subject: string,
    { tenant }: Asker,
    { signal, now = Date.now }: { signal?: AbortSignal; now?: () => number } = {},
  ): Promise<Receipt> {
    const { erasures } = this;
    await erasures.begin(tenant, subject);
    await this.eraseEntries(tenant, subject);
    const documents = await this.documents.erase(tenant, subject);
    await erasures.note(tenant, subject, { documents });
    // Again: until the documents were gone, an answer may have been made of them.
    if (documents > 0) await this.eraseEntries(tenant, subject);
    await erasures.note(tenant, subject, { idempotency: (await this.records?.erase(tenant, subject)) ?? 0 });
    const receipt = await this.receipts.issue(tenant, subject, await erasures.noted(tenant, subject), now());
    signal?.throwIfAborted();
    await erasures.settled(tenant, subject);
    return receipt;
  }

  private async eraseEntries(tenant: string, subject: string): Promise<void> {
    const { erased } = await this.cache.eraseSubject(tenant, subject);
    await this.erasures.note(tenant, subject, { entries: erased });
  }

  private section(tenant: string, subject: string, page: Page): Promise<Section> {
    switch (page.place.section) {
      case 'entries':
        return this.entries(tenant, subject, page);
      case 'documents':
        return this.documentsAbout(tenant, subject, page);
      case 'idempotency':
        return this.idempotency(tenant, subject, page);
    }
  }

  private async entries(tenant: string, subject: string, { place, limit }: Page): Promise<Section> {
    const { entries, cursor } = await this.cache.entriesAbout(tenant, subject, { cursor: place.cursor, limit });
    const items = entries.map((one): ExportedItem => ({ kind: 'entry', data: exportedEntry(one) }));
    return { items, next: cursor === undefined ? { section: 'documents' } : { section: 'entries', cursor } };
  }

  private async documentsAbout(tenant: string, subject: string, { place, limit, signal }: Page): Promise<Section> {
    const page = { from: place.documents, limit };
    const { documents, next } = await this.documents.about(tenant, subject, page, given({ signal }));
    const items = documents.map((data): ExportedItem => ({ kind: 'document', data }));
    return {
      items,
      next: next ? { section: 'documents', documents: next } : this.records ? { section: 'idempotency' } : undefined,
    };
  }

  private async idempotency(tenant: string, subject: string, { place, limit }: Page): Promise<Section> {
    if (!this.records) return { items: [], next: undefined };
    const { records, cursor } = await this.records.about(tenant, subject, { cursor: place.cursor, limit });
    const items = records.map((data): ExportedItem => ({ kind: 'idempotency', data }));
    return { items, next: cursor === undefined ? undefined : { section: 'idempotency', cursor } };
  }
}

/** The question is not in it: it is kept nowhere, only a keyed digest of it, which is the key. */
function exportedEntry(entry: Entry): JsonObject {
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    key: entry.name,
    value: JSON.parse(entry.json) as JsonValue,
    subjects: [...(entry.subjects ?? [])],
    tags: ownTags(entry),
    provenance: JSON.parse(JSON.stringify(provenanceOf(entry))) as JsonObject,
    createdAt: iso(entry.createdAt),
    expiresAt: iso(entry.expiresAt),
    staleUntil: iso(entry.staleUntil),
  };
}
