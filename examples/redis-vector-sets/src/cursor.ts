// Where the next page of a listing begins: the id of the last point, in a form that only this store gives.
import { failure } from 'resk-caching/ports';

const FORM = /^redis1\.([A-Za-z0-9_-]+)$/;

export function cursorAfter(id: string): string {
  return `redis1.${Buffer.from(id).toString('base64url')}`;
}

/** @throws Failure `request.invalid` */
export function idOfCursor(cursor: string): string {
  const text = FORM.exec(cursor)?.[1];
  if (text !== undefined) return Buffer.from(text, 'base64url').toString();
  const problems = [{ path: 'cursor', code: 'cursor.unknown', message: 'Give a cursor that the listing gave.' }];
  throw failure('request.invalid', { part: 'cursor', count: problems.length }, { problems });
}
