// One thread that runs one model: its jobs wait for each other, and a job whose caller has left is not begun.
import { Worker } from 'node:worker_threads';
import type { InferenceSpec, Inferred } from './inference.js';
import type { ModelJob, ModelReply, ModelWorkerData } from './model-worker.js';

/** What went wrong in the thread, in the runtime's words. May name files; never a text. */
export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure';

  constructor(
    message: string,
    readonly code = '',
  ) {
    super(message);
  }
}

/** Code of a failure of the thread, not of what it ran. */
export const ENDED = 'ENDED';

/** Beside this file stands each program as .ts or .js, depending on whether this one is compiled. */
const beside = (name: string) =>
  new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

interface Waiting {
  resolve(reply: Extract<ModelReply, object>): void;
  reject(error: ThreadFailure): void;
}

export class ModelThread {
  private alive = true;
  private readonly worker: Worker;
  private waiting: Waiting | undefined;
  private turn: Promise<unknown>;

  private constructor(
    spec: InferenceSpec,
    private readonly ended: () => void,
  ) {
    const data: ModelWorkerData = { program: beside('inference').href, spec };
    this.worker = new Worker(beside('model-worker'), { workerData: data, execArgv: [], name: 'local-model' });
    this.worker.on('message', (reply: ModelReply) => this.settle((waiting) => waiting.resolve(reply)));
    this.worker.on('error', (error) => this.end(error.message));
    this.worker.on('exit', () => this.end('its thread ended'));
    this.turn = Promise.resolve();
  }

  /**
   * Starts the thread, and resolves when the model is loaded. Rejects with a `ThreadFailure`. `ended` is called once the
   * thread takes no further jobs.
   */
  static async start(spec: InferenceSpec, ended: () => void): Promise<ModelThread> {
    const thread = new ModelThread(spec, ended);
    try {
      inferredOf(await thread.reply());
      return thread;
    } catch (error) {
      await thread.stop();
      throw error;
    }
  }

  /** Runs a job in its turn. Rejects with a `ThreadFailure`, or with the signal's reason where it was aborted before. */
  run(job: ModelJob, signal?: AbortSignal): Promise<Inferred> {
    const mine = this.turn.then(async () => {
      signal?.throwIfAborted();
      if (!this.alive) throw new ThreadFailure('its thread ended', ENDED);
      const replied = this.reply();
      this.worker.postMessage(job);
      return inferredOf(await replied)!;
    });
    this.turn = mine.catch(() => {});
    return mine;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private async reply(): Promise<ModelReply> {
    this.worker.ref();
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  private settle(how: (waiting: Waiting) => void): void {
    const { waiting } = this;
    this.waiting = undefined;
    // The thread keeps the process alive only while somebody waits.
    this.worker.unref();
    if (waiting) how(waiting);
  }

  private end(message: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.ended();
    this.settle((waiting) => waiting.reject(new ThreadFailure(message, ENDED)));
  }
}

function inferredOf(reply: ModelReply): Inferred | undefined {
  if ('failed' in reply) throw new ThreadFailure(reply.failed.message, reply.failed.code);
  return 'inferred' in reply ? reply.inferred : undefined;
}
