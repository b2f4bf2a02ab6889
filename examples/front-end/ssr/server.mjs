// Pages rendered on a server: it asks the cache itself, so no token reaches the browser. Uses no package.
import { createServer } from 'node:http';
import { textOf } from '../text-of.mjs';
import { tokenFor } from '../tokens.mjs';

const WITHIN_MS = 2000;
const RENEW_BEFORE_MS = 30_000;
const SIGNS = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that is safe inside an element and inside quotes. */
export const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => SIGNS[sign]);

/** A page at `/?q=…`. A cache that is late or down costs the answer, never the page. */
export function renderingServer({ cacheUrl, secret, tenant = 'default', now = Date.now }) {
  let [token, renewAt] = ['', 0];
  const freshToken = () => {
    if (now() >= renewAt) {
      const made = tokenFor({ tenant, subject: 'web' }, secret, now());
      [token, renewAt] = [made.token, now() + made.expiresInSeconds * 1000 - RENEW_BEFORE_MS];
    }
    return token;
  };

  async function ask(query) {
    const reply = await fetch(`${cacheUrl}/api/cache/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${freshToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    const { result, code } = await reply.json();
    if (!reply.ok) throw new Error(code);
    return textOf(result);
  }

  return createServer(async (request, response) => {
    // `//` is a request that HTTP allows, and no URL.
    if (!URL.canParse(request.url, 'http://page')) return void response.writeHead(400).end();
    const query = new URL(request.url, 'http://page').searchParams.get('q')?.trim();
    // The reason is for the log; the reader is told that there is no answer now.
    const answer = query && (await ask(query).catch((error) => void console.error(error.message)));
    const text = query ? (answer ?? 'No answer can be had now. Try again in a minute.') : '';
    response.writeHead(query && answer === undefined ? 503 : 200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
    });
    response.end(`<!doctype html>
<html lang="en"><title>Ask</title>
<form><label>Question <input name="q" value="${escaped(query ?? '')}"></label> <button>Ask</button></form>
<p>${escaped(text)}</p>
`);
  });
}

if (process.argv[1] === import.meta.filename) {
  const { CACHE_URL: cacheUrl = 'http://localhost:3000', JWT_SECRET: secret, PAGE_PORT: port = '3002' } = process.env;
  if (!secret) throw new Error('JWT_SECRET is the secret of the cache: give it to this server too.');
  renderingServer({ cacheUrl, secret }).listen(Number(port), '127.0.0.1');
}
