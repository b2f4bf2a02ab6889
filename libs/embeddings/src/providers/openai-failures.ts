// Gives the failures of an OpenAI-compatible endpoint their meaning here.
import { type Failure, failure, isFailure } from '#ports';
import { refusalOf } from '#resilience';

/** What an error body says. Compatible servers differ in where they say it; all of it may be missing. */
interface Complaint {
  message: string;
  param: string;
  code: string;
}

/** Translates a failed call for `count` texts, once. Timeouts and cancellations are left as they are. */
export function translated(error: unknown, provider: string, count: number): unknown {
  if (!isFailure(error)) return error;
  const reason = String(error.facts.reason);
  switch (error.code) {
    case 'call.failed':
      return failure('embedding.provider_failed', { provider, reason }, { cause: error });
    case 'call.reply_invalid':
      return failure('embedding.reply_invalid', { provider, reason }, { cause: error });
    case 'call.refused':
      return refused(error, provider, count);
    default:
      return error;
  }
}

function refused(cause: Failure, provider: string, count: number): Failure {
  const status = Number(cause.facts.status);
  const complaint = complaintOf(refusalOf(cause)?.body ?? '');
  if (status === 401 || status === 403) return failure('embedding.provider_unauthorised', { provider }, { cause });
  if (status === 429 && complaint.code === 'insufficient_quota')
    return failure('embedding.quota_exhausted', { provider }, { cause });
  if (status === 413 || ((status === 400 || status === 422) && isAboutInput(complaint))) {
    return failure('embedding.input_refused', { provider, position: positionIn(complaint, count) }, { cause });
  }
  const { retryAfterMs } = cause;
  const reason = /^\w{1,64}$/.test(complaint.code) ? `status ${status}, ${complaint.code}` : `status ${status}`;
  return failure(
    'embedding.provider_failed',
    { provider, reason },
    { cause, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  );
}

function isAboutInput({ message, param, code }: Complaint): boolean {
  if (param !== '') return /^\$?\.?input\b/.test(param);
  return code === 'context_length_exceeded' || /\binputs?\b|context length|maximum.{0,40}tokens/i.test(message);
}

/** Which text is meant, where that is said (`$.input[3]`, `input.3`), or `unknown`. */
function positionIn({ message, param }: Complaint, count: number): number | 'unknown' {
  const position = Number(/input(?:\[|\.)(\d{1,4})/.exec(`${param} ${message}`)?.[1] ?? Number.NaN);
  if (position < count) return position;
  return count === 1 ? 0 : 'unknown';
}

function complaintOf(body: string): Complaint {
  const said = parsed(body) as { error?: unknown } | null | undefined;
  const inner = said?.error ?? said;
  const fields = (typeof inner === 'string' ? { message: inner } : inner) as Partial<Complaint> | null | undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { message: text(fields?.message), param: text(fields?.param), code: text(fields?.code) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
