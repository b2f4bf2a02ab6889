// Gives the failures of calls to a vendor's database their meaning here; each vendor adds a table of what only it says.
import { type Failure, failure, isFailure } from '#ports';
import { refusalOf } from '#resilience';

/** A reply outside 2xx. */
export interface Refused {
  status: number;
  /** Its body, parsed; the text where it is not JSON. May quote the input: for comparing, never for messages. */
  body: unknown;
  cause: Failure;
}

export interface VendorFailures {
  provider: string;
  /** What to do where the key is refused, e.g. `Check VECTORDB_API_KEY.` */
  fix: string;
  /** What the vendor's own table says of a refusal; `undefined` for what every server means by that status. */
  meaning?: (refused: Refused) => Failure | undefined;
}

/** Translates a failed call, once. Timeouts, cancellations and failures that have a meaning already are left as they are. */
export function translatedFailure(error: unknown, vendor: VendorFailures): unknown {
  if (!isFailure(error)) return error;
  const { provider } = vendor;
  const reason = String(error.facts.reason);
  if (error.code === 'call.failed') return failure('vector.store_unavailable', { provider, reason }, { cause: error });
  if (error.code === 'call.reply_invalid') {
    return failure('vector.reply_invalid', { provider, reason }, { cause: error });
  }
  return error.code === 'call.refused' ? refused(error, vendor) : error;
}

function refused(cause: Failure, { provider, fix, meaning }: VendorFailures): Failure {
  const status = Number(cause.facts.status);
  const found = meaning?.({ status, body: parsed(refusalOf(cause)?.body ?? ''), cause });
  if (found) return found;
  const reason = `status ${status}`;
  if (status === 401 || status === 403) return failure('vector.store_unauthorised', { provider, fix }, { cause });
  if (status === 400 || status === 413 || status === 422)
    return failure('vector.input_refused', { provider, reason }, { cause });
  const { retryAfterMs } = cause;
  const asked = retryAfterMs !== undefined && { retryAfterMs };
  return failure('vector.store_unavailable', { provider, reason }, { cause, ...asked });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
