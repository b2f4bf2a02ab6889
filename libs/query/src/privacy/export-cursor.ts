// A place in the export of a person's data, as text that callers hand back and cannot make up.
import { timingSafeEqual } from 'node:crypto';
import type { KeyNames } from '#crypto';
import { failure } from '#ports';
import type { DocumentsPlace } from './personal-documents.js';

export interface ExportPlace {
  /** What is exported, in this order. */
  section: 'entries' | 'documents' | 'idempotency';
  /** Within the section, as its own keeper gave it. */
  cursor?: string | undefined;
  /** Within the documents. */
  documents?: DocumentsPlace | undefined;
}

/** Whose export it is. The cursor of one is none of another. */
export interface Exported {
  tenant: string;
  subject: string;
}

/** Signed: the keepers are asked for nothing but what they gave themselves, so that no cursor leads beside the tenant. */
export class ExportCursors {
  constructor(private readonly names: KeyNames) {}

  textOf(place: ExportPlace | undefined, whose: Exported): string | undefined {
    if (!place) return undefined;
    const text = Buffer.from(JSON.stringify(place)).toString('base64url');
    return `${text}.${this.mark(text, whose)}`;
  }

  /** @throws Failure `request.invalid` for what `textOf` did not write */
  placeOf(cursor: string | undefined, whose: Exported): ExportPlace {
    if (cursor === undefined) return { section: 'entries' };
    const [text = '', given = ''] = cursor.split('.');
    const mark = Buffer.from(this.mark(text, whose));
    const good = given.length === mark.length && timingSafeEqual(Buffer.from(given, 'latin1'), mark);
    if (good) return JSON.parse(Buffer.from(text, 'base64url').toString()) as ExportPlace;
    const problems = [
      { path: 'cursor', code: 'custom', message: 'must be a cursor, as a page of this export gave it' },
    ];
    throw failure('request.invalid', { part: 'query', count: 1 }, { problems });
  }

  private mark(text: string, { tenant, subject }: Exported): string {
    return this.names.keyed('export cursor', JSON.stringify([tenant, subject, text]));
  }
}
