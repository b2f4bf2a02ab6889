// A server in a process of its own, whose CPU time and memory can be asked for.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Usage {
  cpuMicroseconds: number;
}

/** After a garbage collection. */
export interface Memory {
  rssBytes: number;
  heapBytes: number;
}

export class MeasuredProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Starts a compiled module, and waits until `${url}${readyPath}` answers. The environment is given whole. */
  static async start(
    module: string,
    { env, port, readyPath }: { env: NodeJS.ProcessEnv; port: number; readyPath: string },
  ): Promise<MeasuredProcess> {
    const reporter = fileURLToPath(new URL('./usage-reporter.js', import.meta.url));
    const child = fork(module, {
      env: { PATH: process.env.PATH, ...env },
      execArgv: ['--expose-gc', '--import', reporter],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const started = new MeasuredProcess(child, `http://127.0.0.1:${port}`);
    await started.answering(readyPath);
    return started;
  }

  usage(): Promise<Usage> {
    return this.asked('usage');
  }

  memory(): Promise<Memory> {
    return this.asked('memory');
  }

  private async asked<T>(question: 'usage' | 'memory'): Promise<T> {
    this.child.send(question);
    const [answer] = (await once(this.child, 'message')) as [T];
    return answer;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }

  private async answering(path: string): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (this.child.exitCode !== null) throw new Error('the measured process ended before it answered');
      const reply = await fetch(this.url + path).catch(() => undefined);
      if (reply?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the measured process did not answer within 10 s');
  }
}
