// What a search thread does: answers each request by its number. Neither this file nor what it imports may name a room.
import { parentPort, workerData } from 'node:worker_threads';
import { type LoadRequest, loadRows } from './load-rows.js';
import { Scanner, type ScannerData, type ScanRequest } from './scan.js';

export type ThreadRequest = { id: number } & ({ scan: ScanRequest } | { load: LoadRequest });

/** What became of a request; an error is given as what can cross between threads. */
export type ThreadReply = { id: number } & ({ result: unknown } | { error: { message: string; errcode?: number } });

export function serve(): void {
  const data = workerData as ScannerData;
  const scanner = new Scanner(data);
  parentPort?.on('message', (request: ThreadRequest) => {
    // The main thread may have grown the memory; growing by nothing makes this one notice.
    data.memory.grow(0);
    parentPort?.postMessage(replyTo(request, scanner, data));
  });
}

export function replyTo(request: ThreadRequest, scanner: Scanner, { memory }: ScannerData): ThreadReply {
  const { id } = request;
  try {
    return { id, result: 'scan' in request ? scanner.scan(request.scan) : loadRows(request.load, memory.buffer) };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    return { id, error: { message, ...(errcode !== undefined && { errcode }) } };
  }
}
