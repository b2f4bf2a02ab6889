// Gives the failures of a vendor's call their meaning here; what its refusals mean is each vendor's own table.
import { type Failure, failure, isFailure } from '#ports';
import { refusalOf } from '#resilience';

/** What a refusal means. */
export type Meaning =
  | 'unauthorised'
  | 'exhausted'
  /** Some text is refused: which one, where that is said. */
  | { refusedInput: number | 'unknown' }
  /** Anything else, in a few words that hold nothing of the input. */
  | { reason: string; retryAfterMs?: number | undefined };

/** Reads a refusal: its status, and the start of its body. The body may quote the input. */
export type Reading = (status: number, body: string, count: number) => Meaning;

/** Translates a failed call for `count` texts, once. Timeouts and cancellations are left as they are. */
export function translated(error: unknown, provider: string, count: number, read: Reading): unknown {
  if (!isFailure(error)) return error;
  const reason = String(error.facts.reason);
  switch (error.code) {
    case 'call.failed':
      return failure('embedding.provider_failed', { provider, reason }, { cause: error });
    case 'call.reply_invalid':
      return failure('embedding.reply_invalid', { provider, reason }, { cause: error });
    case 'call.refused':
      return refused(error, provider, read(Number(error.facts.status), refusalOf(error)?.body ?? '', count));
    default:
      return error;
  }
}

function refused(cause: Failure, provider: string, meaning: Meaning): Failure {
  if (meaning === 'unauthorised') return failure('embedding.provider_unauthorised', { provider }, { cause });
  if (meaning === 'exhausted') return failure('embedding.quota_exhausted', { provider }, { cause });
  if ('refusedInput' in meaning)
    return failure('embedding.input_refused', { provider, position: meaning.refusedInput }, { cause });
  const retryAfterMs = cause.retryAfterMs ?? meaning.retryAfterMs;
  return failure(
    'embedding.provider_failed',
    { provider, reason: meaning.reason },
    { cause, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  );
}

/** The JSON of a body; `undefined` where it is none. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
