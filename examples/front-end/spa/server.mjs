// The backend of the single-page application: hands out its files, and tokens to who is signed in. Uses no package.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { tokenFor } from '../tokens.mjs';

const FILES = { '/': 'index.html', '/page.js': 'page.js', '/cache.js': 'cache.js', '/text-of.mjs': '../text-of.mjs' };
const SCRIPT = 'text/javascript; charset=utf-8';
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': SCRIPT, '.mjs': SCRIPT };

/**
 * `tenantOf(request)` is your sign-in: the tenant and the person of a session, or `undefined`. The page may talk to this
 * server and to the cache, and to nobody else.
 */
export function pageServer({ cacheUrl, secret, tenantOf }) {
  return createServer(async (request, response) => {
    // `//` is a request that HTTP allows, and no URL.
    if (!URL.canParse(request.url, 'http://page')) return void response.writeHead(400).end();
    const { pathname } = new URL(request.url, 'http://page');
    if (request.method === 'POST' && pathname === '/session/token') return handOut(request, response);
    const file = FILES[pathname];
    if (request.method !== 'GET' || !file) return void response.writeHead(404).end();
    const text = await readFile(new URL(file, import.meta.url), 'utf8');
    response.writeHead(200, {
      'content-type': TYPES[extname(file)],
      'content-security-policy': `default-src 'self'; connect-src 'self' ${cacheUrl}; frame-ancestors 'none'`,
    });
    response.end(text.replace('CACHE_URL', cacheUrl));
  });

  function handOut(request, response) {
    const caller = tenantOf(request);
    // A page of another site may send a form here, with the cookie, but not read the reply, nor set this.
    const ours = request.headers['sec-fetch-site'] === undefined || request.headers['sec-fetch-site'] === 'same-origin';
    if (!caller || !ours) return void response.writeHead(401).end();
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(tokenFor(caller, secret)));
  }
}

// Started by itself: everybody is a visitor of the tenant default, each visit another one.
if (process.argv[1] === import.meta.filename) {
  const { CACHE_URL: cacheUrl = 'http://localhost:3000', JWT_SECRET: secret, PAGE_PORT: port = '3001' } = process.env;
  if (!secret) throw new Error('JWT_SECRET is the secret of the cache: give it to this server too.');
  const tenantOf = () => ({ tenant: 'default', subject: `visitor-${randomUUID()}` });
  pageServer({ cacheUrl, secret, tenantOf }).listen(Number(port), '127.0.0.1');
}
