// AWS KMS through its own SDK, against a double that verifies signatures, really encrypts, and goes wrong as KMS does.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderFamily } from '#config';
import { type KeyService, keyServiceContract } from '#ports';
import { OutgoingRules, outgoingRules, setOutgoingRules } from '#resilience';
import { AwsKmsDouble } from '../../../test/doubles/aws-kms.js';
import aws, { awsSdk } from '../src/providers/aws-kms.js';

const AT = { tenant: 'north', dataKeyId: 'key-1' };
const KEY = new Uint8Array(32).fill(7);

let kms: AwsKmsDouble;
let current: string;
let former: string;
const opened: KeyService[] = [];

async function open(changed: Record<string, unknown> = {}): Promise<KeyService> {
  const family = new ProviderFamily({
    family: 'key-service',
    variable: 'KEY_SERVICE',
    builtIns: { aws: async () => aws },
  });
  const usual = { keyId: current, formerKeyIds: [former], region: kms.region, endpoint: kms.url, retries: 0 };
  const service = await family.open('aws', { ...usual, ...changed });
  opened.push(service);
  return service;
}

beforeAll(async () => {
  kms = await AwsKmsDouble.start();
});

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', kms.credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', kms.credentials.secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere/config');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere/credentials');
  vi.stubEnv('AWS_REGION', undefined);
  current = kms.makeKey();
  former = kms.makeKey();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  kms.always();
  kms.requests.length = 0;
  for (const service of opened.splice(0)) await service.close();
});

afterAll(() => kms.stop());

describe('the contract of key services', () => {
  for (const { name, run } of keyServiceContract(() => open())) it(name, run);
});

describe('which key is used', () => {
  it('binds what it wraps to the tenant and the data key by the encryption context, and sends nothing else of them', async () => {
    const service = await open();
    kms.requests.length = 0;
    await service.wrap(KEY, AT);
    const sent = JSON.parse(kms.requests[0]!.body);
    expect(sent.EncryptionContext).toEqual({ tenant: 'north', dataKeyId: 'key-1' });
    expect(Object.keys(sent).sort()).toEqual(['EncryptionContext', 'KeyId', 'Plaintext']);
  });

  it('finds the key behind an alias once, and does not follow it to another key', async () => {
    kms.alias('alias/cache', current);
    const service = await open({ keyId: 'alias/cache' });
    kms.alias('alias/cache', former);
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(current);
  });

  it('unwraps under the key that was noted, and no other', async () => {
    const service = await open();
    const wrapped = await service.wrap(KEY, AT);
    const moved = service.unwrap({ ...wrapped, masterKeyId: former }, AT);
    await expect(moved).rejects.toMatchObject({ code: 'crypto.unwrap_refused' });
  });

  it('never asks for a key of the account that is not configured', async () => {
    const other = kms.makeKey();
    const service = await open();
    kms.requests.length = 0;
    const wrapped = { ...(await service.wrap(KEY, AT)), masterKeyId: other };
    await expect(service.unwrap(wrapped, AT)).rejects.toMatchObject({ code: 'crypto.key_unknown' });
    expect(kms.requests).toHaveLength(1);
  });

  it('tells the states of its keys, also where they change while it runs', async () => {
    const service = await open();
    kms.setState(former, 'Disabled');
    expect(await service.keys()).toEqual([
      { masterKeyId: current, state: 'current' },
      { masterKeyId: former, state: 'disabled' },
    ]);
    kms.setState(former, 'Enabled');
    kms.setState(current, 'PendingDeletion');
    expect((await service.keys()).map(({ state }) => state)).toEqual(['disabled', 'former']);
  });

  it('names a key once that is written twice', async () => {
    const service = await open({ formerKeyIds: [current, former] });
    expect(await service.keys()).toHaveLength(2);
  });
});

