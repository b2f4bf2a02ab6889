// What a room above keeps about people, e.g. replies under an Idempotency-Key, so that it is exported and erased with the rest.
import type { JsonObject } from '#ports';

export interface SubjectRecordsPage {
  records: JsonObject[];
  /** Where the next page begins; `undefined` after the last. */
  cursor: string | undefined;
}

export interface SubjectRecords {
  /** What is kept about a subject of the tenant, some page at a time; a page may be empty though more follow. */
  about(
    tenant: string,
    subject: string,
    page: { cursor?: string | undefined; limit: number },
  ): Promise<SubjectRecordsPage>;
  /** Erases it for good. Gives how many records there were. */
  erase(tenant: string, subject: string): Promise<number>;
}
