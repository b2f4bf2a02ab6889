// The security model promises nothing without a test: each line of its table names one that exists.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/child-server.js';

const MODEL = readFileSync(join(root, 'docs/SECURITY_MODEL.md'), 'utf8');
const ROW = /^\| (?<promise>[^|*]+) \| `(?<file>[^`]+)` \| (?<name>[^|]+) \|$/gm;
const promises = [...MODEL.matchAll(ROW)].map(
  ({ groups }) => groups as { promise: string; file: string; name: string },
);

/** Faults of earlier systems, each with a test by its name. */
const FAULTS = [
  'forged role or tenant claim on a warm entry',
  'tampered, moved, downgraded, replayed ciphertext',
  'prompt in a key name, log, metric, event or error',
  'rate-limit evasion by header, scheme case, IPv6 suffix',
  'unbounded buckets, labels, tokens, nonces',
  'shared bucket for all JWT users',
  'token without exp',
  'revoked token in the verified-token memory',
  'RS/HS confusion',
  'JWKS endpoint slow, down, huge, redirecting',
  'idempotency key reused across tenants',
  'purge or export reaching another tenant',
  'audit line removed',
  'erase racing a write',
  'quota race over two processes',
  'ledger after kill -9',
  'event channel of another tenant',
  'SSRF through a provider URL',
  'header injection',
  'deep or huge JSON on every endpoint',
];

test.each(promises)('$promise', ({ file, name }) => {
  expect(readFileSync(join(root, file), 'utf8')).toContain(name.trim());
});

test('the model promises something against each of the twenty faults', () => {
  const names = promises.map(({ name }) => name.trim());
  expect(FAULTS.filter((fault) => !names.some((name) => name.startsWith(fault)))).toEqual([]);
  expect(FAULTS).toHaveLength(20);
});
