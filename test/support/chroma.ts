// A real Chroma server for one test file: a free port, a folder of its own, ended with the test's process.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './redis.js';

const COMMAND = fileURLToPath(new URL('../../node_modules/chromadb/dist/cli.mjs', import.meta.url));
const STARTING_TRIES = 3;
const READY_WITHIN_MS = 30_000;

/** Starts the server of the npm package `chromadb`. */
export async function startChroma(): Promise<ChromaServer> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-chroma-'));
  for (let tries = 1; ; tries++) {
    // Another process may take a free port before Chroma does: then another port is tried.
    const server = new ChromaServer(await freePort(), folder);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.kill();
      if (tries === STARTING_TRIES) {
        await server.stop();
        throw error;
      }
    }
  }
}

export class ChromaServer {
  process: ChildProcess | undefined;
  readonly #endWithUs = () => void this.process?.kill('SIGKILL');

  constructor(
    readonly port: number,
    private readonly folder: string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts again on the same port, with what it kept, after `kill()`. */
  async restart(): Promise<void> {
    await this.kill();
    const place = ['--host', '127.0.0.1', '--port', `${this.port}`, '--path', this.folder];
    this.process = spawn(process.execPath, [COMMAND, 'run', ...place], { stdio: 'ignore', cwd: this.folder });
    process.once('exit', this.#endWithUs);
    await this.#ready();
  }

  /** Ends the process at once: Chroma does not listen to SIGTERM. */
  async kill(): Promise<void> {
    process.removeListener('exit', this.#endWithUs);
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends the process and removes its folder. May be called twice. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const giveUpAt = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const ended = this.process?.exitCode !== null || this.process?.signalCode !== null;
      if (ended) throw new Error(`Chroma did not start on port ${this.port}`);
      const reply = await fetch(`${this.url}/api/v2/heartbeat`).catch(() => undefined);
      if (reply?.ok) return;
      if (Date.now() > giveUpAt) throw new Error('Chroma does not answer');
      await pause(50);
    }
  }
}