describe('what goes wrong', () => {
  it.each(['Disabled', 'PendingDeletion'] as const)('says that a key is disabled: %s', async (state) => {
    const service = await open();
    const wrapped = await service.wrap(KEY, AT);
    kms.setState(current, state);
    for (const call of [() => service.wrap(KEY, AT), () => service.unwrap(wrapped, AT)]) {
      await expect(call()).rejects.toMatchObject({ code: 'crypto.key_disabled', facts: { masterKeyId: current } });
    }
  });

  it('calls again when it is throttled, and once only in all: the attempts of the SDK are off', async () => {
    const service = await open({ retries: 2 });
    kms.requests.length = 0;
    kms.next(kms.throttled(), kms.error('KMSInternalException', '', 500));
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(current);
    expect(kms.requests).toHaveLength(3);
  });

  it.each([
    ['ThrottlingException', 400, 'throttled'],
    ['LimitExceededException', 400, 'throttled'],
    ['DependencyTimeoutException', 503, 'status 503, DependencyTimeoutException'],
    ['KeyUnavailableException', 500, 'status 500, KeyUnavailableException'],
  ])('tells %s as unavailable, which may pass', async (type, status, reason) => {
    const service = await open();
    kms.next(kms.error(type, 'something with a secret in it', status));
    const call = service.wrap(KEY, AT);
    await expect(call).rejects.toMatchObject({ code: 'crypto.key_service_unavailable', facts: { reason } });
    await expect(call).rejects.not.toThrow(/secret/);
  });

  it.each(['AccessDeniedException', 'ExpiredTokenException', 'UnrecognizedClientException'])(
    'tells %s as a matter of rights, and does not try it again',
    async (type) => {
      const service = await open({ retries: 3 });
      kms.requests.length = 0;
      kms.always(kms.error(type, 'User: arn:aws:iam::1:user/x is not authorized'));
      await expect(service.wrap(KEY, AT)).rejects.toMatchObject({
        code: 'crypto.key_service_unauthorised',
        message: expect.stringContaining(type),
      });
      expect(kms.requests).toHaveLength(1);
    },
  );

  it('ends a call that hangs, and one whose caller leaves', async () => {
    const service = await open({ timeoutMs: 100 });
    kms.always('hang');
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({
      code: 'crypto.key_service_unavailable',
      facts: { reason: 'no answer within 100 ms' },
    });
    const leaving = new AbortController();
    const call = service.wrap(KEY, AT, { signal: leaving.signal });
    leaving.abort(new Error('the caller left'));
    await expect(call).rejects.toThrow('the caller left');
  });

  it('takes so many calls at a time, and says when there are more', async () => {
    const service = await open();
    kms.always('hang');
    const leaving = new AbortController();
    const calls = Array.from({ length: 1100 }, () => service.wrap(KEY, AT, { signal: leaving.signal }));
    await expect(Promise.any(calls.map((call) => call.catch((error) => error)))).resolves.toMatchObject({
      code: 'crypto.key_service_unavailable',
      facts: { reason: 'too many calls at once' },
    });
    leaving.abort(new Error('the caller left'));
    await Promise.allSettled(calls);
  });

  it('tells a broken connection as unavailable', async () => {
    const service = await open();
    kms.next('drop');
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({
      code: 'crypto.key_service_unavailable',
      facts: { reason: 'ECONNRESET' },
    });
  });

  it('rests after failing again and again, and says so without calling', async () => {
    const service = await open();
    kms.always(kms.error('KMSInternalException', '', 500));
    for (let call = 0; call < 5; call++) await service.wrap(KEY, AT).catch(() => {});
    kms.requests.length = 0;
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({
      code: 'crypto.key_service_unavailable',
      facts: { reason: 'it failed repeatedly and rests for a moment' },
    });
    expect(kms.requests).toHaveLength(0);
  });

  it('signs anew with the right time where the clock of this machine is off', async () => {
    const service = await open({ retries: 1 });
    const later = new Date(Date.now() + 3_600_000).toUTCString();
    const skewed = kms.error('InvalidSignatureException', 'Signature expired: it is now an hour later');
    kms.next({ ...skewed, headers: { ...skewed.headers, date: later } });
    await service.wrap(KEY, AT);
    const [first, second] = kms.requests.slice(-2).map(({ headers }) => String(headers['x-amz-date']));
    expect(second!.slice(0, 11) > first!.slice(0, 11)).toBe(true);
  });

  it.each([
    ['nothing in it', {}],
    ['no JSON', '<html>'],
  ])('takes a reply with %s for none', async (_, body) => {
    const service = await open({ retries: 1 });
    kms.next({ status: 200, body });
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(current);
    kms.next({ status: 200, body });
    expect(await service.keys()).toHaveLength(2);
  });

  it('refuses what comes back in another length than it went', async () => {
    const service = await open();
    const wrapped = await service.wrap(KEY, AT);
    kms.next({ status: 200, body: { KeyId: current, Plaintext: 'AAAA' } });
    await expect(service.unwrap(wrapped, AT)).rejects.toMatchObject({ code: 'crypto.unwrap_refused' });
  });
});

