// What Chroma's refusals mean, beside what every server means by a status.
import { failure } from '#ports';
import { refusalOf } from '#resilience';
import { type Refused, translatedFailure } from '../store-failures.js';

export const PROVIDER = 'chroma';

const VENDOR = {
  provider: PROVIDER,
  fix: 'Check VECTORDB_API_KEY, and the options tenant and database.',
  meaning,
};

/** Translates a failed call, once. */
export function translated(error: unknown): unknown {
  return translatedFailure(error, VENDOR);
}

/**
 * Whether Chroma says that the collection, or its database, is not there. The name of the error tells it from a 404 of
 * something between (https://docs.trychroma.com/reference, `ErrorResponse`).
 */
export function isAbsent(error: unknown): boolean {
  const refusal = refusalOf(error);
  return refusal?.status === 404 && refusal.body.includes('"NotFoundError"');
}

/** Whether there is one of that name already. */
export function isTaken(error: unknown): boolean {
  return refusalOf(error)?.status === 409;
}

/**
 * https://docs.trychroma.com/cloud/quotas-limits: Chroma Cloud answers 422 with one of these messages, as its own clients
 * read it; any other 422 is a body of the wrong form.
 */
function meaning({ status, body, cause }: Refused) {
  const message = String((body as { message?: unknown } | null | undefined)?.message);
  const spent = /^(Quota|Billing limit) exceeded/.exec(message);
  if (status !== 422 || !spent) return undefined;
  return failure('vector.quota_exhausted', { provider: PROVIDER, reason: spent[0].toLowerCase() }, { cause });
}
