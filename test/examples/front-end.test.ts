// The examples for front ends against the real server: a page in a real browser, and pages that a server renders.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text as textFrom } from 'node:stream/consumers';
import jsonwebtoken from 'jsonwebtoken';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

const SECRET = 'a secret of the front end that is long enough';
const HOSTILE = `<img src=x onerror="document.title='broken'">`;

// The examples are JavaScript as a reader copies it, and have no types.
const { CacheClient } = await import('../../examples/front-end/spa/cache.js' as string);
const { pageServer } = await import('../../examples/front-end/spa/server.mjs' as string);
const { renderingServer, escaped } = await import('../../examples/front-end/ssr/server.mjs' as string);
const { textOf } = await import('../../examples/front-end/text-of.mjs' as string);
const { tokenFor } = await import('../../examples/front-end/tokens.mjs' as string);

async function listening(server: Server, port = 0): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A cache that knows three answers, and the pages of one origin. */
async function aCache(env: Record<string, string> = {}): Promise<TestServer> {
  const cache = await startTestServer({ JWT_SECRET: SECRET, ...env });
  onTestFinished(() => cache.stop());
  for (const [query, response] of [
    ['When do you open?', { answer: 'At nine.' }],
    ['Hostile', { answer: HOSTILE }],
    ['When do you close?', 'At five.'],
  ]) {
    // A writer each: where the limit is low, it is the page's that counts.
    const { token } = tokenFor({ tenant: 'north', subject: `writer of ${query}`, scope: 'cache:write' }, SECRET);
    const { status } = await cache.send('POST', '/api/cache', {
      token,
      body: { query, response, ttl: 600 },
    });
    expect(status).toBe(200);
  }
  return cache;
}

describe('the single-page application', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  /** The page, and the cache that it asks: each knows the other's origin. */
  async function aPage(given: { env?: Record<string, string>; signedIn?: () => boolean; strangers?: boolean } = {}) {
    const { env, signedIn = () => true, strangers = false } = given;
    const handed: string[] = [];
    const tenantOf = () => {
      handed.push('token');
      return signedIn() ? { tenant: 'north', subject: 'ann' } : undefined;
    };
    const port = await freePort();
    const own = `http://127.0.0.1:${port}`;
    const cache = await aCache({ CORS_ORIGINS: strangers ? 'https://other.example' : own, ...env });
    const url = await listening(pageServer({ cacheUrl: cache.url, secret: SECRET, tenantOf }), port);
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(url);
    const ask = async (question: string) => {
      await page.fill('#question', question);
      await page.click('#send');
      await page.locator('#send:not([disabled])').waitFor();
      return { answer: await page.textContent('#answer'), source: await page.textContent('#source') };
    };
    return { ask, page, handed };
  }

  it('shows the answer and where it came from, with one token for several questions', async () => {
    const { ask, handed } = await aPage();
    expect(await ask('When do you open?')).toEqual({ answer: 'At nine.', source: 'cache, memory' });
    expect(await ask('when do you OPEN')).toEqual({ answer: 'At nine.', source: 'cache, memory' });
    expect(handed).toHaveLength(1);
  });

  it('shows an answer that is a text as it is', async () => {
    const { ask } = await aPage();
    expect((await ask('When do you close?')).answer).toBe('At five.');
  });

  it('shows an answer as text, whatever is in it', async () => {
    const { ask, page } = await aPage();
    expect((await ask('Hostile')).answer).toBe(HOSTILE);
    expect(await page.title()).toBe('Ask');
  });

  it('says so where nobody is signed in', async () => {
    const { ask } = await aPage({ signedIn: () => false });
    expect(await ask('When do you open?')).toEqual({ answer: 'Sign in again.', source: 'signed_out' });
  });

  it('gets nothing from a cache that does not know its origin', async () => {
    const { ask } = await aPage({ strangers: true });
    expect((await ask('When do you open?')).answer).not.toBe('At nine.');
  });

  it('waits as long as the cache says, and comes through', { timeout: 60_000 }, async () => {
    const { ask, page } = await aPage({ env: { RATE_LIMIT_MAX: '2', RATE_LIMIT_WINDOW_MS: '1500' } });
    const statuses: number[] = [];
    page.on(
      'response',
      (response) => void (response.request().method() === 'POST' && statuses.push(response.status())),
    );
    for (let asked = 0; asked < 3; asked++) expect((await ask('When do you open?')).answer).toBe('At nine.');
    expect(statuses).toContain(429);
  });
});

