// From whatever was thrown to the error reply: a failure of ours, one of Fastify's or Nest's, or a fault.
import { HttpException } from '@nestjs/common';
import { Failure, failure } from '#ports';
import { statusOf } from '../status.js';

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: Array<{ path: string; code: string; message: string }>;
  correlationId: string;
}

export function problemOf(failed: Failure, correlationId: string): Problem {
  const { code, title, message, problems } = failed;
  // What an operator must mend is told to the operator, in the log; the caller learns only that it is not theirs.
  const hidden = failed.kind === 'internal';
  return {
    type: `urn:resk-caching:failure:${code}`,
    title,
    status: statusOf(code),
    code,
    detail: hidden ? failure('internal.unexpected', {}).message : message,
    ...(problems && !hidden && { errors: problems }),
    correlationId,
  };
}

/** What was thrown, as a failure. Anything unknown is a fault of ours, with the error kept as its cause. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && Object.hasOwn(OF_FASTIFY, code)) return OF_FASTIFY[code]!(error as Error);
  const status =
    error instanceof HttpException ? error.getStatus() : (error as { statusCode?: number } | null)?.statusCode;
  if (status !== undefined && Object.hasOwn(OF_STATUS, status)) return OF_STATUS[status]!();
  if (status !== undefined && status >= 400 && status < 500) {
    return failure('request.headers', { reason: 'it is not a valid HTTP request' }, { cause: error });
  }
  return failure('internal.unexpected', {}, { cause: error });
}

/** Nest turns some of Fastify's errors into exceptions that have only a status left. */
const OF_STATUS: Record<number, () => Failure> = {
  404: () => failure('request.not_found', {}),
  413: () => failure('request.too_large', { limit: 'HTTP_BODY_MAX' }),
  415: () => failure('request.media_type', {}),
};

/** https://fastify.dev/docs/latest/Reference/Errors/ */
const OF_FASTIFY: Record<string, (error: Error) => Failure> = {
  FST_ERR_CTP_BODY_TOO_LARGE: OF_STATUS[413]!,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: OF_STATUS[415]!,
  FST_ERR_CTP_EMPTY_JSON_BODY: () => failure('request.empty', {}),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: (cause) =>
    failure('request.headers', { reason: 'content-length does not match the body' }, { cause }),
  FST_ERR_BAD_URL: () => failure('request.headers', { reason: 'the URL is not validly encoded' }),
};
