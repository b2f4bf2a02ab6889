// Sources of lines that are slow, that break, and that nobody needs any more.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReskClient } from '../../clients/typescript/src/index.js';
import { linesBody } from '../../clients/typescript/src/lines.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { callerIn, python } from './callers.js';
import { aService } from './service.js';

const TAKEN = { collection: 'default', upserted: 1, refused: 0, refusals: [] };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** Gives a value every five milliseconds, for ever; remembers what became of it. */
class Endless implements AsyncIterableIterator<{ id: string }> {
  asked = 0;
  readonly returned: Promise<void>;
  private done!: () => void;

  constructor() {
    this.returned = new Promise((resolve) => {
      this.done = resolve;
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<{ id: string }>> {
    this.asked++;
    await pause(5);
    return { done: false, value: { id: 'a' } };
  }

  async return(): Promise<IteratorResult<{ id: string }>> {
    this.done();
    return { done: true, value: undefined };
  }

  /** Ends once it was told that it is over; after that nothing may be asked of it. */
  async ended(): Promise<void> {
    await this.returned;
    const { asked } = this;
    await pause(50);
    expect(this.asked).toBe(asked);
  }
}

/** Tells who asks for `/seen` how much of a body has come, and takes the body. */
async function counting() {
  let seen = 0;
  let first!: () => void;
  const started = new Promise<void>((resolve) => {
    first = resolve;
  });
  const url = await aService((request, response) => {
    if (request.url === '/seen') return void response.end(String(seen));
    request.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      first();
    });
    request.once('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(TAKEN));
    });
  });
  return { url, started };
}

describe.each(['typescript', 'python'] as const)('in %s', (language) => {
  it('what breaks as a connection does is still the caller’s own', async () => {
    const caller = await callerIn(language, { baseUrl: server.url, token: server.token() });
    const { failure } = await caller.call('vectorsIngest', { lines: { kind: 'reset', values: [{ id: 'a' }] } });
    expect(failure!.message).toBe('the source was reset');
    expect(['Error', 'ConnectionResetError']).toContain(failure!.type);
  });

  it('the limit of a call holds for a source that is slow, too', async () => {
    const { url } = await counting();
    const caller = await callerIn(language, { baseUrl: url, token: 't' });
    const lines = { kind: 'endless' as const, values: [{ id: 'a' }] };
    expect(await caller.call('vectorsIngest', { lines, timeoutMs: 400 })).toMatchObject({
      failure: { type: 'LateError' },
    });
  });
});

describe('in TypeScript', () => {
  it('what there is goes out while the source is silent', async () => {
    const { url, started } = await counting();
    async function* lines() {
      yield { id: 'a' };
      await started;
      yield { id: 'b' };
    }
    const client = new ReskClient({ baseUrl: url, token: 't' });
    await expect(client.vectorsIngest(lines())).resolves.toEqual(TAKEN);
  });

  it('a call that is given up, late or refused asks no more of the source, and tells it so', async () => {
    const refuses = await aService((request, response) => {
      request.once('data', () => response.writeHead(403, { 'content-type': 'application/json' }).end('{"code":"c"}'));
    });
    const { url } = await counting();
    for (const [baseUrl, options, failure] of [
      [url, { signal: AbortSignal.timeout(300) }, { name: 'TimeoutError' }],
      [url, { timeoutMs: 300 }, { name: 'LateError' }],
      [refuses, {}, { name: 'ProblemError', status: 403 }],
    ] as const) {
      const source = new Endless();
      const client = new ReskClient({ baseUrl, token: 't' });
      await expect(client.vectorsIngest(source, {}, options)).rejects.toMatchObject(failure);
      await source.ended();
    }
  });

  it('a value that is no line ends the source', async () => {
    const { url } = await counting();
    const source = new Endless();
    source.next = async () => ({ done: false, value: undefined as never });
    const client = new ReskClient({ baseUrl: url, token: 't' });
    await expect(client.vectorsIngest(source)).rejects.toThrow('a line must be a JSON value');
    await source.returned;
  });

  it('lines that are gathered first are given up, too', async () => {
    const source = new Endless();
    const gathered = linesBody(source, { streams: false, signal: AbortSignal.timeout(50) });
    await expect(gathered).rejects.toMatchObject({ name: 'TimeoutError' });
    await source.ended();
  });
});

describe('in Python', () => {
  it('what there is goes out before a chunk is full, when the next value comes', async () => {
    const { url } = await counting();
    const code = `
import sys, time, urllib.request
from resk_caching_client import ReskClient
def lines():
    for n in range(100):
        yield {"id": str(n)}
        with urllib.request.urlopen(sys.argv[1] + "/seen") as reply:
            if int(reply.read()) > 0:
                return
        time.sleep(0.1)
    raise RuntimeError("nothing was sent")
print(ReskClient(sys.argv[1], "t").vectors_ingest(lines())["upserted"])
`;
    expect(await python(code, url)).toBe('1');
  }, 30_000);
});
