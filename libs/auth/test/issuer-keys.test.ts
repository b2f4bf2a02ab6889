// An issuer's keys: asked for ahead of need and no more often than allowed, used on while it is down, and dropped when it drops them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { authSection, issuerKeys, openVerifier } from '#auth';
import { readConfig } from '#config';
import { type Announcements, listen } from '#ports';
import {
  anEcPair,
  anRsaPair,
  type Behaviour,
  type IssuerServer,
  json,
  type KeyPair,
  published,
  startIssuer,
} from '../../../test/doubles/token-issuer.js';
import { aToken, Clock } from './token-builders.js';

const first = anRsaPair();
const second = anRsaPair();
const ec = anEcPair();
const MINUTE = 60_000;

let issuer: IssuerServer;
let clock: Clock;
beforeEach(async () => {
  clock = new Clock();
  issuer = await startIssuer([published(first, { kid: 'first' }), published(ec, { kid: 'ec' })]);
});
const closers: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await issuer.stop();
});

function configured(variables: Record<string, string>) {
  const all: Record<string, string> = { JWT_ALGORITHMS: 'RS256,ES256', JWT_JWKS_TIMEOUT: '300ms', ...variables };
  const lookUp = (name: string) =>
    all[name] === undefined ? undefined : { text: all[name], source: 'environment' as const };
  return readConfig([authSection], { lookUp }).auth;
}

async function opened(variables: Record<string, string> = { JWT_JWKS_URL: `${issuer.url}/keys` }) {
  const config = configured(variables);
  const keys = issuerKeys(config, { now: clock.now })!;
  closers.push(() => keys.close());
  const verifier = openVerifier(config, { dataDir: '', issuer: keys });
  await keys.open();
  return { keys, verifier };
}

const signed = (pair: KeyPair, kid?: string, algorithm: 'RS256' | 'ES256' = 'RS256') =>
  aToken({ jti: Math.random().toString(36) }, { algorithm, key: pair.privateKey, ...(kid && { keyid: kid }) });
const asked = () => issuer.asked['/keys'] ?? 0;
const down = () => {
  issuer.behave = (reply) => void reply.socket!.destroy();
};

describe('tokens of an issuer', () => {
  test('are believed by the key that they name', async () => {
    const { verifier } = await opened();
    expect((await verifier.verify(signed(first, 'first'))).subject).toBe('ada');
    expect((await verifier.verify(signed(ec, 'ec', 'ES256'))).subject).toBe('ada');
    await expect(verifier.verify(signed(second, 'first'))).rejects.toMatchObject({ code: 'auth.signature' });
    await expect(verifier.verify(aToken())).rejects.toMatchObject({ code: 'auth.algorithm' });
    expect(asked()).toBe(1);
  });

  test('are believed without a key id where only one key fits', async () => {
    const { verifier } = await opened();
    expect((await verifier.verify(signed(first))).subject).toBe('ada');
  });

  test('are believed by keys that its own document leads to', async () => {
    const { verifier } = await opened({ JWT_DISCOVERY: 'true', JWT_ISSUER: issuer.url });
    const token = aToken({ iss: issuer.url }, { algorithm: 'RS256', key: first.privateKey, keyid: 'first' });
    expect((await verifier.verify(token)).subject).toBe('ada');
    await expect(verifier.verify(signed(first, 'first'))).rejects.toMatchObject({ code: 'auth.audience' });
  });

  test.each([
    ['of another issuer', () => ({ issuer: 'http://127.0.0.1:1', jwks_uri: `${issuer.url}/keys` })],
    ['without a place', () => ({ issuer: issuer.url })],
    ['with a place that is no URL', () => ({ issuer: issuer.url, jwks_uri: 'file:///etc/passwd' })],
  ])('are not believed by a document %s', async (_, document) => {
    issuer.behave = (reply) => json(reply, document());
    const { verifier } = await opened({ JWT_DISCOVERY: 'true', JWT_ISSUER: issuer.url });
    const token = aToken({ iss: issuer.url }, { algorithm: 'RS256', key: first.privateKey });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'auth.keys_unavailable' });
    expect(asked()).toBe(0);
  });
});

describe('an unknown key id', () => {
  test('makes the keys be fetched again, once in a while at most', async () => {
    const { verifier } = await opened();
    const unknown = () =>
      expect(verifier.verify(signed(second, `made-up-${Math.random()}`))).rejects.toMatchObject({
        code: 'auth.key_unknown',
        kind: 'unauthenticated',
      });
    await Promise.all(Array.from({ length: 20 }, unknown));
    expect(asked()).toBe(1);
    clock.advance(10_000);
    await Promise.all(Array.from({ length: 20 }, unknown));
    expect(asked()).toBe(2);
  });

  test('is known once the issuer publishes it', async () => {
    const { verifier } = await opened();
    issuer.keys.push(published(second, { kid: 'second' }));
    clock.advance(10_000);
    expect((await verifier.verify(signed(second, 'second'))).subject).toBe('ada');
    expect((await verifier.verify(signed(first, 'first'))).subject).toBe('ada');
    expect(asked()).toBe(2);
  });

  test('costs the known ones nothing, while the issuer is asked about it', async () => {
    const { verifier } = await opened();
    clock.advance(10_000);
    issuer.behave = () => undefined;
    const waiting = verifier.verify(signed(second, 'second')).catch((error: unknown) => error);
    expect(verifier.keyFor(signed(first, 'first'))).not.toBeInstanceOf(Promise);
    expect((await verifier.verify(signed(first, 'first'))).subject).toBe('ada');
    expect(await waiting).toMatchObject({ code: 'auth.keys_unavailable' });
  });
});

