// Google Cloud KMS, against a double that checks checksums and assertions, really encrypts, and goes wrong as KMS does.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderFamily } from '#config';
import { type KeyService, keyServiceContract } from '#ports';
import { GcpKmsDouble } from '../../../test/doubles/gcp-kms.js';
import type { VendorReply } from '../../../test/doubles/loopback-vendor.js';
import { Clock } from '../../../test/support/clock.js';
import { crc32c } from '../src/providers/crc32c.js';
import gcp from '../src/providers/gcp-kms.js';

const AT = { tenant: 'north', dataKeyId: 'key-1' };
const KEY = new Uint8Array(32).fill(7);

let kms: GcpKmsDouble;
let folder: string;
let key: string;
let formerKey: string;
const opened: KeyService[] = [];

async function open(changed: Record<string, unknown> = {}): Promise<KeyService> {
  const family = new ProviderFamily({
    family: 'key-service',
    variable: 'KEY_SERVICE',
    builtIns: { gcp: async () => gcp },
  });
  const auth = { kind: 'metadata', url: kms.url };
  const service = await family.open('gcp', {
    key,
    formerKeys: [formerKey],
    auth,
    endpoint: kms.url,
    retries: 0,
    ...changed,
  });
  opened.push(service);
  return service;
}

async function fileWith(text: string): Promise<string> {
  const file = join(folder, 'credentials');
  await writeFile(file, text);
  return file;
}

const asked = (part: string) => kms.requests.filter(({ target }) => target.includes(part));

beforeAll(async () => {
  kms = await GcpKmsDouble.start();
  folder = await mkdtemp(join(tmpdir(), 'gcp-kms-'));
});

beforeEach(() => {
  key = kms.makeKey({ versions: 3 });
  formerKey = kms.makeKey();
});

afterEach(async () => {
  vi.useRealTimers();
  kms.always();
  kms.requests.length = 0;
  for (const service of opened.splice(0)) await service.close();
});

afterAll(async () => {
  await kms.stop();
  await rm(folder, { recursive: true });
});

describe('the contract of key services', () => {
  for (const { name, run } of keyServiceContract(() => open())) it(name, run);
});

describe('which key is used', () => {
  it('wraps under the primary version, whichever it is by now', async () => {
    const service = await open();
    const before = await service.wrap(KEY, AT);
    const rotated = kms.rotate(key);
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(rotated);
    expect(await service.unwrap(before, AT)).toEqual(KEY);
  });

  it('tells the state of every version of every key, over several pages', async () => {
    kms.setState(`${key}/cryptoKeyVersions/1`, 'DESTROYED');
    const service = await open();
    expect(await service.keys()).toEqual([
      { masterKeyId: `${key}/cryptoKeyVersions/1`, state: 'disabled' },
      { masterKeyId: `${key}/cryptoKeyVersions/2`, state: 'former' },
      { masterKeyId: `${key}/cryptoKeyVersions/3`, state: 'current' },
      { masterKeyId: `${formerKey}/cryptoKeyVersions/1`, state: 'former' },
    ]);
  });

  it('does not unwrap where the version that was noted is another than the one in the text', async () => {
    const service = await open();
    const { wrapped } = await service.wrap(KEY, AT);
    const moved = service.unwrap({ masterKeyId: `${key}/cryptoKeyVersions/1`, wrapped }, AT);
    await expect(moved).rejects.toMatchObject({ code: 'crypto.unwrap_refused' });
  });

  it('never asks for a key of the project that is not configured', async () => {
    const other = kms.makeKey();
    const service = await open();
    const wrapped = { ...(await service.wrap(KEY, AT)), masterKeyId: `${other}/cryptoKeyVersions/3` };
    kms.requests.length = 0;
    await expect(service.unwrap(wrapped, AT)).rejects.toMatchObject({ code: 'crypto.key_unknown' });
    await expect(service.wrap(KEY, AT, wrapped)).rejects.toMatchObject({ code: 'crypto.key_unknown' });
    expect(kms.requests).toHaveLength(0);
  });
});

