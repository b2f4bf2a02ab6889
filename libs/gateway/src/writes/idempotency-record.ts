// One record under an Idempotency-Key: an attempt under way, or a reply that is kept. Nothing of it can be read without the keys.

export interface IdempotencyRecord {
  /** Keyed digest of method, path and body. */
  print: string;
  /** Keyed digests of who sent it and whom it is about. */
  subjects: string[];
  /** When it began. Epoch milliseconds. */
  at: number;
  /** Of an attempt under way: a name that no other attempt has. */
  claim?: string;
  /** Of a reply: sealed, in base64. */
  sealed?: string;
}

/** Reads a record; `undefined` for what is none. */
export function readRecord(text: string): IdempotencyRecord | undefined {
  try {
    const record = JSON.parse(text) as IdempotencyRecord;
    return typeof record.print === 'string' && Array.isArray(record.subjects) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Whom a body is about: its own `subject`, and those of the objects in its lists (documents, entries). */
export function subjectsIn(body: unknown): string[] {
  if (!isObject(body)) return [];
  const listed = Object.values(body).flatMap((value) => (Array.isArray(value) ? value : []));
  return [body, ...listed].flatMap((one) => (isObject(one) && typeof one.subject === 'string' ? [one.subject] : []));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
