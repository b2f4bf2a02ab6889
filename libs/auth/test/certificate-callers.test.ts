// A certificate is the caller that the configuration names for it, exactly, and nobody else.
import { describe, expect, test } from 'vitest';
import { authSection, Callers, CertificateCallers, type CertificateCallersOptions, type PeerCertificate } from '#auth';
import { readConfig } from '#config';
import { failure } from '#ports';
import { aToken, aVerifier, Clock } from './token-builders.js';

const rows = [
  { subject: 'CN=ingest,O=Example', tenant: 'north', scopes: ['vectors:write'] },
  { san: 'URI:spiffe://example/ops', tenant: 'default', scopes: ['admin'], name: 'ops' },
];
const clock = new Clock();
const aCertificate = (changed: Partial<PeerCertificate> = {}): PeerCertificate => ({
  subject: 'CN=ingest,O=Example',
  san: [],
  expiresAt: clock.now() + 60_000,
  ...changed,
});
const someCallers = (changed: Partial<CertificateCallersOptions> = {}) =>
  new CertificateCallers({ rows, operatorTenant: 'default', now: clock.now, ...changed });

describe('a certificate', () => {
  test('gives the caller of its subject, or of one of its other names', () => {
    const callers = someCallers();
    const ingest = callers.find(aCertificate())!;
    expect(ingest).toMatchObject({ subject: 'CN=ingest,O=Example', tenant: 'north', operator: false });
    expect([ingest.may('vectors:write'), ingest.may('admin')]).toEqual([true, false]);
    const san = ['DNS:ops.internal', 'URI:spiffe://example/ops'];
    expect(callers.find(aCertificate({ subject: 'CN=whoever', san }))).toMatchObject({
      subject: 'ops',
      operator: true,
    });
  });

  test.each([
    { subject: 'CN=ingest' },
    { subject: 'CN=ingest,O=Example,C=CH' },
    { subject: 'O=Example,CN=ingest' },
    { subject: 'cn=ingest,o=example' },
    { subject: 'CN=ingest\\,O=Example' },
    { subject: '', san: ['spiffe://example/ops', 'DNS:spiffe://example/ops', 'URI:spiffe://example/ops/x'] },
    { subject: '', san: ['CN=ingest,O=Example'] },
    { subject: 'URI:spiffe://example/ops' },
  ])('of %j gives nobody', (changed) => {
    expect(someCallers().find(aCertificate(changed))).toBeUndefined();
  });

  test('is remembered as long as it lasts, and until it is to be looked up again', () => {
    const callers = someCallers();
    const certificate = aCertificate();
    expect(callers.remembered(certificate)).toBeUndefined();
    const caller = callers.find(certificate);
    expect(callers.remembered(certificate)).toBe(caller);
    callers.forget();
    expect(callers.remembered(certificate)).toBeUndefined();
    callers.find(certificate);
    clock.advance(60_000);
    expect([callers.remembered(certificate), callers.find(certificate)]).toEqual([undefined, undefined]);
  });

  test('is refused as the check of its caller says', () => {
    const check = () => {
      throw failure('auth.revoked', {});
    };
    const callers = someCallers({ check });
    const certificate = aCertificate();
    expect(() => callers.find(certificate)).toThrow(expect.objectContaining({ code: 'auth.revoked' }));
    expect(callers.remembered(certificate)).toBeUndefined();
  });
});

describe('at a door', () => {
  const verifier = aVerifier();
  const callers = new Callers(verifier, someCallers());
  const missing = async () => {
    throw failure('auth.missing', {});
  };

  test('a certificate stands in for a token, where none is sent', async () => {
    const certificate = aCertificate();
    expect(callers.known(undefined, certificate)).toBeUndefined();
    const shown = { authorization: undefined, certificate, address: '192.0.2.1' };
    expect((await callers.identify(shown, missing)).tenant).toBe('north');
    expect(callers.known(undefined, certificate)?.tenant).toBe('north');
    const stranger = { ...shown, certificate: aCertificate({ subject: 'CN=stranger' }) };
    await expect(callers.identify(stranger, missing)).rejects.toMatchObject({ code: 'auth.missing' });
  });

  test('a token that is sent counts alone: a bad one is not made good by a certificate', async () => {
    const certificate = aCertificate();
    const token = aToken({ sub: 'bob' });
    const shown = { authorization: `Bearer ${token}`, certificate, address: '192.0.2.1' };
    expect((await callers.identify(shown, () => verifier.verify(token))).subject).toBe('bob');
    expect(callers.known('Bearer x.y.z', certificate)).toBeUndefined();
    const bad = { ...shown, authorization: 'Bearer x.y.z' };
    await expect(callers.identify(bad, () => verifier.verify('x.y.z'))).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
  });
});

describe('the configuration', () => {
  const complaints = (list: unknown) => {
    const lookUp = (name: string) =>
      name === 'MTLS_CALLERS' ? { text: JSON.stringify(list), source: 'environment' as const } : undefined;
    try {
      readConfig([authSection], { lookUp });
      return [];
    } catch (error) {
      return (error as { problems: Array<{ path: string; message: string }> }).problems.map(
        ({ path, message }) => `${path} ${message}`,
      );
    }
  };

  test('is good with rows that say who and what', () => expect(complaints(rows)).toEqual([]));

  test.each([
    ['nothing to find it by', [{ tenant: 'north', scopes: [] }], /1: must have either subject or san/],
    ['two things', [{ ...rows[0], san: 'DNS:x' }], /1: must have either subject or san/],
    ['an unknown scope', [rows[0], { ...rows[1], scopes: ['root'] }], /2\.scopes\.0/],
    ['no tenant', [{ subject: 'CN=x', scopes: [] }], /1\.tenant/],
    ['an unknown field', [{ ...rows[0], role: 'admin' }], /role/],
    [
      'a subject too long for a name',
      [{ subject: `CN=${'x'.repeat(300)}`, tenant: 'a', scopes: [] }],
      /must have a name/,
    ],
    ['a row that is no object', ['CN=x'], /1: /],
  ])('is refused with %s', (_, list, says) => {
    const said = complaints(list);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^MTLS_CALLERS is wrong at /);
    expect(said[0]).toMatch(says);
  });
});
