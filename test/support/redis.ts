// A real redis-server for one test: a free port, a folder of its own, and faults that can be injected.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface RedisOptions {
  /** A port to listen on; a free one by default. */
  port?: number;
  /** More arguments of redis-server, e.g. `['--maxmemory', '8mb']`. */
  args?: readonly string[];
  /** What starts a server: a program, and arguments that come before all others. By default that of the machine. */
  command?: readonly string[];
}

const STARTING_TRIES = 5;
const READY_WITHIN_MS = 10_000;

/** Starts a server that keeps nothing on disk. Whatever happens, it ends with the test's process. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const { port, args = [], command = ['redis-server'] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'resk-redis-'));
  for (let tries = 1; ; tries++) {
    // Another process may take a free port before redis-server does: then another port is tried.
    const server = new RedisServer(port ?? (await freePort()), folder, args, command);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.kill();
      if (port !== undefined || tries === STARTING_TRIES) {
        await server.stop();
        throw error;
      }
    }
  }
}

export class RedisServer {
  process!: ChildProcess;
  readonly #endWithUs = () => void this.process?.kill('SIGKILL');

  constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly args: readonly string[],
    private readonly command: readonly string[],
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts again on the same port, empty, after `kill()`. */
  async restart(): Promise<void> {
    await this.kill();
    const fixed = [
      '--port',
      `${this.port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      this.folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    const [program, ...first] = this.command as [string, ...string[]];
    this.process = spawn(program, [...first, ...fixed, ...this.args], { stdio: 'ignore' });
    process.once('exit', this.#endWithUs);
    await this.#ready();
  }

  /** Ends the process at once, as a crash would. The port stays reserved in `url` for `restart()`. */
  async kill(): Promise<void> {
    process.removeListener('exit', this.#endWithUs);
    const { process: child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Stops the process without ending it: connections stay open and nothing answers. */
  freeze(): void {
    this.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.process.kill('SIGCONT');
  }

  /** Ends the process and removes its folder. May be called twice. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const giveUpAt = Date.now() + READY_WITHIN_MS;
    while (!(await answers(this.port, this.process.pid))) {
      if (this.process.exitCode !== null) throw new Error(`redis-server did not start on port ${this.port}`);
      if (Date.now() > giveUpAt) throw new Error('redis-server does not answer');
      await pause(20);
    }
  }
}

/** Whether the server on the port is the one with this process id, and answers. */
function answers(port: number, pid: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO server\r\n'));
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString().includes(`process_id:${pid}\r`));
    });
    socket.once('error', () => resolve(false));
  });
}

/** A port of this machine that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return (address as { port: number }).port;
}
