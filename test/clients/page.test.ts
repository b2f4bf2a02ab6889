// The TypeScript client in a page of another origin: a real Chromium asks the real server, with its rules of origins.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root, startChildServer } from '../support/child-server.js';

const folder = mkdtempSync(join(tmpdir(), 'page-'));
let pages: Server;
let origin: string;

beforeAll(async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(root, 'clients/typescript'), '--outDir', folder];
  await promisify(execFile)(process.execPath, args);
  pages = createServer(({ url = '/' }, response) => {
    const isScript = /^\/[a-z.]+\.js$/.test(url);
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? readFileSync(join(folder, url)) : '<!doctype html><title>client</title>');
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  await new Promise((resolve) => pages.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** What a page does with the client; it runs in the browser. */
const IN_PAGE = `async ({ baseUrl, token }) => {
  const { ReskClient, ProblemError } = await import('/index.js');
  let left;
  const onReply = ({ headers }) => { left = headers.get('ratelimit-remaining'); };
  const client = new ReskClient({ baseUrl, token: async () => token, onReply });
  await client.cacheWrite({ query: 'When?', response: 'At nine.' }, { idempotencyKey: 'of-a-page' });
  const { result } = await client.queryAsk({ query: 'When?' });
  async function* lines() { yield { id: 'a', text: 'one' }; yield { id: 'b', text: 'two' }; }
  const { upserted } = await client.vectorsIngest(lines());
  const problem = await client.cacheEntries({ limit: 0 }).catch((error) => error);
  return { result, upserted, left: Number(left) > 0, status: problem instanceof ProblemError && problem.status };
}`;

it.each([
  ['127.0.0.1', true],
  // Not TLS, and no address of this machine: half of `crypto` is missing there.
  ['page.test', false],
])(
  'a page of %s, an origin that is listed, reads, writes, streams and is refused as any other client',
  async (host, isSecure) => {
    const home = origin.replace('127.0.0.1', host);
    const server = await startChildServer({ CORS_ORIGINS: home });
    const args = ['--no-sandbox', '--host-resolver-rules=MAP page.test 127.0.0.1'];
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
    try {
      const page = await browser.newPage();
      await page.goto(home);
      expect(await page.evaluate('isSecureContext')).toBe(isSecure);
      const about = { baseUrl: server.url, token: server.token() };
      const seen = await page.evaluate(`(${IN_PAGE})(${JSON.stringify(about)})`);
      expect(seen).toEqual({ result: 'At nine.', upserted: 2, left: true, status: 400 });
    } finally {
      await browser.close();
    }
  },
  60_000,
);
