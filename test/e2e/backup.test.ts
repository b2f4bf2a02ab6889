// A backup taken while the server writes: everything acknowledged before it began comes back, sealed, and with its keys.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { resk } from '../../apps/cli/test/command-line.js';
import { aFolder, type ChildServer, ensureBuilt, startChildServer } from '../support/child-server.js';
import { isReadableIn } from '../support/on-disk.js';

beforeAll(ensureBuilt, 240_000);

const ANSWERS = 60;

/** Writes answers and documents without a pause, until told to stop. Each number that it gives was acknowledged. */
function writing(server: ChildServer) {
  let acknowledged = 0;
  let wanted = true;
  const done = (async () => {
    while (wanted) {
      const n = acknowledged;
      const answer = { query: `question ${n}`, response: `the-answer-${n}`, ttl: 3600 };
      const documents = [{ id: `d${n}`, text: `the-document-${n}` }];
      const replies = await Promise.all([
        server.send('POST', '/api/cache', { body: answer }),
        server.send('POST', '/api/vectors/upsert', { body: { documents } }),
      ]);
      expect(replies.map(({ status }) => status)).toEqual([200, 200]);
      acknowledged++;
    }
  })();
  const stop = () => {
    wanted = false;
    return done;
  };
  return { count: () => acknowledged, stop };
}

it('comes back whole, on a server that never saw the first one', { timeout: 120_000 }, async () => {
  const env = { CACHE_ENCRYPTION_KEY: randomBytes(32).toString('base64'), KEY_NAME_SECRET: 'names '.repeat(8) };
  const first = await startChildServer(env);
  const writer = writing(first);
  await expect.poll(writer.count, { timeout: 60_000 }).toBeGreaterThanOrEqual(ANSWERS);

  const before = writer.count();
  const copy = join(await aFolder(), 'copy');
  const { code, err } = await resk(['backup', copy], { env: { DATA_DIR: first.dataDir } });
  expect([code, err]).toEqual([0, '']);
  const during = writer.count();
  await expect.poll(writer.count, { timeout: 60_000 }).toBeGreaterThan(during);
  await writer.stop();
  first.process.kill('SIGKILL');
  await first.ended;

  expect(await isReadableIn(copy, 'the-answer-')).toBe(false);
  const second = await startChildServer({ ...env, DATA_DIR: copy });
  for (let n = 0; n < before; n++) {
    const { json } = await second.send('POST', '/api/cache/query', { body: { query: `question ${n}` } });
    expect(json).toMatchObject({ result: `the-answer-${n}`, hit: true, tier: 'sqlite' });
  }
  const search = { text: 'the-document-0', k: before + 50, threshold: 0 };
  const { json } = await second.send('POST', '/api/vectors/query', { body: search });
  const found = new Map<string, string>(json.matches.map(({ id, text }: { id: string; text: string }) => [id, text]));
  for (let n = 0; n < before; n++) expect(found.get(`d${n}`)).toBe(`the-document-${n}`);
});
