// What only one language has: signals and page bodies in TypeScript, many threads and contexts of TLS in Python.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { UnreachableError } from '../../clients/typescript/src/failure.js';
import { ReskClient } from '../../clients/typescript/src/index.js';
import { linesBody } from '../../clients/typescript/src/lines.js';
import { operations } from '../../clients/typescript/src/operations.gen.js';
import { mayRepeat, pauseAfter, retryAfterMs } from '../../clients/typescript/src/retry.js';
import { Misbehaving } from '../doubles/misbehaving.js';
import { anAuthority } from '../support/certificates.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { python } from './callers.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

async function aBadWay(): Promise<Misbehaving> {
  const way = await Misbehaving.inFrontOf(server.url);
  onTestFinished(() => way.stop());
  return way;
}

describe('in TypeScript', () => {
  it('a signal ends a call with its reason, also between two tries', async () => {
    const way = await aBadWay();
    const client = new ReskClient({ baseUrl: way.url, token: server.token() });
    for (const fault of ['hang', { status: 503, retryAfter: '20' }] as const) {
      way.always(fault);
      const stop = new AbortController();
      const onReply = () => setTimeout(() => stop.abort('enough'), 10);
      if (fault === 'hang') setTimeout(() => stop.abort('enough'), 100);
      await expect(client.cacheEntries({}, { signal: stop.signal, onReply })).rejects.toBe('enough');
    }
    await expect(client.cacheEntries({}, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
  });

  it('what a hook throws is thrown as it is, and the call is not sent again', async () => {
    const way = await aBadWay();
    const client = new ReskClient({ baseUrl: way.url, token: server.token() });
    const onReply = () => {
      throw new Error('of the hook');
    };
    await expect(client.cacheEntries({}, { onReply })).rejects.toThrow('of the hook');
    expect(way.requests).toHaveLength(1);
  });

  it('a fetch of the caller’s own is used, headers too', async () => {
    const seen: string[] = [];
    const client = new ReskClient({
      baseUrl: `${server.url}/`,
      token: server.token(),
      headers: { 'x-correlation-id': 'own-1' },
      fetch: (url, init) => {
        seen.push(`${init.method} ${url} ${new Headers(init.headers).get('x-correlation-id')}`);
        return fetch(url, init);
      },
    });
    await client.cacheEntries({ limit: 3 });
    expect(seen).toEqual([`GET ${server.url}/api/cache/entries?limit=3 own-1`]);
  });

  it('lines are gathered where a body cannot be streamed', async () => {
    async function* lines() {
      yield { id: 'a' };
      yield { id: 'b' };
    }
    const body = await linesBody(lines(), { streams: false });
    expect(body).toBeInstanceOf(Blob);
    expect(await (body as Blob).text()).toBe('{"id":"a"}\n{"id":"b"}\n');
    await expect(linesBody([undefined])).rejects.toThrow('a line must be a JSON value');
  });

  it('what was never sent may be sent again in any case', () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const never = new UnreachableError('x', 'x', { cause: new TypeError('fetch failed', { cause: refused }) });
    expect(mayRepeat(operations.cacheWrite, new Headers(), never)).toBe(true);
    expect(mayRepeat(operations.cacheWrite, new Headers(), new UnreachableError('x', 'x'))).toBe(false);
    expect(
      mayRepeat(operations.cacheWrite, new Headers({ 'idempotency-key': 'k' }), new UnreachableError('x', 'x')),
    ).toBe(true);
  });

  it('pauses grow, at random, up to what may be waited', () => {
    const error = new UnreachableError('x', 'x');
    expect([0, 1, 2, 20].map((tries) => pauseAfter(error, tries, 30_000, () => 1))).toEqual([250, 500, 1000, 8000]);
    expect(pauseAfter(error, 20, 700, () => 1)).toBe(700);
    expect(pauseAfter(error, 3, 30_000, () => 0)).toBe(0);
  });

  it.each([
    ['3', 3000],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 9000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
  ])('retry-after %s is understood', (text, expected) => {
    expect(retryAfterMs(new Headers({ 'retry-after': text }), 1000)).toBe(expected);
  });
});

describe('in Python', () => {
  it('many threads share one client', async () => {
    const code = `
import sys, threading
from resk_caching_client import ReskClient
with ReskClient(sys.argv[1], sys.argv[2]) as client:
    failed = []
    def ask(n):
        try:
            for i in range(10):
                client.query_ask({"query": f"{n} {i}"})
        except Exception as error:
            failed.append(error)
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
    for one in threads: one.start()
    for one in threads: one.join()
    print(failed)
client.close()
`;
    expect(await python(code, server.url, server.token())).toBe('[]');
  });

  it('a connection that the server has ended in the meantime is not used again', async () => {
    const code = `
import sys
from resk_caching_client import ReskClient
client = ReskClient(sys.argv[1], sys.argv[2], retries=0)
client.operations_health()
kept = client._transport._connections._idle[0][0]
kept.sock.sock.shutdown(2)
print(client.operations_health()["status"])
print(client._transport._connections._idle[0][0] is kept)
client.close()
`;
    expect(await python(code, server.url, server.token())).toMatch(/^\w+\nFalse$/);
  });

  it('a certificate is checked, against the authority that is named', async () => {
    const authority = anAuthority('of the test');
    const folder = mkdtempSync(join(tmpdir(), 'tls-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { cert, key } = authority.issue({ subject: [['CN', 'server']], ips: ['127.0.0.1'] });
    for (const [name, text] of Object.entries({ cert, key, ca: authority.cert }))
      writeFileSync(join(folder, name), text);
    const secured = await startTestServer({ TLS_CERT: join(folder, 'cert'), TLS_KEY: join(folder, 'key') });
    onTestFinished(() => secured.stop());
    const code = `
import ssl, sys
from resk_caching_client import ReskClient, UnreachableError
context = ssl.create_default_context(cafile=sys.argv[2])
with ReskClient(sys.argv[1], ssl_context=context) as client:
    print(client.operations_health()["status"], client.operations_health()["status"])
try:
    ReskClient(sys.argv[1], retries=0).operations_health()
except UnreachableError as error:
    print(error.sent, type(error.__cause__).__name__)
`;
    expect(await python(code, secured.url, join(folder, 'ca'))).toMatch(/^(\w+) \1\nFalse SSLCertVerificationError$/);
  });

  it('retry-after is understood as a number and as a date, and nothing else', async () => {
    const code = `
from datetime import datetime, timezone
from resk_caching_client._retry import retry_after
now = datetime(1970, 1, 1, 0, 0, 1, tzinfo=timezone.utc)
texts = ["3", "Thu, 01 Jan 1970 00:00:10 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "soon", "-1", "\\u0663"]
print([retry_after({"retry-after": text}, now) for text in texts])
`;
    expect(await python(code)).toBe('[3.0, 9.0, 0.0, None, None, None]');
  });
});
