// What a developer is greeted with works as it is pasted.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { createLogger } from '#observability';
import { greeting } from '../src/greeting.js';
import { sections } from '../src/sections.js';
import { startServer } from '../src/server.js';

const folder = mkdtempSync(join(tmpdir(), 'resk-greeting-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = (env: Record<string, string> = {}) => {
  const all = {
    DATA_DIR: folder,
    PORT: '0',
    LOG_LEVEL: 'silent',
    CACHE_BACKEND: 'memory',
    VECTORDB_TYPE: 'none',
    ...env,
  };
  return readConfig(sections, environmentSources({ env: all, envFile: false }));
};

it.each([
  ['plainly', {}],
  ['where tokens may live for an hour', { JWT_MAX_LIFETIME: '1h' }],
  [
    'for an audience and an issuer, with a claim of its own',
    { JWT_AUDIENCE: 'a,b', JWT_ISSUER: 'i', JWT_TENANT_CLAIM: 'org' },
  ],
])('prints commands that work as they are pasted, %s', async (_, env) => {
  const settings = config(env);
  const server = await startServer(settings, createLogger(settings.observability));
  try {
    const lines = greeting(server.url, settings).split('\n');
    const replies = [];
    for (const line of lines.filter((one) => one.startsWith('curl '))) replies.push(await pasted(line));
    expect(replies).toEqual([
      expect.objectContaining({ success: true }),
      expect.objectContaining({ hit: true, result: { answer: 'Hi' } }),
    ]);
    expect(lines).toContain(`Swagger UI     ${server.url}/docs`);
  } finally {
    await server.stop();
  }
});

it.each([
  [{}, '24 h'],
  [{ JWT_MAX_LIFETIME: '90m' }, '90 min'],
  [{ JWT_MAX_LIFETIME: '1500ms' }, '1 s'],
])('says how long its token lives: %j', (env, life) => {
  const settings = config(env);
  const text = greeting('http://here', settings);
  expect(text).toContain(`Development token (${life}, tenant "default"):`);
  const { iat, exp } = JSON.parse(Buffer.from(/Bearer [\w-]+\.([\w-]+)/.exec(text)![1]!, 'base64url').toString());
  expect((exp - iat) * 1000).toBeLessThanOrEqual(settings.auth.maxLifetimeMs);
});

it('mints no token where tokens are signed elsewhere', () => {
  const settings = config();
  const text = greeting('http://here', { ...settings, auth: { ...settings.auth, algorithms: ['RS256'] } });
  expect(text).toContain('Tokens come from your issuer');
  expect(text).not.toContain('Bearer');
});

/** What a shell makes of the command, sent. (The server is in this process, which must not wait for a real curl.) */
async function pasted(command: string): Promise<unknown> {
  const listed = command.replace(/^curl /, "printf '%s\\n' ");
  const words = execFileSync('/bin/sh', ['-c', listed], { encoding: 'utf8' }).trim().split('\n');
  const after = (option: string) => words.flatMap((word, at) => (word === option ? [words[at + 1]!] : []));
  const headers = after('-H').map((line) => line.split(': ') as [string, string]);
  const url = words.find((word) => word.startsWith('http:'))!;
  const reply = await fetch(url, { method: 'POST', headers, body: after('-d')[0]! });
  return reply.json();
}
