// Failures carry a code of the table, their facts, and nothing that may not be shown.
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FAILURES, Failure, type FailureCode, failure, isFailure, Secret } from '../src/index.js';

describe('failure', () => {
  it('says what happened to which named thing', () => {
    const cause = new Error('of the vendor');
    const facts = { provider: 'openai', expected: 3, received: 2, which: 'for the text at position 1' };
    const failed = failure('embedding.dimension_mismatch', facts, { cause });
    expect(failed).toBeInstanceOf(Failure);
    expect(failed).toMatchObject({
      code: 'embedding.dimension_mismatch',
      kind: 'internal',
      title: 'Wrong dimension',
      cause,
    });
    expect(failed.message).toContain(
      'openai gave vectors of 2 dimensions where 3 are expected for the text at position 1',
    );
    expect(failed.facts).toEqual(facts);
  });

  it('carries problems and when to come back', () => {
    const problems = [{ path: 'ttl', code: 'too_small', message: 'Too small' }];
    expect(failure('request.invalid', { part: 'body', count: 1 }, { problems }).problems).toBe(problems);
    expect(failure('request.empty', {}, { retryAfterMs: 5 })).toMatchObject({ retryAfterMs: 5, problems: undefined });
  });

  it('has a title and a detail without loose ends for every code', () => {
    for (const code of Object.keys(FAILURES) as FailureCode[]) {
      const { title, detail } = FAILURES[code];
      expect(title).not.toBe('');
      const names = [...detail.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
      const facts = Object.fromEntries(names.map((name) => [name, 7]));
      expect(failure(code, facts as never).message).not.toMatch(/[{}]|undefined/);
    }
  });
});

describe('isFailure', () => {
  it('knows failures by class and code', () => {
    const failed = failure('request.empty', {});
    expect([isFailure(failed), isFailure(failed, 'request.empty'), isFailure(failed, 'auth.scope')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isFailure(new Error('request.empty'), 'request.empty')).toBe(false);
  });
});

describe('Secret', () => {
  it('is revealed only when asked, and prints as dots everywhere else', () => {
    const secret = new Secret('s3cret');
    expect(secret.reveal()).toBe('s3cret');
    for (const text of [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect(secret),
      String(secret),
    ]) {
      expect(text).toContain('••••');
      expect(text).not.toContain('s3cret');
    }
  });
});
