// Vault's transit engine, against a double that keeps tokens and versions, really encrypts, and goes wrong as Vault does.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderFamily } from '#config';
import { type KeyService, keyServiceContract } from '#ports';
import { VaultDouble } from '../../../test/doubles/vault.js';
import { Clock } from '../../../test/support/clock.js';
import provider from '../src/providers/vault.js';

const AT = { tenant: 'north', dataKeyId: 'key-1' };
const KEY = new Uint8Array(32).fill(7);

let vault: VaultDouble;
let folder: string;
let key: string;
let formerKey: string;
const opened: KeyService[] = [];

async function open(changed: Record<string, unknown> = {}): Promise<KeyService> {
  const builtIns = { vault: async () => provider };
  const family = new ProviderFamily({ family: 'key-service', variable: 'KEY_SERVICE', builtIns });
  const auth = { kind: 'token', token: vault.issueToken() };
  const usual = { address: vault.url, key, formerKeys: [formerKey], auth, retries: 0 };
  const service = await family.open('vault', { ...usual, ...changed });
  opened.push(service);
  return service;
}

async function fileWith(text: string): Promise<string> {
  const file = join(folder, 'token');
  await writeFile(file, text);
  return file;
}

const asked = (part: string) => vault.requests.filter(({ target }) => target.includes(part));

beforeAll(async () => {
  vault = await VaultDouble.start();
  folder = await mkdtemp(join(tmpdir(), 'vault-'));
});

beforeEach(() => {
  key = vault.makeKey({ versions: 3 });
  formerKey = vault.makeKey();
});

afterEach(async () => {
  vi.useRealTimers();
  vault.always();
  vault.requests.length = 0;
  vault.namespace = undefined;
  vault.ignoresAssociatedData = false;
  vault.leaseSeconds = 3600;
  for (const service of opened.splice(0)) await service.close();
});

afterAll(async () => {
  await vault.stop();
  await rm(folder, { recursive: true });
});

describe('the contract of key services', () => {
  for (const { name, run } of keyServiceContract(() => open())) it(name, run);
});

describe('which key is used', () => {
  it('wraps under the latest version, whichever it is by now', async () => {
    const service = await open();
    const before = await service.wrap(KEY, AT);
    vault.rotate(key);
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(`${key}:v4`);
    expect(await service.unwrap(before, AT)).toEqual(KEY);
  });

  it('tells the state of every version that is not trimmed away', async () => {
    vault.configure(key, { min_decryption_version: 3, min_available_version: 2 });
    const service = await open();
    expect(await service.keys()).toEqual([
      { masterKeyId: `${key}:v2`, state: 'disabled' },
      { masterKeyId: `${key}:v3`, state: 'current' },
      { masterKeyId: `${formerKey}:v1`, state: 'former' },
    ]);
  });

  it('does not unwrap where the version that was noted is another than the one in the text', async () => {
    const service = await open();
    const { wrapped } = await service.wrap(KEY, AT);
    const moved = service.unwrap({ masterKeyId: `${key}:v1`, wrapped }, AT);
    await expect(moved).rejects.toMatchObject({ code: 'crypto.unwrap_refused' });
  });

  it('never asks for a key of the engine that is not configured', async () => {
    const other = vault.makeKey();
    const service = await open();
    const wrapped = { ...(await service.wrap(KEY, AT)), masterKeyId: `${other}:v3` };
    vault.requests.length = 0;
    await expect(service.unwrap(wrapped, AT)).rejects.toMatchObject({ code: 'crypto.key_unknown' });
    await expect(service.wrap(KEY, AT, wrapped)).rejects.toMatchObject({ code: 'crypto.key_unknown' });
    expect(vault.requests).toHaveLength(0);
  });
});