describe('the pages that a server renders', () => {
  const page = async (url: string, q: string) => {
    const reply = await fetch(`${url}/?${new URLSearchParams({ q })}`);
    return { status: reply.status, text: await reply.text() };
  };

  it('hold the answer, and no token', async () => {
    const cache = await aCache();
    const url = await listening(renderingServer({ cacheUrl: cache.url, secret: SECRET, tenant: 'north' }));
    const { status, text } = await page(url, 'When do you open?');
    expect([status, text]).toEqual([200, expect.stringContaining('<p>At nine.</p>')]);
    expect(text).not.toMatch(/eyJ/);
    expect((await page(url, 'Who are you?')).text).toContain('<p>Nobody knows.</p>');
    expect((await page(url, 'When do you close?')).text).toContain('<p>At five.</p>');
    expect((await page(url, '')).text).toContain('<p></p>');
  });

  it('show an answer and a question as text, whatever is in them', async () => {
    const cache = await aCache();
    const url = await listening(renderingServer({ cacheUrl: cache.url, secret: SECRET, tenant: 'north' }));
    expect((await page(url, 'Hostile')).text).toContain(`<p>${escaped(HOSTILE)}</p>`);
    expect((await page(url, '"><script>')).text).toContain('value="&quot;&gt;&lt;script&gt;"');
  });

  it('come without an answer where the cache is down, and renew their token in time', async () => {
    const cache = await aCache();
    let clock = Date.now();
    const server = renderingServer({ cacheUrl: cache.url, secret: SECRET, tenant: 'north', now: () => clock });
    const url = await listening(server);
    clock -= 3_600_000;
    expect((await page(url, 'When do you open?')).status).toBe(503);
    clock += 3_600_000;
    expect((await page(url, 'When do you open?')).status).toBe(200);
    await cache.stop();
    const { status, text } = await page(url, 'When do you open?');
    expect([status, text]).toEqual([503, expect.stringContaining('No answer can be had now.')]);
  });
});

describe('the client of a page', () => {
  const handOut = (response: Parameters<RequestListener>[1]) =>
    response.end(JSON.stringify(tokenFor({ tenant: 'north', subject: 'ann' }, SECRET)));
  const aClient = async (answer: RequestListener, o: object = {}) => {
    const url = await listening(createServer(answer));
    return new CacheClient({ cacheUrl: url, tokenUrl: `${url}/session/token`, ...o });
  };

  it('tells at once what could be had only after its ten seconds', async () => {
    const asked: unknown[] = [];
    const client = await aClient(({ url }, response) => {
      asked.push(url);
      if (url === '/session/token') return handOut(response);
      response.writeHead(503, { 'retry-after': '840' }).end('{"code":"query.overloaded"}');
    });
    await expect(client.ask('When do you open?')).rejects.toMatchObject({ code: 'query.overloaded' });
    expect(asked).toEqual(['/session/token', '/api/cache/query']);
  });

  it('waits no longer for a token than for all of a question', async () => {
    const client = await aClient(() => {}, { withinMs: 100 });
    await expect(client.ask('When do you open?')).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('makes all tries of a question within one time', async () => {
    const pauses: number[] = [];
    let clock = Date.now();
    const pause = async (ms: number) => {
      pauses.push(ms);
      clock += ms;
    };
    const refused: RequestListener = ({ url }, response) =>
      url === '/session/token' ? handOut(response) : response.writeHead(429, { 'retry-after': '6' }).end();
    const client = await aClient(refused, { now: () => clock, pause });
    await expect(client.ask('When do you open?')).rejects.toMatchObject({ status: 429 });
    expect(pauses).toEqual([6000]);
  });
});

it.each([
  ['a text', 'At nine.', 'At nine.'],
  ['an answer', { answer: 'At nine.' }, 'At nine.'],
  ['an item with its text', { id: 'faq-1', text: 'At nine.' }, 'At nine.'],
  ['documents', { matches: [{ text: 'At nine.' }, { text: 'At ten.' }] }, 'At nine.'],
  ['nothing', null, 'Nobody knows.'],
  ['anything else', { answer: { opens: 9 } }, '{"answer":{"opens":9}}'],
])('of a result that is %s, a reader is shown the text', (_, result, shown) => {
  expect(textOf(result)).toBe(shown);
});

it.each(['pages of its own', 'rendered pages'])(
  'a server of %s answers a request for no URL with 400, and goes on',
  async (kind) => {
    const cache = { cacheUrl: 'http://127.0.0.1:1', secret: SECRET, tenantOf: () => undefined };
    const url = await listening(kind === 'rendered pages' ? renderingServer(cache) : pageServer(cache));
    // No client that knows URLs sends this.
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.end('GET // HTTP/1.1\r\nhost: page\r\nconnection: close\r\n\r\n');
    expect(await textFrom(socket)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(url)).status).toBe(200);
  },
);

it('a token for a page lets one person of one tenant ask, for five minutes', () => {
  const { token, expiresInSeconds } = tokenFor({ tenant: 'north', subject: 'ann' }, SECRET);
  const claims = jsonwebtoken.verify(token, SECRET) as Record<string, number>;
  expect(claims).toMatchObject({ sub: 'ann', tenant: 'north', scope: 'cache:read' });
  expect(claims.exp! - claims.iat!).toBe(expiresInSeconds);
  expect(expiresInSeconds).toBe(300);
});
