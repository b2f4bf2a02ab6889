// A server that is told to stop finishes what it began; one that is killed has lost nothing that it acknowledged.
import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Behaviour, behaving, honestly, OpenAiDouble } from '../doubles/openai.js';
import { TeiEmbeddingsDouble } from '../doubles/tei-embeddings.js';
import { aFolder, type ChildServer, ensureBuilt, startChildServer, stoppedStart } from '../support/child-server.js';
import { connectPlain, connectSocketIo } from '../support/event-clients.js';

const PATIENT = { timeout: 15_000 };

beforeAll(() => ensureBuilt());

/** A server whose embeddings are the test's to answer, and which holds a document: each new question is embedded. */
async function aServer(env: Record<string, string> = {}) {
  const openai = await OpenAiDouble.start();
  onTestFinished(() => openai.stop());
  const server = await startChildServer({
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: openai.url,
    EMBEDDING_API_KEY: 'any',
    EMBEDDING_DIMENSIONS: '8',
    EMBEDDING_PARALLEL: '16',
    EMBEDDING_GATHER: '0ms',
    EMBEDDING_TIMEOUT: '60s',
    REQUEST_TIMEOUT: '60s',
    VECTOR_THRESHOLD: '0',
    ...env,
  });
  await server.send('POST', '/api/vectors/upsert', { body: { documents: [{ id: 'one', text: 'a document' }] } });
  openai.requests.length = 0;
  return { server, openai };
}

const ask = (server: ChildServer, query: string) => server.send('POST', '/api/cache/query', { body: { query } });

/** Whether a new connection is refused, as by a port where nobody listens. */
const refused = (server: ChildServer) =>
  fetch(`${server.url}/health/live`, { headers: { connection: 'close' } }).then(
    () => false,
    (error: Error) => (error.cause as NodeJS.ErrnoException).code === 'ECONNREFUSED',
  );

/** Answers of the double that wait until the test lets them go. */
function held() {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const behaviour: Behaviour = (exchange) => void released.then(() => honestly(exchange));
  return { behaviour, release };
}

/** A WebSocket to /ws that never answers what the server says, not even its goodbye. */
async function aMuteConnection(server: ChildServer): Promise<Duplex> {
  const headers = {
    authorization: `Bearer ${server.token()}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  };
  const [, socket] = (await once(get(`${server.url}/ws`, { headers }), 'upgrade')) as [unknown, Duplex];
  onTestFinished(() => void socket.destroy());
  return socket.resume();
}

it('a server that is told to stop while it starts stops in order', async () => {
  const tei = await TeiEmbeddingsDouble.start();
  onTestFinished(() => tei.stop());
  tei.always({ afterMs: 300 });
  const asked = vi.waitFor(() => expect(tei.requests).not.toEqual([]), PATIENT);
  const env = { EMBEDDING_PROVIDER: 'tei', EMBEDDING_BASE_URL: tei.url, DATA_DIR: await aFolder() };
  expect(await stoppedStart(env, asked)).toEqual({ code: 0, signal: null, stderr: '' });
});

it('one that is told to stop while it still loads does too', async () => {
  const DATA_DIR = await aFolder();
  const [loading, heard] = [join(DATA_DIR, 'loading'), join(DATA_DIR, 'heard')];
  // Node waits at a module of the server for as long as the test wants.
  const hook = `
    import { existsSync, writeFileSync } from 'node:fs';
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) {
      if (url.endsWith('/apps/server/src/server.js')) {
        writeFileSync(${JSON.stringify(loading)}, '');
        while (!existsSync(${JSON.stringify(heard)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      }
      return next(url, context);
    } });`;
  const env = {
    DATA_DIR,
    NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(hook).toString('base64')}`,
  };
  const reached = vi.waitFor(() => access(loading), PATIENT);
  const ending = stoppedStart(env, reached);
  await reached;
  // The signal is on its way; where nobody listens to it, it ends the process.
  await setTimeout(100);
  await writeFile(heard, '');
  expect(await ending).toEqual({ code: 0, signal: null, stderr: '' });
});

describe('on SIGTERM', () => {
  it('takes no more connections, answers the requests under way, says goodbye with 1001, and ends with 0', async () => {
    const { server, openai } = await aServer();
    const plain = await connectPlain(server.url, server.token());
    const socketIo = await connectSocketIo(server.url, server.token());
    const { behaviour, release } = held();
    openai.always(behaviour);
    const pending = ['one', 'two', 'three', 'four', 'five'].map((query) => ask(server, query));
    await expect.poll(() => openai.requests.length, PATIENT).toBe(5);

    server.process.kill('SIGTERM');
    await expect.poll(() => refused(server), PATIENT).toBe(true);
    expect(await plain.ended).toBe(1001);
    expect(await socketIo.ended).toBe('io server disconnect');
    // Neither hurries it nor ends it.
    server.process.kill('SIGTERM');
    server.process.kill('SIGINT');
    release();
    for (const reply of await Promise.all(pending))
      expect(reply).toMatchObject({ status: 200, json: { source: 'vectordb' } });
    expect(await server.ended).toEqual({ code: 0, signal: null, stderr: '' });
  });

  it('takes no more connections while an event connection is slow to close, and does not wait for it for ever', async () => {
    const { server } = await aServer();
    const mute = await aMuteConnection(server);
    server.process.kill('SIGTERM');
    await expect.poll(() => refused(server), PATIENT).toBe(true);
    expect(mute.closed).toBe(false);
    expect((await server.ended).code).toBe(0);
  });

  it('waits no longer than STOP_TIMEOUT for a request that hangs', async () => {
    const { server, openai } = await aServer({ STOP_TIMEOUT: '200ms' });
    openai.always(behaving.hanging());
    const hanging = ask(server, 'for ever').catch((error: unknown) => error);
    await expect.poll(() => openai.requests.length, PATIENT).toBe(1);
    server.process.kill('SIGTERM');
    // All other limits are beyond this test's own.
    expect((await server.ended).code).toBe(0);
    expect(await hanging).toBeInstanceOf(Error);
  });
});

it('the next start finds what was there before a stop, and after kill -9 every answer that was acknowledged', async () => {
  const env = { DATA_DIR: await aFolder(), VECTOR_THRESHOLD: '0' };
  const write = (server: ChildServer, query: string) =>
    server.send('POST', '/api/cache', { body: { query, response: query.toUpperCase() } });
  const first = await startChildServer(env);
  await write(first, 'what was said');
  await first.send('POST', '/api/vectors/upsert', { body: { documents: [{ id: 'one', text: 'a document' }] } });
  first.process.kill('SIGTERM');
  expect((await first.ended).code).toBe(0);

  const second = await startChildServer(env);
  expect((await ask(second, 'what was said')).json).toMatchObject({ result: 'WHAT WAS SAID', tier: 'sqlite' });
  expect((await ask(second, 'a document')).json.result.matches[0].id).toBe('one');

  const acknowledged: string[] = [];
  const writer = async (name: number) => {
    for (let at = 0; ; at++) {
      const query = `question ${name} ${at}`;
      const reply = await write(second, query).catch(() => undefined);
      if (reply?.status !== 200) return;
      acknowledged.push(query);
      if (acknowledged.length === 200) second.process.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => writer(name)));
  expect((await second.ended).signal).toBe('SIGKILL');

  const third = await startChildServer(env);
  const found = await Promise.all(acknowledged.map(async (query) => (await ask(third, query)).json.result));
  expect(found).toEqual(acknowledged.map((query) => query.toUpperCase()));
  expect(found.length).toBeGreaterThanOrEqual(200);
});
