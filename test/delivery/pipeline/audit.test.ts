// An audit says what is known, or that nothing is: a registry without data is never a pass.
import { describe, expect, test } from 'vitest';
import { auditOutcome, EXIT } from '../../../scripts/supply-chain/audit-outcome.js';

const metadata = { dependencies: { total: 230 } };

describe('the audit', () => {
  test('passes where the registry knows of nothing', () => {
    const { code, lines } = auditOutcome({ auditReportVersion: 2, vulnerabilities: {}, metadata });
    expect(code).toBe(0);
    expect(lines).toEqual(['No known vulnerability in 230 packages.']);
  });

  test('fails for any vulnerability, however small, and says which', () => {
    const vulnerabilities = {
      a: { severity: 'low', range: '<1.2.3', via: [{ title: 'A thing' }] },
      b: { severity: 'moderate', range: '*', via: ['a'] },
    };
    const { code, lines } = auditOutcome({ auditReportVersion: 2, vulnerabilities, metadata });
    expect(code).toBe(1);
    expect(lines).toEqual(['low  a <1.2.3  A thing', 'moderate  b *  by a', '2 vulnerable packages.']);
  });

  test('of some packages counts what is known of these alone, and what names no package', () => {
    const known = (nodes?: string[]) => ({ severity: 'high', range: '*', nodes, via: [] });
    const vulnerabilities = {
      a: known(['node_modules/a']),
      b: known(['node_modules/b', 'node_modules/a/node_modules/b']),
    };
    const of = (...paths: string[]) =>
      auditOutcome({ auditReportVersion: 2, vulnerabilities, metadata }, new Set(paths));
    expect(of('node_modules/c')).toEqual({ code: 0, lines: ['No known vulnerability in 1 packages.'] });
    expect(of('node_modules/a/node_modules/b').lines).toEqual(['high  b *  ', '1 vulnerable packages.']);
    const unnamed = { auditReportVersion: 2, vulnerabilities: { a: known() } };
    expect(auditOutcome(unnamed, new Set(['node_modules/c'])).code).toBe(1);
  });

  test.each([
    ['a refusal', { message: '405 Method Not Allowed', error: { summary: 'audit endpoint returned an error' } }],
    ['an error', { error: { code: 'ENOTFOUND' } }],
    ['no reply that could be read', {}],
    ['a report without its vulnerabilities', { auditReportVersion: 2 }],
    ['vulnerabilities without a report', { vulnerabilities: {} }],
  ])('says NOT KNOWN to %s, and fails in a way of its own', (_, reply) => {
    const { code, lines } = auditOutcome(reply as object);
    expect(code).toBe(EXIT.unknown);
    expect(new Set(Object.values(EXIT)).size).toBe(3);
    expect(lines[0]).toMatch(/^NOT KNOWN/);
  });
});