describe('checksums', () => {
  // RFC 3720, appendix B.4; and the check value of CRC-32/ISCSI in the catalogue of parametrised CRCs.
  it.each([
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    [Buffer.from('123456789'), 0xe3069283],
    [Buffer.alloc(0), 0],
  ])('are those of the published examples', (bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum);
  });

  it.each([
    ['the text changed on the way back', { ciphertextCrc32c: '1' }],
    ['the key not verified there', { verifiedPlaintextCrc32c: undefined }],
    ['the context not verified there', { verifiedAdditionalAuthenticatedDataCrc32c: undefined }],
  ])('that differ make a reply count as none: %s', async (_, changed) => {
    const service = await open({ retries: 1 });
    kms.next({ altered: ({ status, body }) => ({ status, body: { ...(body as object), ...changed } }) });
    kms.requests.length = 0;
    const wrapped = await service.wrap(KEY, AT);
    expect(asked(':encrypt')).toHaveLength(2);
    expect(await service.unwrap(wrapped, AT)).toEqual(KEY);
  });

  it('that differ for an unwrapped key make it count as none', async () => {
    const service = await open();
    const wrapped = await service.wrap(KEY, AT);
    kms.next({ altered: ({ status, body }) => ({ status, body: { ...(body as object), plaintextCrc32c: '1' } }) });
    await expect(service.unwrap(wrapped, AT)).rejects.toMatchObject({
      code: 'crypto.key_service_unavailable',
      facts: { reason: 'a checksum differs' },
    });
  });

  it('that differ there are sent again, not taken for a changed text', async () => {
    const service = await open({ retries: 1 });
    const wrapped = await service.wrap(KEY, AT);
    kms.next(kms.error(400, 'INVALID_ARGUMENT', 'The checksum in field ciphertext_crc32c did not match.'));
    expect(await service.unwrap(wrapped, AT)).toEqual(KEY);
  });
});

describe('credentials', () => {
  it('of the machine are asked for once, and again shortly before they end', async () => {
    const clock = Clock.stop();
    const service = await open();
    await Promise.all([service.wrap(KEY, AT), service.wrap(KEY, AT)]);
    expect(asked('computeMetadata')).toHaveLength(1);
    clock.advance(3550);
    await service.wrap(KEY, AT);
    expect(asked('computeMetadata')).toHaveLength(2);
  });

  it('that are refused before their end are fetched anew, once', async () => {
    const service = await open();
    kms.revokeTokens();
    kms.requests.length = 0;
    await Promise.all([1, 2, 3].map(() => service.wrap(KEY, AT)));
    expect(asked('computeMetadata')).toHaveLength(1);
    const isToken = ({ body }: VendorReply) => 'access_token' in (body as object);
    kms.always({ altered: (reply) => (isToken(reply) ? reply : kms.error(401, 'UNAUTHENTICATED')) });
    kms.requests.length = 0;
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({ code: 'crypto.key_service_unauthorised' });
    expect(asked(':encrypt')).toHaveLength(2);
  });

  it('of a service account are exchanged for a token by a signed assertion', async () => {
    const auth = { kind: 'service-account', file: await fileWith(kms.accountKey()) };
    const service = await open({ auth });
    expect(await service.unwrap(await service.wrap(KEY, AT), AT)).toEqual(KEY);
    expect(asked('/token')).toHaveLength(1);
  });

  it('from a file are read again, since others keep them fresh', async () => {
    const file = await fileWith(`${kms.issueToken()}\n`);
    const service = await open({ auth: { kind: 'token-file', file } });
    kms.revokeTokens();
    await fileWith(kms.issueToken());
    expect((await service.wrap(KEY, AT)).masterKeyId).toMatch(/3$/);
  });

  it.each([
    ['a file that is not there', () => join(folder, 'nothing'), 'cannot be read (ENOENT)'],
    ['an empty file', () => fileWith(' \n'), 'is empty'],
    ['a file that is far too long', () => fileWith('x'.repeat(70_000)), 'is too long'],
    ['what is no JSON', () => fileWith('{'), 'is not the key of a service account'],
    ['what is no key', () => fileWith(kms.accountKey({ private_key: 'secret' })), 'cannot be used'],
  ])('stop the boot without quoting anything of the file: %s', async (_, file, said) => {
    const call = open({ auth: { kind: 'service-account', file: await file() } });
    await expect(call).rejects.toMatchObject({
      code: 'crypto.key_service_refused',
      message: expect.stringContaining(said),
    });
    await expect(call).rejects.not.toThrow(new RegExp(`${folder}|secret`));
  });

  it.each([
    [
      'token endpoint',
      async () => ({ kind: 'service-account', file: await fileWith(kms.accountKey({ client_email: 'eve@x' })) }),
    ],
    ['metadata server', async () => ({ kind: 'metadata', url: kms.url, account: 'nobody' })],
  ])('that the %s refuses are a matter of rights', async (name, auth) => {
    const call = open({ auth: await auth() });
    await expect(call).rejects.toMatchObject({
      code: 'crypto.key_service_unauthorised',
      message: expect.stringContaining(name),
    });
  });

  it('that do not come for the moment are asked for again', async () => {
    kms.next({ status: 503, body: 'try later' });
    const service = await open({ retries: 1 });
    expect((await service.wrap(KEY, AT)).masterKeyId).toMatch(/3$/);
  });

  it('are never sent to a private address that a setting names', async () => {
    const auth = { kind: 'metadata', url: 'http://10.9.8.7' };
    await expect(open({ auth })).rejects.toMatchObject({ code: 'outgoing.refused' });
  });

  it('are asked of the metadata server by its own name unless another is set', async () => {
    const service = open({ auth: undefined, timeoutMs: 300 });
    await expect(service).rejects.toMatchObject({ code: 'crypto.key_service_unavailable' });
  });
});

