// Which HTTP status a failure gets: its kind decides, but for the codes that HTTP has a status of its own for.
import { FAILURES, type FailureCode, type FailureKind } from '#ports';

const STATUS_OF_KIND: Record<FailureKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  absent: 404,
  conflict: 409,
  exhausted: 429,
  unavailable: 503,
  late: 504,
  internal: 500,
};

const STATUS_OF_CODE: Partial<Record<FailureCode, number>> = {
  'request.too_large': 413,
  'request.media_type': 415,
  'request.headers_too_large': 431,
  'request.headers_too_many': 431,
  'request.host': 421,
  'request.slow': 408,
  'request.method': 405,
  'request.not_acceptable': 406,
  'cache.entry_too_large': 413,
  'embedding.input_refused': 422,
  'privacy.refused': 422,
  'rerank.input_refused': 422,
  'vector.input_refused': 422,
  'embedding.provider_failed': 502,
  'embedding.provider_unauthorised': 502,
  'embedding.quota_exhausted': 502,
  'embedding.reply_invalid': 502,
  'rerank.provider_failed': 502,
  'rerank.provider_unauthorised': 502,
  'rerank.quota_exhausted': 502,
  'rerank.reply_invalid': 502,
  'vector.store_unauthorised': 502,
  'vector.quota_exhausted': 502,
  'vector.reply_invalid': 502,
  'call.refused': 502,
  'call.reply_invalid': 502,
};

export function statusOf(code: FailureCode): number {
  return STATUS_OF_CODE[code] ?? STATUS_OF_KIND[FAILURES[code].kind];
}
