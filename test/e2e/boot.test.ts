// What keeps the server from starting is said at once and in full, by name and with the fix; it never starts half.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { aFolder, ensureBuilt, refusedStart } from '../support/child-server.js';

beforeAll(ensureBuilt, 120_000);

const refused = async (env: Record<string, string>) => refusedStart({ DATA_DIR: await aFolder(), ...env });

describe('a server that cannot start', () => {
  it('refuses production without JWT_SECRET, and says how to make one', async () => {
    const { code, stderr } = await refused({ NODE_ENV: 'production', JWT_SECRET: '' });
    expect(code).toBe(1);
    expect(stderr).toContain('resk-caching did not start');
    expect(stderr).toContain('JWT_SECRET');
    expect(stderr).not.toContain('    at ');
  });

  it('names every problem of the configuration at once, with the variable, and no secret', async () => {
    const { code, stderr } = await refused({
      PORT: 'http',
      JWT_SECRET: 'too-short-a-secret',
      CACHE_ENCRYPTION_KEY: Buffer.from('sixteen bytes!!!').toString('base64'),
      CACHE_BACKEND: 'redis',
      RATE_LIMIT_MAX: 'NaN',
    });
    expect(code).toBe(1);
    const named = ['PORT', 'JWT_SECRET', 'CACHE_ENCRYPTION_KEY', 'REDIS_URL', 'RATE_LIMIT_MAX'];
    for (const name of named) expect(stderr).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(stderr).not.toContain('too-short-a-secret');
    expect(stderr).not.toContain('    at ');
  });

  it('names what is set but unknown', async () => {
    const { code, stderr } = await refused({ EMBEDDING_PROVIDER: 'nobody' });
    expect(code).toBe(1);
    expect(stderr).toContain('EMBEDDING_PROVIDER=nobody is not a known embedding-model. Known: local, openai, ');
    expect(stderr).not.toContain('    at ');
  });

  it('says that the port is taken, and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    try {
      const { port } = other.address() as AddressInfo;
      const { code, stderr } = await refused({ PORT: String(port) });
      expect(code).toBe(1);
      expect(stderr).toContain(`Cannot listen on 127.0.0.1:${port}: something listens there already.`);
      expect(stderr).toContain('set PORT to another port');
      expect(stderr).not.toContain('    at ');
    } finally {
      other.close();
    }
  });

  it('says that the address is not of this machine', async () => {
    const { code, stderr } = await refused({ HOST: '203.0.113.1' });
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot listen on 203.0.113.1:0: this machine has no such address. Set HOST');
  });
});
