// A server is started, or said not to be; and stopped without losing a request.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { createLogger } from '#observability';
import { openApiDocument } from '../src/openapi-document.js';
import { sections } from '../src/sections.js';
import { startServer } from '../src/server.js';

const folder = mkdtempSync(join(tmpdir(), 'resk-server-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ENV = { DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'silent', CACHE_BACKEND: 'memory', VECTORDB_TYPE: 'none' };
const config = (env: Record<string, string> = {}) =>
  readConfig(sections, environmentSources({ env: { ...ENV, ...env }, envFile: false }));
const start = (settings = config()) => startServer(settings, createLogger(settings.observability));

describe('startServer', () => {
  it('listens, and stops as often as it is asked to', async () => {
    const server = await start();
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  it('names a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(start(config({ PORT: String(port) }))).rejects.toMatchObject({
      code: 'boot.failed',
      message: expect.stringContaining(`127.0.0.1:${port}: something listens there already`),
    });
    other.close();
  });

  it('passes on what it knows no fix for', async () => {
    const settings = config();
    const impossible = { ...settings, http: { ...settings.http, port: 70_000 } };
    await expect(start(impossible)).rejects.toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
  });
});

describe('openApiDocument', () => {
  it('describes the API without listening, and leaves nothing behind', async () => {
    const document = (await openApiDocument()) as { openapi: string; paths: object };
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(Object.keys(document.paths)).toContain('/api/cache/query');
  });
});

describe('main', () => {
  /** Runs main.ts in this process, which must not end with it. */
  async function main(env: Record<string, string>) {
    for (const [name, value] of Object.entries({ ...ENV, ...env })) vi.stubEnv(name, value);
    const written: string[] = [];
    const write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    vi.spyOn(process.stdout, 'write').mockImplementation(write);
    vi.spyOn(process.stderr, 'write').mockImplementation(write);
    const exit = vi.fn();
    vi.spyOn(process, 'exit').mockImplementation(exit as never);
    const before = process.listeners('SIGTERM');
    vi.resetModules();
    await import('../src/main.js');
    const text = () => written.join('');
    const ownStop = () => process.listeners('SIGTERM').find((one) => !before.includes(one)) as (() => void) | undefined;
    return { text, exit, ownStop };
  }

  function restored(): void {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  }

  it('greets a developer, and ends with 0 on a signal', async () => {
    const { text, exit, ownStop } = await main({ NODE_ENV: 'development' });
    try {
      await vi.waitFor(() => expect(text()).toContain('Development token'), 20_000);
      ownStop()!();
      await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(0), 20_000);
    } finally {
      restored();
      process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
    }
  });

  it('says what keeps it from starting, and ends with 1', async () => {
    const { text, exit } = await main({ PORT: 'http' });
    try {
      await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(1), 20_000);
      expect(text()).toContain('resk-caching did not start.\nThe configuration is not valid:\n  PORT');
    } finally {
      restored();
    }
  });

  it('names a folder for its data that is of no use, once and before all else', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { text, exit } = await main({ DATA_DIR: file });
    try {
      await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(1), 20_000);
      const why = `The configuration is not valid:\n  DATA_DIR (from environment) is ${file}: it is a file. Set it to a folder.\n`;
      expect(text()).toBe(`resk-caching did not start.\n${why}`);
    } finally {
      restored();
    }
  });

  it('asks for no folder where nothing is kept', async () => {
    const file = join(folder, 'other-file');
    writeFileSync(file, '');
    const JWT_SECRET = 'a secret of at least thirty-two characters';
    const { exit, ownStop, text } = await main({ DATA_DIR: file, RECORDS_BACKEND: 'memory', JWT_SECRET });
    try {
      await vi.waitFor(() => expect(text()).toContain('Development token'), 20_000);
      ownStop()!();
      await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(0), 20_000);
    } finally {
      restored();
      process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
    }
  });

  it('shows where a fault arose that no failure of ours names', async () => {
    const [before, odd] = [process.cwd(), mkdtempSync(join(tmpdir(), 'resk-odd-'))];
    mkdirSync(join(odd, '.env'));
    process.chdir(odd);
    const { text, exit } = await main({});
    try {
      await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(1), 20_000);
      expect(text()).toMatch(/did not start\.\nError: EISDIR.*\n +at /);
    } finally {
      restored();
      process.chdir(before);
      rmSync(odd, { recursive: true, force: true });
    }
  });

  it('prints no token in production', async () => {
    const env = { NODE_ENV: 'production', JWT_SECRET: 'a secret of at least thirty-two characters' };
    const { text, exit, ownStop } = await main(env);
    try {
      await vi.waitFor(() => expect(ownStop()).toBeDefined(), 20_000);
      expect(text()).toBe('');
      ownStop()!();
      await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(0), 20_000);
    } finally {
      restored();
      process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
    }
  });
});
