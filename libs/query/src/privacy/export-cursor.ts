// A place in the export of a person's data, as text that callers hand back.
import { failure } from '#ports';
import type { DocumentsPlace } from './personal-documents.js';

/** What is exported, in this order. */
export const SECTIONS = ['entries', 'documents', 'idempotency'] as const;

export interface ExportPlace {
  section: (typeof SECTIONS)[number];
  /** Within the section, as its own keeper gave it. */
  cursor?: string | undefined;
  /** Within the documents. */
  documents?: DocumentsPlace | undefined;
}

export function cursorText(place: ExportPlace | undefined): string | undefined {
  return place && Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * Reads what `cursorText` wrote. Whoever makes one up sees no more than with any other: tenant and subject are not in it.
 * @throws Failure `request.invalid`
 */
export function placeOf(text: string | undefined): ExportPlace {
  if (text === undefined) return { section: 'entries' };
  const place = parsed(text);
  const documents = place?.documents;
  const whole =
    SECTIONS.includes(place?.section as never) &&
    isOptionalText(place?.cursor) &&
    (documents === undefined || (typeof documents?.collection === 'string' && isOptionalText(documents.cursor)));
  if (whole) return place as ExportPlace;
  const message = 'must be a cursor, as a page gave it';
  throw failure(
    'request.invalid',
    { part: 'query', count: 1 },
    { problems: [{ path: 'cursor', code: 'custom', message }] },
  );
}

function parsed(text: string): Partial<ExportPlace> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