describe('credentials', () => {
  it('from a file are read again when they are refused, since an agent keeps them fresh', async () => {
    const file = await fileWith(`${vault.issueToken()}\n`);
    const service = await open({ auth: { kind: 'token-file', file } });
    vault.revokeTokens();
    await fileWith(vault.issueToken());
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(`${key}:v3`);
  });

  it('from a file are read again after a minute', async () => {
    const clock = Clock.stop();
    const file = await fileWith(vault.issueToken());
    const service = await open({ auth: { kind: 'token-file', file } });
    const fresh = vault.issueToken();
    await fileWith(fresh);
    clock.advance(60);
    await service.wrap(KEY, AT);
    expect(vault.requests.at(-1)!.headers['x-vault-token']).toBe(fresh);
  });

  it('of a pod are exchanged for a token by a login, in its namespace, and again before that ends', async () => {
    const clock = Clock.stop();
    vault.namespace = 'teams/cache';
    const auth = { kind: 'kubernetes', role: 'cache', file: await fileWith(vault.serviceAccountToken) };
    const service = await open({ auth, namespace: 'teams/cache' });
    await service.wrap(KEY, AT);
    expect(asked('/login')).toHaveLength(1);
    clock.advance(3550);
    await service.wrap(KEY, AT);
    expect(asked('/login')).toHaveLength(2);
  });

  it('that do not end are used for ever', async () => {
    const clock = Clock.stop();
    vault.leaseSeconds = 0;
    const auth = { kind: 'kubernetes', role: 'cache', file: await fileWith(vault.serviceAccountToken) };
    const service = await open({ auth });
    clock.advance(10 * 365 * 86_400);
    await service.wrap(KEY, AT);
    expect(asked('/login')).toHaveLength(1);
  });

  it('that do not come for the moment are asked for again', async () => {
    const auth = { kind: 'kubernetes', role: 'cache', file: await fileWith(vault.serviceAccountToken) };
    vault.next(vault.error(503, 'Vault is sealed'));
    const service = await open({ auth, retries: 1 });
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(`${key}:v3`);
  });

  it.each([
    ['a role that is not there', 'nobody', 'eyJ'],
    ['a pod that may not', 'cache', 'another token'],
  ])('of a pod that are refused stop the boot: %s', async (_, role, text) => {
    const auth = { kind: 'kubernetes', role, file: await fileWith(text) };
    const call = open({ auth });
    await expect(call).rejects.toMatchObject({ code: 'crypto.key_service_unauthorised' });
    await expect(call).rejects.not.toThrow(/token|eyJ/);
  });

  it('are shown by nothing that prints the options', async () => {
    const token = vault.issueToken();
    const checked = await provider.options['~standard'].validate({
      address: vault.url,
      key,
      auth: { kind: 'token', token },
    });
    expect(JSON.stringify(checked)).not.toContain(token);
  });

  it('that are refused twice are a matter of rights, told with what the policy needs', async () => {
    const service = await open();
    vault.revokeTokens();
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({
      code: 'crypto.key_service_unauthorised',
      message: expect.stringContaining('update to encrypt/NAME'),
    });
  });
});

