// What is kept on disk outlives the process, sealed where a key is set; what cannot be trusted is a miss, never an error.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isReadableIn } from '../support/on-disk.js';
import { type Reply, startTestServer } from '../support/server.js';

const [FIRST, SECOND] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resk-restart-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Life {
  write(query: string, response?: unknown, more?: object): Promise<void>;
  ask(query: string, more?: object): Promise<Reply['json']>;
  send(method: string, path: string, body?: object): Promise<Reply>;
  /** Entries refused since the start, by reason. */
  rejected(): Promise<Record<string, number>>;
}

/** One life of a server on the folder: started, used, stopped. */
async function life(env: Record<string, string>, use: (at: Life) => Promise<void>): Promise<void> {
  const server = await startTestServer({ DATA_DIR: folder, ...env });
  const send: Life['send'] = (method, path, body) => server.send(method, path, { body });
  try {
    await use({
      send,
      write: async (query, response = query, more = {}) => {
        expect((await send('POST', '/api/cache', { query, response, ...more })).status).toBe(200);
      },
      ask: async (query, more = {}) => {
        const reply = await send('POST', '/api/cache/query', { query, ...more });
        expect(reply.status, reply.text).toBe(200);
        return reply.json;
      },
      rejected: async () => {
        const { text } = await send('GET', '/api/metrics');
        const lines = text.matchAll(/^resk_cache_rejected_entries_total\{.*reason="(\w+)".*\} ([1-9]\d*)$/gm);
        return Object.fromEntries([...lines].map(([, reason, count]) => [reason, Number(count)]));
      },
    });
  } finally {
    await server.stop();
  }
}

describe.each([
  ['without a key', {}, true],
  ['with CACHE_ENCRYPTION_KEY', { CACHE_ENCRYPTION_KEY: FIRST }, false],
])('a server that starts again, %s', (_, env, readable) => {
  it('answers from the store what it knew before, and from memory the second time', async () => {
    await life(env, async ({ write, send }) => {
      await write('hello', 'the-answer-of-all-answers', { ttl: 3600 });
      const documents = [{ id: 'd', text: 'the-document-of-all-documents' }];
      expect((await send('POST', '/api/vectors/upsert', { documents })).status).toBe(200);
    });
    await life(env, async ({ ask }) => {
      expect(await ask('hello')).toMatchObject({ result: 'the-answer-of-all-answers', hit: true, tier: 'sqlite' });
      expect(await ask('hello')).toMatchObject({ hit: true, tier: 'memory' });
      const found = await ask('the-document-of-all-documents', { vector: { threshold: 0 } });
      expect(found.result.matches[0]).toMatchObject({ id: 'd', text: 'the-document-of-all-documents' });
    });
    expect(await isReadableIn(folder, 'the-answer-of-all-answers')).toBe(readable);
    expect(await isReadableIn(folder, 'the-document-of-all-documents')).toBe(readable);
  });

  it('does not know any more what was purged', async () => {
    await life(env, async ({ write, send }) => {
      await write('tagged', 1, { tags: ['x'] });
      await write('about ann', 1, { subject: 'ann' });
      await write('kept', 1);
      await send('DELETE', '/api/cache?tag=x');
      await send('DELETE', '/api/cache?subject=ann');
    });
    await life(env, async ({ ask, send }) => {
      expect((await ask('tagged')).hit).toBe(false);
      expect((await ask('about ann')).hit).toBe(false);
      expect((await ask('kept')).hit).toBe(true);
      await send('DELETE', '/api/cache');
    });
    await life(env, async ({ ask }) => expect((await ask('kept')).hit).toBe(false));
  });

  it('goes on taking turns where it stopped', async () => {
    const variants = ['a', 'b', 'c'];
    await life(env, async ({ write, ask }) => {
      await write('turns', { variants }, { variantStrategy: 'round-robin' });
      expect((await ask('turns')).variant.index).toBe(0);
    });
    await life(env, async ({ ask }) => expect((await ask('turns')).variant.index).toBe(1));
  });
});

describe('keys', () => {
  it('rotate: a former one opens what it sealed, the current one seals', async () => {
    await life({ CACHE_ENCRYPTION_KEY: FIRST }, ({ write }) => write('of the first'));
    const rotated = { CACHE_ENCRYPTION_KEY: SECOND, CACHE_FORMER_ENCRYPTION_KEYS: FIRST };
    await life(rotated, async ({ write, ask, rejected }) => {
      expect((await ask('of the first')).hit).toBe(true);
      await write('of the second');
      expect(await rejected()).toEqual({});
    });
    await life({ CACHE_ENCRYPTION_KEY: SECOND }, async ({ ask, rejected }) => {
      expect((await ask('of the second')).hit).toBe(true);
      expect((await ask('of the first')).hit).toBe(false);
      expect(await rejected()).toEqual({ unknown_key: 1 });
    });
  });

  it('refuse what was kept unsealed: a miss, deleted and counted', async () => {
    await life({}, ({ write }) => write('in the open'));
    await life({ CACHE_ENCRYPTION_KEY: FIRST }, async ({ ask, rejected, send }) => {
      expect((await ask('in the open')).hit).toBe(false);
      expect((await send('GET', '/api/cache/entries')).json.entries).toEqual([]);
      expect(await rejected()).toEqual({ unsealed: 1 });
    });
    await life({}, async ({ ask }) => expect((await ask('in the open')).hit).toBe(false));
  });

  it('are missed where they were taken away: sealed entries are misses', async () => {
    await life({ CACHE_ENCRYPTION_KEY: FIRST }, ({ write }) => write('sealed'));
    await life({}, async ({ ask, rejected }) => {
      expect((await ask('sealed')).hit).toBe(false);
      expect(await rejected()).toEqual({ unknown_key: 1 });
    });
  });

  it('of the wrong length stop the boot, naming the variable and not the key', async () => {
    const short = Buffer.from('sixteen bytes!!!').toString('base64');
    const started = startTestServer({ DATA_DIR: folder, CACHE_ENCRYPTION_KEY: short });
    const refusal: Error = await started.then(
      () => new Error('it started'),
      (error) => error,
    );
    expect(refusal.message).toContain('CACHE_ENCRYPTION_KEY');
    expect(refusal.message).toContain('32 bytes; it decodes to 16');
    expect(refusal.message).not.toContain(short);
  });
});
