// The service calls whom its operator has named, over https and in public; nobody makes it call its own network.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startTestServer } from '../support/server.js';

const SECRET = 'credentials of the machine';

/** Something inside that must not be reached; or something that sends callers there. */
async function aServer(status: number, location?: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, location ? { location } : {}).end(JSON.stringify({ data: [], token: SECRET }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return { asked, port: (server.address() as AddressInfo).port };
}

const openai = (baseUrl: string, more: Record<string, string> = {}) => ({
  NODE_ENV: 'production',
  JWT_SECRET: 'a secret of at least thirty-two characters',
  EMBEDDING_PROVIDER: 'openai',
  EMBEDDING_BASE_URL: baseUrl,
  EMBEDDING_API_KEY: 'any',
  EMBEDDING_DIMENSIONS: '8',
  EMBEDDING_RETRIES: '0',
  OUTGOING_ALLOWED_HOSTS: 'ollama.internal',
  ...more,
});

/** What becomes of a server that embeds there: it does not start, or it answers and says nothing of what it was told. */
async function embeds(env: Record<string, string>): Promise<{ refused?: string; status?: number; text?: string }> {
  const server = await startTestServer(env).catch((error: { code: string; message: string }) => error);
  if (!('send' in server)) return { refused: `${server.code}: ${server.message}` };
  onTestFinished(() => server.stop());
  const { status, text } = await server.send('POST', '/api/embeddings', { body: { input: 'tea' } });
  return { status, text };
}

test('SSRF through a provider URL', async () => {
  const inside = await aServer(200);
  const { port } = inside;
  // Addresses of this machine, its network and its cloud, however they are spelt: the server does not even start.
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '169.254.169.254',
    '[fd00:ec2::254]',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '100.64.0.1',
  ]) {
    for (const scheme of ['http', 'https']) {
      const { refused } = await embeds(openai(`${scheme}://${host}:${port}/v1`));
      expect(refused, `${scheme}://${host}`).toMatch(/^outgoing\.refused: .*OUTGOING_ALLOWED_HOSTS/);
    }
  }
  // Plain http to the outside, and a host that only looks listed.
  for (const host of ['api.openai.com', 'ollama.internal.evil.example', 'evil-ollama.internal']) {
    expect((await embeds(openai(`http://${host}/v1`))).refused).toMatch(/only https/);
  }
  // A name is judged by where it leads: at boot where it is called there, else with the first call.
  const named = await embeds(openai(`https://localhost:${port}/v1`));
  if (named.refused === undefined) expect(named).toMatchObject({ status: 500 });
  else expect(named.refused).toMatch(/^outgoing\.refused: .*localhost/);
  expect(inside.asked).toEqual([]);

  // A provider that may be called sends on to one that may not: credentials and questions stay where they were.
  for (const status of [301, 302, 307, 308]) {
    const provider = await aServer(status, `http://127.0.0.1:${port}/latest/meta-data`);
    const listed = { OUTGOING_ALLOWED_HOSTS: `127.0.0.1:${provider.port}` };
    const redirected = await embeds(openai(`http://127.0.0.1:${provider.port}/v1`, listed));
    expect(provider.asked.length).toBeGreaterThan(0);
    if (redirected.refused === undefined) {
      expect(redirected.status).toBe(502);
      expect(redirected.text).not.toContain(SECRET);
    }
  }
  expect(inside.asked).toEqual([]);
}, 120_000);