describe('what stops the boot', () => {
  it.each([
    ['a key that is not there', { keyId: 'alias/nobody' }, 'crypto.key_unknown'],
    ['another region', { region: 'us-east-1' }, 'crypto.key_service_unauthorised'],
    ['no region', { region: undefined }, 'crypto.key_service_refused'],
    ['an unknown option', { kmsKey: 'x' }, 'provider.options'],
    ['an address inside the network that nobody has listed', { endpoint: 'http://10.1.2.3' }, 'outgoing.refused'],
  ])('%s', async (_, changed, code) => {
    await expect(open(changed)).rejects.toMatchObject({ code });
  });

  it('an address whose name leads inside the network', async () => {
    const before = outgoingRules();
    const resolve = (
      _: unknown,
      __: unknown,
      done: (error: null, found: { address: string; family: number }[]) => void,
    ) => done(null, [{ address: '10.1.2.3', family: 4 }]);
    setOutgoingRules(OutgoingRules.allowing([], { resolve }));
    const opening = open({ endpoint: 'https://kms.example.com' }).finally(() => setOutgoingRules(before));
    await expect(opening).rejects.toMatchObject({ code: 'outgoing.refused' });
  });

  it('a key that is disabled', async () => {
    kms.setState(current, 'Disabled');
    await expect(open()).rejects.toMatchObject({ code: 'crypto.key_disabled' });
  });

  it('a key that is for signing', async () => {
    const keyId = kms.makeKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' });
    await expect(open({ keyId })).rejects.toMatchObject({
      code: 'crypto.key_service_refused',
      message: expect.stringContaining('RSA_2048, for SIGN_VERIFY'),
    });
  });

  it('a use that the key does not allow, said by the service only', async () => {
    kms.next({ altered: (reply) => reply }, { altered: (reply) => reply }, kms.error('InvalidKeyUsageException'));
    await expect(open()).rejects.toMatchObject({ code: 'crypto.key_service_refused' });
  });

  it('no credentials', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    await expect(open()).rejects.toMatchObject({
      code: 'crypto.key_service_unauthorised',
      message: expect.stringContaining('CredentialsProviderError'),
    });
  });

  it('a service that leaves out the encryption context', async () => {
    const forgetful = { altered: () => ({ status: 200, body: { KeyId: current, Plaintext: wrappedByLast() } }) };
    kms.next(...Array.from({ length: 3 }, () => ({ afterMs: 0 })), forgetful, forgetful);
    await expect(open()).rejects.toMatchObject({
      code: 'crypto.key_service_refused',
      message: expect.stringContaining('unwraps a key that was wrapped for another name'),
    });
  });

  it('the package of the SDK missing, and says what to install', async () => {
    const absent = awsSdk(() => Promise.reject(new Error('Cannot find package')));
    await expect(absent).rejects.toMatchObject({
      code: 'crypto.key_service_refused',
      message: expect.stringContaining('npm install @aws-sdk/client-kms'),
    });
  });
});

/** The plain text that was last sent to be wrapped. */
function wrappedByLast(): string {
  const sent = kms.requests.map(({ body }) => JSON.parse(body) as { Plaintext?: string });
  return sent.findLast(({ Plaintext }) => Plaintext !== undefined)!.Plaintext!;
}
