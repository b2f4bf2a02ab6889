// What PostgreSQL and the network say, and what is made of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from 'resk-caching/ports';
import { isTableAbsent, translated } from '../src/failures.js';

for (const [code, expected] of [
  ['28P01', 'vector.store_unauthorised'],
  ['28000', 'vector.store_unauthorised'],
  ['42501', 'vector.store_unauthorised'],
  ['53100', 'vector.quota_exhausted'],
  ['53300', 'vector.store_unavailable'],
  ['22021', 'vector.input_refused'],
  ['54000', 'vector.input_refused'],
  ['57P01', 'vector.store_unavailable'],
  ['57014', 'vector.store_unavailable'],
  ['ECONNREFUSED', 'vector.store_unavailable'],
] as const) {
  test(`${code} is ${expected}, and says nothing of the data`, () => {
    const told = translated(Object.assign(new Error('the row (secret) is odd'), { code }));
    assert.equal(told.code, expected);
    assert.doesNotMatch(told.message, /secret/);
  });
}

test('what has no code is a connection that is lost; what is a failure already stays', () => {
  assert.match(translated(new Error('Connection terminated')).message, /no connection/);
  const known = failure('vector.hybrid_unsupported', { provider: 'pgvector' });
  assert.equal(translated(known), known);
  assert.equal(isTableAbsent({ code: '42P01' }), true);
  assert.equal(isTableAbsent(undefined), false);
});
