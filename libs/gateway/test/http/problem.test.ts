// Whatever is thrown becomes an error body with a stable code.
import { NotFoundException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { FAILURES, type FailureCode, failure } from '#ports';
import { asFailure, problemOf } from '../../src/http/problem.js';
import { statusOf } from '../../src/status.js';

describe('problemOf', () => {
  it('gives the RFC 9457 body of a failure, with its problems', () => {
    const problems = [{ path: 'ttl', code: 'too_small', message: 'Too small' }];
    expect(problemOf(failure('request.invalid', { part: 'body', count: 1 }, { problems }), 'c-1')).toEqual({
      type: 'urn:resk-caching:failure:request.invalid',
      title: 'Invalid input',
      status: 400,
      code: 'request.invalid',
      detail: 'The body is not valid: 1 problem(s), listed in errors (the first 100).',
      errors: problems,
      correlationId: 'c-1',
    });
  });

  it('tells a caller nothing of what only an operator can mend', () => {
    const failed = failure('crypto.key_unknown', { keyId: 'k-secret' });
    expect(JSON.stringify(problemOf(failed, 'c'))).not.toContain('k-secret');
  });

  it('has a status for every code', () => {
    for (const code of Object.keys(FAILURES) as FailureCode[]) {
      expect(statusOf(code)).toBeGreaterThanOrEqual(400);
      expect(statusOf(code)).toBeLessThan(600);
    }
  });
});

describe('asFailure', () => {
  it.each([
    [failure('auth.scope', { scope: 'admin' }), 'auth.scope'],
    [{ code: 'FST_ERR_CTP_BODY_TOO_LARGE' }, 'request.too_large'],
    [{ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }, 'request.media_type'],
    [{ code: 'FST_ERR_CTP_EMPTY_JSON_BODY' }, 'request.empty'],
    [{ code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH' }, 'request.headers'],
    [{ code: 'FST_ERR_BAD_URL' }, 'request.headers'],
    [new NotFoundException(), 'request.not_found'],
    [{ statusCode: 414 }, 'request.headers'],
    [new Error('of ours'), 'internal.unexpected'],
    [null, 'internal.unexpected'],
    ['a text', 'internal.unexpected'],
  ])('names %s', (thrown, code) => {
    expect(asFailure(thrown).code).toBe(code);
  });
});