describe('what goes wrong', () => {
  it.each(['DISABLED', 'DESTROY_SCHEDULED', 'DESTROYED'] as const)(
    'says that a version is disabled: %s',
    async (state) => {
      const service = await open();
      const wrapped = await service.wrap(KEY, AT);
      kms.setState(wrapped.masterKeyId, state);
      await expect(service.unwrap(wrapped, AT)).rejects.toMatchObject({
        code: 'crypto.key_disabled',
        facts: { masterKeyId: wrapped.masterKeyId },
      });
      await expect(service.wrap(KEY, AT)).rejects.toMatchObject({
        code: 'crypto.key_disabled',
        facts: { masterKeyId: key },
      });
    },
  );

  it('calls again when it is throttled, and tells how long to wait where that is longer than it may', async () => {
    const service = await open({ retries: 1 });
    kms.next(kms.throttled());
    expect((await service.wrap(KEY, AT)).masterKeyId).toMatch(/3$/);
    kms.next(kms.throttled('120'));
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({
      code: 'crypto.key_service_unavailable',
      facts: { reason: 'throttled' },
      retryAfterMs: 120_000,
    });
  });

  it.each([
    [403, 'PERMISSION_DENIED', 'crypto.key_service_unauthorised'],
    [404, 'NOT_FOUND', 'crypto.key_unknown'],
    [400, 'INVALID_ARGUMENT', 'crypto.key_service_refused'],
    [503, 'UNAVAILABLE', 'crypto.key_service_unavailable'],
  ])('gives %i %s its meaning, without quoting what was said', async (status, said, code) => {
    const service = await open();
    kms.next(kms.error(status, said, 'a message with a secret in it'));
    const call = service.wrap(KEY, AT);
    await expect(call).rejects.toMatchObject({ code });
    await expect(call).rejects.not.toThrow(/secret/);
  });

  it.each([
    ['a page of a proxy', { status: 403, body: '<html>' }, 'crypto.key_service_unauthorised'],
    ['an error of another form', { status: 400, body: { error: null } }, 'crypto.key_service_refused'],
    ['a reply of another form', { status: 200, body: { ciphertext: 1 } }, 'crypto.key_service_unavailable'],
    ['a broken connection', 'drop' as const, 'crypto.key_service_unavailable'],
    ['silence', 'hang' as const, 'crypto.key_service_unavailable'],
  ])('understands what is not of the documented form: %s', async (_, plan, code) => {
    const service = await open({ timeoutMs: 200 });
    kms.next(plan);
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({ code });
  });

  it('answers late within its limit', async () => {
    const service = await open();
    kms.next({ afterMs: 50 });
    expect((await service.wrap(KEY, AT)).masterKeyId).toMatch(/3$/);
  });
});

describe('what stops the boot', () => {
  it.each([
    [
      'a key for signing',
      () => ({ key: kms.makeKey({ purpose: 'ASYMMETRIC_SIGN' }) }),
      'the key is for ASYMMETRIC_SIGN',
    ],
    ['a key without a primary version', () => ({ key: kms.makeKey({ versions: 0 }) }), 'it has no primary version'],
    ['a name with a version', () => ({ key: `${key}/cryptoKeyVersions/1` }), 'without a version'],
  ])('%s', async (_, changed, said) => {
    await expect(open(changed())).rejects.toThrow(said);
  });
});
