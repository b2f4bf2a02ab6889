// Runs a command line inside the test, with its output caught, its settings given and its waits counted, not slept.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { environmentSources } from '#config';
import { run } from '../src/run.js';

export interface Outcome {
  code: number;
  out: string;
  err: string;
  /** Milliseconds of each wait that the command asked for. */
  waits: number[];
}

export interface Around {
  env?: Record<string, string>;
  signal?: AbortSignal;
  isTTY?: boolean;
  /** Milliseconds by which each look at the clock moves it. */
  tick?: number;
}

export const SECRET = 'a secret of the tests, long enough for HS256';

export async function resk(
  argv: string[],
  { env = {}, signal, isTTY = false, tick = 1 }: Around = {},
): Promise<Outcome> {
  // What an interrupted run has brought is remembered there.
  const folder = argv[0] === 'ingest' ? { DATA_DIR: await aFolder() } : {};
  const stdout = new Caught();
  const stderr = Object.assign(new Caught(), { isTTY, columns: 100 });
  const waits: number[] = [];
  let clock = 0;
  const code = await run(argv, {
    stdout,
    stderr,
    sources: environmentSources({ env: { JWT_SECRET: SECRET, ...folder, ...env }, envFile: false }),
    ...(signal && { signal }),
    wait: async (ms) => void waits.push(ms),
    now: () => (clock += tick),
    random: () => 0.5,
  });
  return { code, out: stdout.text, err: stderr.text, waits };
}

class Caught extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A folder that goes when the test is over. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function aFile(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await aFolder(), name);
  await writeFile(path, content);
  return path;
}

/** Every item of a stream. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