describe('keys that have aged', () => {
  test('are fetched again before anybody needs it, and not earlier', async () => {
    const { keys } = await opened();
    await keys.tick();
    clock.advance(9 * MINUTE);
    await keys.tick();
    expect(asked()).toBe(1);
    clock.advance(MINUTE);
    await keys.tick();
    expect(asked()).toBe(2);
  });

  test('and are published no more are forgotten, with the callers that were believed by them', async () => {
    const { keys, verifier } = await opened();
    const token = signed(first, 'first');
    await verifier.verify(token);
    issuer.keys = [published(second, { kid: 'second' })];
    clock.advance(10 * MINUTE);
    expect(verifier.remembered(token)).toBeDefined();
    await keys.tick();
    expect(verifier.remembered(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'auth.key_unknown' });
  });

  test('leave callers remembered where keys were only added', async () => {
    const { keys, verifier } = await opened();
    const token = signed(first, 'first');
    await verifier.verify(token);
    issuer.keys.push(published(second, { kid: 'second' }));
    clock.advance(10 * MINUTE);
    await keys.tick();
    expect(verifier.remembered(token)).toBeDefined();
  });
});

describe('an issuer that is down', () => {
  const told = () => {
    const heard: string[] = [];
    const stops = (['provider.degraded', 'provider.recovered'] as const).map((name) =>
      listen(name, ({ family }: Announcements[typeof name]) => heard.push(`${name} ${family}`)),
    );
    closers.push(async () => {
      for (const stop of stops) stop();
    });
    return heard;
  };

  test('leaves its keys in use, for so long and no longer; back again, it is believed again', async () => {
    const { keys, verifier } = await opened();
    down();
    clock.advance(23 * 60 * MINUTE);
    await keys.tick();
    expect((await verifier.verify(signed(first, 'first'))).subject).toBe('ada');
    // What it does not know may be new: that is not the caller's fault.
    const unknown = await verifier.verify(signed(second, 'second')).catch((error: unknown) => error);
    expect(unknown).toMatchObject({ code: 'auth.keys_unavailable', kind: 'unavailable' });
    expect((unknown as { retryAfterMs: number }).retryAfterMs).toBeGreaterThanOrEqual(1000);
    clock.advance(60 * MINUTE);
    await expect(verifier.verify(signed(first, 'first'))).rejects.toMatchObject({ code: 'auth.keys_unavailable' });
    issuer.behave = undefined;
    clock.advance(10 * MINUTE);
    expect((await verifier.verify(signed(first, 'first'))).subject).toBe('ada');
  });

  test('is told of when it fails again and again, and not for one fetch', async () => {
    const heard = told();
    const { keys } = await opened();
    const fetched = async (times: number) => {
      for (let at = 0; at < times; at++) {
        clock.advance(60 * MINUTE);
        await keys.tick();
      }
    };
    down();
    await fetched(2);
    issuer.behave = undefined;
    await fetched(1);
    expect(heard).toEqual([]);
    down();
    await fetched(4);
    expect(heard).toEqual(['provider.degraded token-issuer']);
    issuer.behave = undefined;
    await fetched(2);
    expect(heard).toEqual(['provider.degraded token-issuer', 'provider.recovered token-issuer']);
  });

  test('is asked ever more rarely', async () => {
    down();
    const { keys } = await opened();
    const tries = [];
    for (let second = 0; second < 400; second++) {
      clock.advance(1000);
      const before = asked();
      await keys.tick();
      if (asked() > before) tries.push(second);
    }
    // After 20, 40, 80 and 160 seconds; each try is two attempts.
    expect(tries).toEqual([19, 59, 139, 299]);
  });

  test('does not keep the service from starting, and is found when it is up', async () => {
    down();
    const { verifier } = await opened();
    await expect(verifier.verify(signed(first, 'first'))).rejects.toMatchObject({ code: 'auth.keys_unavailable' });
    issuer.behave = undefined;
    clock.advance(20_000);
    expect((await verifier.verify(signed(first, 'first'))).subject).toBe('ada');
  });
});

describe('a reply that is', () => {
  const redirecting: Behaviour = (reply) => reply.writeHead(302, { location: `${issuer.url}/elsewhere` }).end();
  test.each<[string, Behaviour]>([
    ['silence', () => undefined],
    ['a redirect', redirecting],
    ['larger than 256 KiB', (reply) => json(reply, { keys: [], more: 'x'.repeat(300 * 1024) })],
    ['endless', (reply) => void reply.writeHead(200).write('{"keys":['.padEnd(2 * 1024 ** 2, ' '))],
    ['more than a hundred keys', (reply) => json(reply, { keys: Array.from({ length: 101 }, () => published(first)) })],
    ['an error', (reply) => void reply.writeHead(500).end()],
    ['not JSON', (reply) => void reply.writeHead(200).end('<html>')],
    ['of another form', (reply) => json(reply, [published(first)])],
    ['without a usable key', (reply) => json(reply, { keys: [{ kty: 'oct', k: 'AAAA' }] })],
  ])('%s takes nothing from the keys at hand', async (_, behave) => {
    const { keys, verifier } = await opened();
    issuer.behave = behave;
    clock.advance(10 * MINUTE);
    await keys.tick();
    expect(asked()).toBeGreaterThan(1);
    expect(issuer.asked['/elsewhere']).toBeUndefined();
    expect((await verifier.verify(signed(first, 'first'))).subject).toBe('ada');
  });
});
