// Gives the failures of a rerank endpoint their meaning here.
import { type Failure, failure, isFailure } from '#ports';
import { refusalOf } from '#resilience';

type Meaning = 'unauthorised' | 'exhausted' | 'input' | 'failed';

/**
 * What a status means. Cohere: https://docs.cohere.com/reference/errors (498 is a token that is blocked). Jina: 402 for an
 * account without tokens, https://api.jina.ai/redoc. TEI: 413 for too many texts or too much text, 422 for what the
 * tokeniser refuses, 424 for a model that is none or fails; https://huggingface.github.io/text-embeddings-inference.
 */
const MEANING: Readonly<Record<number, Meaning | undefined>> = {
  401: 'unauthorised',
  402: 'exhausted',
  403: 'unauthorised',
  413: 'input',
  498: 'unauthorised',
};

/** Translates a failed call for `count` texts, once. Timeouts and cancellations are left as they are. */
export function translated(error: unknown, provider: string, count: number): unknown {
  if (!isFailure(error)) return error;
  const reason = String(error.facts.reason);
  switch (error.code) {
    case 'call.failed':
      return failure('rerank.provider_failed', { provider, reason }, { cause: error });
    case 'call.reply_invalid':
      return failure('rerank.reply_invalid', { provider, reason }, { cause: error });
    case 'call.refused':
      return refused(error, provider, count);
    default:
      return error;
  }
}

function refused(cause: Failure, provider: string, count: number): Failure {
  const status = Number(cause.facts.status);
  const said = complaintOf(refusalOf(cause)?.body ?? '');
  const meaning = MEANING[status] ?? (isAboutInput(status, said) ? 'input' : 'failed');
  const { retryAfterMs } = cause;
  switch (meaning) {
    case 'unauthorised':
      return failure('rerank.provider_unauthorised', { provider }, { cause });
    case 'exhausted':
      return failure('rerank.quota_exhausted', { provider }, { cause });
    case 'input':
      return failure('rerank.input_refused', { provider, position: positionIn(said, count) }, { cause });
    case 'failed':
      return failure(
        'rerank.provider_failed',
        { provider, reason: `status ${status}` },
        { cause, ...(retryAfterMs !== undefined && { retryAfterMs }) },
      );
  }
}

/** Vendors say in words only that the texts, and not another field, are what they refuse. */
function isAboutInput(status: number, said: string): boolean {
  if (status !== 400 && status !== 422) return false;
  return (
    /\b(inputs?|texts?|documents?|query|tokens?|context length|batch size)\b/i.test(said) && !/\bmodel\b/i.test(said)
  );
}

/** Which text is meant, where that is said (`documents[3]`, `texts.3`); -1 for the question; else `unknown`. */
function positionIn(said: string, count: number): number | 'unknown' {
  const position = Number(/\b(?:documents|texts)(?:\[|\.)(\d{1,4})/.exec(said)?.[1] ?? Number.NaN);
  if (position < count) return position;
  if (/\bquery\b/i.test(said) && !/\b(documents?|texts?)\b/i.test(said)) return -1;
  return count === 1 ? 0 : 'unknown';
}

/** The message of an error body: `message` (Cohere), `detail` (Jina, Voyage, FastAPI), `error` (TEI, vLLM). */
function complaintOf(body: string): string {
  try {
    const said = JSON.parse(body) as Record<string, unknown> | null;
    const found = said?.message ?? said?.detail ?? said?.error ?? '';
    return typeof found === 'string' ? found : JSON.stringify(found);
  } catch {
    return '';
  }
}
