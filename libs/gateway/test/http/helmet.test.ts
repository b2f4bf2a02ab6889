// Our headers are at least those that helmet would send, and nowhere weaker.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import helmet from 'helmet';
import { expect, it, onTestFinished } from 'vitest';
import { securityHeaders } from '../../src/http/headers.js';

/** What helmet sends by default, and with everything that it has turned on. */
async function helmets(): Promise<Record<string, string>> {
  const dress = helmet({ crossOriginEmbedderPolicy: true });
  const server = createServer((request, response) => dress(request, response, () => response.end())).listen(0);
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { headers } = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } });
  const transport = ['connection', 'date', 'keep-alive', 'transfer-encoding', 'content-length'];
  return Object.fromEntries([...headers].filter(([name]) => !transport.includes(name)));
}

/** Where we are stricter: an API shows nothing, is framed by nobody and embeds nothing. */
const STRICTER = ['content-security-policy', 'x-frame-options'];

it('every header of helmet is sent, with its value or a stricter one', async () => {
  const ours = securityHeaders(true);
  const theirs = await helmets();
  expect(Object.keys(theirs).length).toBeGreaterThan(10);
  for (const [name, value] of Object.entries(theirs)) {
    if (STRICTER.includes(name)) expect(ours).toHaveProperty(name);
    else expect(ours[name], name).toBe(value);
  }
  expect(ours['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(ours['x-frame-options']).toBe('DENY');
});
