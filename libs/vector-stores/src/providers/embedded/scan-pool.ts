// Scans small collections at once, and large ones in worker threads, each a part of the rows; reads large ones there too.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { failure } from '#ports';
import { Arena } from './arena.js';
import type { LoadedRows, LoadRequest } from './load-rows.js';
import { Best, type Candidates, Scanner, type ScannerData, type ScanRequest } from './scan.js';
import { unavailable } from './sqlite-reasons.js';
import type { ThreadReply } from './thread-work.js';

/** Rows of so many bytes are scanned in about half a millisecond: less than handing them over is worth. */
const INLINE_BYTES = 8 * 1024 ** 2;
const MAX_WORKERS = 3;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export class ScanPool {
  readonly arena: Arena;
  private readonly module: WebAssembly.Module;
  private readonly inline: Scanner;
  private readonly workers: Array<ScanWorker | undefined>;
  private readonly inlineBytes: number;

  constructor(o: { memoryMaxBytes: number; inlineBytes?: number; workers?: number }) {
    const { workers = Math.max(1, Math.min(MAX_WORKERS, availableParallelism() - 1)) } = o;
    this.inlineBytes = o.inlineBytes ?? INLINE_BYTES;
    this.arena = new Arena(o.memoryMaxBytes, workers + 1);
    this.module = new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
    this.inline = new Scanner(this.dataOf(0));
    this.workers = Array.from({ length: workers });
  }

  /** @throws Failure `vector.store_unavailable` when a worker dies; the next scan starts another one. */
  async scan(request: ScanRequest): Promise<Candidates> {
    const parts = Math.min(this.workers.length, Math.ceil((request.rows * request.layout.stride) / this.inlineBytes));
    if (parts <= 1 && this.isSmall(request.rows * request.layout.stride)) return this.inline.scan(request);
    const found = await Promise.all(
      split(request, parts).map((part, i) => this.worker(i).ask<Candidates>({ scan: part })),
    );
    return merged(found, request.wanted);
  }

  /** Whether rows of so many bytes are few enough for the thread that asks. */
  isSmall(bytes: number): boolean {
    return bytes <= this.inlineBytes;
  }

  /** Reads rows into memory in a thread; the caller counts the parts, so that all threads get some. */
  load(part: number, request: LoadRequest): Promise<LoadedRows> {
    return this.worker(part % this.workers.length).ask<LoadedRows>({ load: request });
  }

  get threads(): number {
    return this.workers.length;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker?.stop()));
  }

  private worker(index: number): ScanWorker {
    const known = this.workers[index];
    if (known?.alive) return known;
    const started = new ScanWorker(this.dataOf(index + 1));
    this.workers[index] = started;
    return started;
  }

  private dataOf(scanner: number): ScannerData {
    return { module: this.module, memory: this.arena.memory, scratch: this.arena.scratch(scanner) };
  }
}

/** One thread, and what waits for it. It keeps the process alive only while there are some. */
class ScanWorker {
  alive = true;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  constructor(data: ScannerData) {
    // Beside this file stands thread.ts or thread.js, depending on whether this one is compiled.
    const program = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);
    // Older versions of Node warn that their SQLite is young, in each thread anew.
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    this.worker = new Worker(program, { workerData: data, execArgv, name: 'vector-scan' });
    this.worker.on('message', (reply: ThreadReply) => {
      const waiting = this.settle(reply.id);
      if ('error' in reply) waiting?.reject(unavailable(reply.error));
      else waiting?.resolve(reply.result);
    });
    this.worker.on('error', (cause) => this.fail(cause));
    this.worker.on('exit', () => this.fail(undefined));
    this.worker.unref();
  }

  ask<T>(request: { scan: ScanRequest } | { load: LoadRequest }): Promise<T> {
    const id = this.asked++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.waiting.set(id, { resolve, reject });
    this.worker.ref();
    this.worker.postMessage({ id, ...request });
    return promise as Promise<T>;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.worker.unref();
    return waiting;
  }

  private fail(cause: unknown): void {
    this.alive = false;
    for (const id of [...this.waiting.keys()]) {
      const reason = 'a search thread ended';
      this.settle(id)?.reject(failure('vector.store_unavailable', { provider: 'embedded', reason }, { cause }));
    }
  }
}

/** Cuts a scan into parts of whole blocks, about equally long. */
export function split(request: ScanRequest, parts: number): ScanRequest[] {
  const { blocks, rows, layout, eligible, firstSlot } = request;
  const blocksEach = Math.ceil(blocks.length / parts);
  const cut: ScanRequest[] = [];
  for (let at = 0; at < blocks.length; at += blocksEach) {
    const from = at * layout.capacity;
    const to = Math.min(rows, from + blocksEach * layout.capacity);
    cut.push({
      ...request,
      blocks: blocks.slice(at, at + blocksEach),
      rows: to - from,
      firstSlot: firstSlot + from,
      eligible: eligible?.slice(from, to),
    });
  }
  return cut;
}

/** What can be among the nearest of all parts together. */
function merged(found: readonly Candidates[], wanted: number): Candidates {
  const best = new Best(wanted);
  for (const { slots, lows, highs } of found) {
    for (let i = 0; i < slots.length; i++) best.add(slots[i]!, lows[i]!, highs[i]!);
  }
  return best.candidates();
}
