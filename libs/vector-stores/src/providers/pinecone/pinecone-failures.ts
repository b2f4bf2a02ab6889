// What Pinecone's refusals mean, beside what every server means by a status.
import { failure } from '#ports';
import { refusalOf } from '#resilience';
import { type Refused, translatedFailure } from '../store-failures.js';

export const PROVIDER = 'pinecone';

const VENDOR = { provider: PROVIDER, fix: 'Check VECTORDB_API_KEY or PINECONE_API_KEY.', meaning };

/** Translates a failed call, once. */
export function translated(error: unknown): unknown {
  return translatedFailure(error, VENDOR);
}

export function isAbsent(error: unknown): boolean {
  return refusalOf(error)?.status === 404;
}

/** Whether there is one of that name already. */
export function isTaken(error: unknown): boolean {
  return refusalOf(error)?.status === 409;
}

/** Whether the request itself was refused: of a page, its token. */
export function isRefusedInput(error: unknown): boolean {
  return refusalOf(error)?.status === 400;
}

/**
 * https://docs.pinecone.io/reference/api/errors and …/database-limits: objects beyond the plan are 403 QUOTA_EXCEEDED,
 * an unpaid account 402, the units of a month 429 with a message that names the month; any other 429 passes.
 */
function meaning({ status, body, cause }: Refused) {
  const { code, message } = complaintOf(body);
  const spent = (reason: string) => failure('vector.quota_exhausted', { provider: PROVIDER, reason }, { cause });
  if (status === 402) return spent('payment required');
  if (code === 'QUOTA_EXCEEDED' || (status === 403 && /quota/i.test(message))) return spent('quota exceeded');
  if (status === 429 && /\bmonth\b/i.test(message)) return spent('units of the month');
  if (status === 404) {
    return failure('vector.store_unavailable', { provider: PROVIDER, reason: 'no such index or namespace' }, { cause });
  }
  return undefined;
}

/** The control plane says `{ error: { code, message } }`, the data plane `{ code, message }` with a number. */
function complaintOf(body: unknown): { code: string; message: string } {
  const said = body as { error?: unknown; code?: unknown; message?: unknown } | null | undefined;
  const inner = (typeof said?.error === 'object' ? said.error : said) as typeof said;
  return { code: String(inner?.code), message: typeof body === 'string' ? body : String(inner?.message) };
}
