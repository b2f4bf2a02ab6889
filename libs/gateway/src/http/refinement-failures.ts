// What a retrieval may fail with because of the way in which it is refined.
import type { FailureCode } from '#ports';

export const REFINEMENT_FAILURES: readonly FailureCode[] = [
  'vector.setting_unsupported',
  'vector.hybrid_unsupported',
  'rerank.disabled',
  'rerank.input_refused',
  'rerank.provider_failed',
  'rerank.provider_unauthorised',
  'rerank.quota_exhausted',
  'rerank.reply_invalid',
];
