// Limits hold whatever a request says of itself, count each caller alone, and keep only so much in memory.
import { expect, onTestFinished, test } from 'vitest';
import { SCOPES } from '#auth';
import { startTestServer } from '../support/server.js';

async function aServer(env: Record<string, string>) {
  const server = await startTestServer(env);
  onTestFinished(() => server.stop());
  return server;
}

const QUESTION = { query: 'How much is too much?' };

test('rate-limit evasion by header, scheme case, IPv6 suffix', async () => {
  const server = await aServer({
    RATE_LIMIT_MAX: '5',
    RATE_LIMIT_UNAUTHENTICATED_MAX: '5',
    LOCKOUT_FAILURES: '0',
  });
  const token = server.token();
  const ask = async (headers: Record<string, string>, sent: string | null = token) =>
    (await server.send('POST', '/api/cache/query', { token: sent, body: QUESTION, headers })).status;
  for (let at = 0; at < 5; at++) await ask({});
  const said: Record<string, string>[] = [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-real-ip': '203.0.113.9' },
    { forwarded: 'for=203.0.113.9;proto=https' },
    { 'true-client-ip': '203.0.113.9', 'cf-connecting-ip': '203.0.113.9' },
    { 'x-forwarded-host': 'elsewhere.example' },
    { 'x-original-url': '/health' },
    { 'x-http-method-override': 'GET' },
    { authorization: `BEARER ${token}` },
    { authorization: `bearer  ${token}` },
    { 'x-correlation-id': 'another' },
    { 'user-agent': 'another' },
  ];
  for (const headers of said) expect(await ask(headers), JSON.stringify(headers)).not.toBe(200);
  // Nobody knows the caller: the address is counted, whatever it says of itself.
  const strangers: number[] = [];
  for (let at = 0; at < 12; at++)
    strangers.push(await ask({ 'x-forwarded-for': `203.0.113.${at}` }, `not.a.token${at}`));
  expect(strangers.filter((status) => status === 401).length).toBeLessThanOrEqual(5);
  expect(strangers.at(-1)).toBe(429);

  // Behind a proxy that is believed, one household is one address: the last 64 bits are theirs to choose.
  const behind = await aServer({
    TRUSTED_PROXIES: '127.0.0.0/8',
    RATE_LIMIT_UNAUTHENTICATED_MAX: '5',
    LOCKOUT_FAILURES: '0',
  });
  const from = async (address: string) =>
    (
      await behind.send('POST', '/api/cache/query', {
        token: null,
        body: QUESTION,
        headers: { 'x-forwarded-for': address },
      })
    ).status;
  const spellings = [
    '2001:db8:1:2::1',
    '2001:db8:1:2:ffff:ffff:ffff:ffff',
    '2001:0DB8:0001:0002:0000:0000:0000:0003',
    '2001:db8:1:2::192.0.2.4',
    '[2001:db8:1:2::5]:4711',
  ];
  for (const address of spellings) expect(await from(address), address).toBe(401);
  expect(await from('2001:db8:1:2:dead:beef:0:1')).toBe(429);
  expect(await from('2001:db8:1:3::1')).toBe(401);
  // An IPv4 address in IPv6 clothes is the IPv4 address.
  for (let at = 0; at < 5; at++) await from(at % 2 === 0 ? '198.51.100.7' : '::ffff:198.51.100.7');
  expect(await from('::ffff:c633:6407')).toBe(429);
});

test('shared bucket for all JWT users', async () => {
  const server = await aServer({ RATE_LIMIT_MAX: '5', RATE_LIMIT_ADDRESS_MAX: '1000' });
  const ask = async (about: { tenant?: string; subject?: string }) =>
    (await server.send('POST', '/api/cache/query', { token: server.token(about), body: QUESTION })).status;
  for (let at = 0; at < 8; at++) await ask({ tenant: 'north', subject: 'ann' });
  expect(await ask({ tenant: 'north', subject: 'ann' })).toBe(429);
  // Not the next subject, not the same one of another tenant, not one whose name is spelled to collide.
  for (const other of [
    { tenant: 'north', subject: 'bob' },
    { tenant: 'south', subject: 'ann' },
    { tenant: 'north.ann', subject: 'ann' },
    { tenant: 'nort', subject: 'h:ann' },
    { tenant: 'north', subject: 'Ann' },
  ]) {
    expect(await ask(other), JSON.stringify(other)).toBe(200);
  }
});

test('unbounded buckets, labels, tokens, nonces', { timeout: 120_000 }, async () => {
  const server = await aServer({
    RATE_LIMIT_MAX: '1000000',
    JWT_MAX_REMEMBERED: '50',
    TRUSTED_PROXIES: '127.0.0.0/8',
    LOCKOUT_FAILURES: '3',
    CACHE_MEMORY_MAX: '1MiB',
  });
  const series = async () => {
    const { text } = await server.send('GET', '/api/metrics', { token: null });
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  };
  const strange = async (at: number) => {
    const headers = { 'x-forwarded-for': `2001:db8:${(at % 65_536).toString(16)}:${at >> 4}::1` };
    await Promise.all([
      server.send('GET', `/api/nothing/${at}/${'x'.repeat(at % 50)}`, { token: null, headers }),
      server.send('PATCH', `/api/cache?n=${at}`, { token: null, headers }),
      server.send('POST', '/api/cache/query', { token: `bad.token.${at}`, body: QUESTION, headers }),
      server.send('POST', '/api/cache', {
        token: server.token({ tenant: `tenant-${at}`, subject: `s${at}`, scopes: SCOPES }),
        body: { query: `q${at}`, response: 'x'.repeat(500), model: `m${at}`, language: 'en', tags: [`t${at}`] },
        headers: { ...headers, 'idempotency-key': `k${at}` },
      }),
    ]);
  };
  for (let at = 0; at < 50; at++) await strange(at);
  const few = await series();
  for (let at = 50; at < 1000; at += 25) await Promise.all(Array.from({ length: 25 }, (_, more) => strange(at + more)));
  // A thousand tenants, paths, addresses and tokens later there is not one series more than a handful of new statuses.
  expect(await series()).toBeLessThan(few + 60);
  const { text } = await server.send('GET', '/api/metrics', { token: null });
  expect(text).not.toMatch(/tenant-\d|nothing\/|"m\d|2001:db8/);
  const held = /^resk_cache_bytes\{tier="memory"\} (\S+)/m.exec(text);
  expect(Number(held![1])).toBeLessThanOrEqual(1024 ** 2);
});
