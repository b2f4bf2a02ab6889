// The examples for front ends against the real server: a page in a real browser, and pages that a server renders.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import jsonwebtoken from 'jsonwebtoken';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

const SECRET = 'a secret of the front end that is long enough';
const HOSTILE = `<img src=x onerror="document.title='broken'">`;

// The examples are JavaScript as a reader copies it, and have no types.
const { pageServer } = await import('../../examples/front-end/spa/server.mjs' as string);
const { renderingServer, escaped } = await import('../../examples/front-end/ssr/server.mjs' as string);
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

/** A cache that knows two answers, and the pages of one origin. */
async function aCache(env: Record<string, string> = {}): Promise<TestServer> {
  const cache = await startTestServer({ JWT_SECRET: SECRET, ...env });
  onTestFinished(() => cache.stop());
  const { token } = tokenFor({ tenant: 'north', subject: 'writer', scope: 'cache:write' }, SECRET);
  for (const [query, answer] of [
    ['When do you open?', 'At nine.'],
    ['Hostile', HOSTILE],
  ]) {
    const { status } = await cache.send('POST', '/api/cache', {
      token,
      body: { query, response: { answer }, ttl: 600 },
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

it('a token for a page lets one person of one tenant ask, for five minutes', () => {
  const { token, expiresInSeconds } = tokenFor({ tenant: 'north', subject: 'ann' }, SECRET);
  const claims = jsonwebtoken.verify(token, SECRET) as Record<string, number>;
  expect(claims).toMatchObject({ sub: 'ann', tenant: 'north', scope: 'cache:read' });
  expect(claims.exp! - claims.iat!).toBe(expiresInSeconds);
  expect(expiresInSeconds).toBe(300);
});