describe('what goes wrong', () => {
  it('says that a version is disabled, both ways', async () => {
    const service = await open();
    const wrapped = await service.wrap(KEY, AT, { masterKeyId: `${key}:v1` });
    vault.configure(key, { min_decryption_version: 2, min_encryption_version: 2 });
    const disabled = { code: 'crypto.key_disabled', facts: { masterKeyId: `${key}:v1` } };
    await expect(service.unwrap(wrapped, AT)).rejects.toMatchObject(disabled);
    await expect(service.wrap(KEY, AT, { masterKeyId: `${key}:v1` })).rejects.toMatchObject(disabled);
  });

  it('says that a key is unknown once it is deleted, or was restored from before its version', async () => {
    const service = await open();
    const { wrapped } = await service.wrap(KEY, AT);
    const later = { masterKeyId: `${key}:v9`, wrapped: wrapped.replace('v3', 'v9') };
    await expect(service.unwrap(later, AT)).rejects.toMatchObject({ code: 'crypto.key_unknown' });
    vault.remove(key);
    for (const call of [
      service.wrap(KEY, AT),
      service.unwrap({ masterKeyId: `${key}:v3`, wrapped }, AT),
      service.keys(),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'crypto.key_unknown' });
    }
  });

  it('calls again when it is throttled, and tells how long to wait where that is longer than it may', async () => {
    const service = await open({ retries: 1 });
    vault.next(vault.throttled('0'));
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(`${key}:v3`);
    vault.next(vault.throttled('30'));
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({
      code: 'crypto.key_service_unavailable',
      facts: { reason: 'throttled' },
      retryAfterMs: 30_000,
    });
  });

  it.each([
    ['while it is sealed', 503, 'Vault is sealed'],
    ['while its storage is down', 500, '1 error occurred'],
    ['while a replica is behind', 412, 'required index state not present'],
  ])('calls again %s', async (_, status, said) => {
    const service = await open({ retries: 1 });
    vault.next(vault.error(status, said));
    expect((await service.wrap(KEY, AT)).masterKeyId).toBe(`${key}:v3`);
  });

  it.each([
    ['unwrap', 500, 'cipher: message authentication failed', 'crypto.unwrap_refused'],
    ['unwrap', 400, 'invalid ciphertext: unable to decrypt', 'crypto.unwrap_refused'],
    ['wrap', 400, 'plaintext of a secret: illegal base64', 'crypto.key_service_refused'],
    ['wrap', 307, 'a standby that does not forward', 'crypto.key_service_refused'],
    ['wrap', 404, 'no handler for route', 'crypto.key_unknown'],
  ] as const)('gives the meaning to what it says: %s, %i %s', async (operation, status, said, code) => {
    const service = await open();
    const wrapped = await service.wrap(KEY, AT);
    vault.next(vault.error(status, said));
    const call = operation === 'wrap' ? service.wrap(KEY, AT) : service.unwrap(wrapped, AT);
    await expect(call).rejects.toMatchObject({ code });
    await expect(call).rejects.not.toThrow(/secret/);
  });

  it.each([
    ['a page of a proxy', { status: 502, body: '<html>' }, 'crypto.key_service_unavailable'],
    ['an error of another form', { status: 400, body: { errors: 'no' } }, 'crypto.key_service_refused'],
    ['a text of another form', { status: 200, body: { data: { ciphertext: 'x' } } }, 'crypto.key_service_unavailable'],
    ['a broken connection', 'drop' as const, 'crypto.key_service_unavailable'],
    ['silence', 'hang' as const, 'crypto.key_service_unavailable'],
  ])('understands what is not of the documented form: %s', async (_, plan, code) => {
    const service = await open({ timeoutMs: 200 });
    vault.next(plan);
    await expect(service.wrap(KEY, AT)).rejects.toMatchObject({ code });
  });
});

describe('what stops the boot', () => {
  it.each([
    ['a key of another type', () => ({ key: vault.makeKey({ type: 'rsa-4096' }) }), 'the key is of type rsa-4096.'],
    ['a derived key', () => ({ key: vault.makeKey({ derived: true }) }), 'the key is of type aes256-gcm96, derived.'],
    ['a key that is not there', () => ({ key: 'nobody' }), 'No key with the id nobody'],
    ['a name that leaves its place', () => ({ key: '../../sys/raw' }), 'must be the name of a key'],
    ['a mount that leaves its place', () => ({ mount: '../sys' }), 'must be a path'],
    ['another namespace', () => ({ namespace: 'elsewhere' }), 'namespace of KEY_SERVICE_OPTIONS'],
    ['an address that is not public', () => ({ address: 'http://10.1.2.3:8200' }), 'refused'],
  ])('%s', async (_, changed, said) => {
    await expect(open(changed())).rejects.toThrow(said);
  });

  it('a Vault that leaves out associated data', async () => {
    vault.ignoresAssociatedData = true;
    await expect(open()).rejects.toMatchObject({
      code: 'crypto.key_service_refused',
      message: expect.stringContaining('unwraps a key that was wrapped for another name'),
    });
  });

  it('a Vault that gives back something else', async () => {
    const plaintext = Buffer.alloc(32).toString('base64');
    vault.next({ afterMs: 0 }, { afterMs: 0 }, { status: 200, body: { data: { plaintext } } });
    await expect(open()).rejects.toThrow('what it unwraps is not what was wrapped');
  });

  it('a policy that lets it wrap, and not unwrap', async () => {
    vault.next(
      { afterMs: 0 },
      { afterMs: 0 },
      vault.error(403, '1 error occurred'),
      vault.error(403, 'permission denied'),
    );
    await expect(open()).rejects.toMatchObject({ code: 'crypto.key_service_unauthorised' });
  });

  it('a Vault that fails while it is proven', async () => {
    vault.next({ afterMs: 0 }, { afterMs: 0 }, { afterMs: 0 }, vault.error(500, 'storage'));
    await expect(open()).rejects.toMatchObject({ code: 'crypto.key_service_unavailable' });
  });
});
