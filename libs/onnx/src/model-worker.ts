// The program of the thread that runs a local model: takes one job at a time, and answers it.
import { parentPort, workerData } from 'node:worker_threads';
import type { Inference, InferenceSpec, Inferred } from './inference.js';

/** What the thread is started with. `program` is the URL of the file beside this one that runs models. */
export interface ModelWorkerData {
  program: string;
  spec: InferenceSpec;
}

export type ModelJob = { texts: readonly string[]; query?: string };

/** The first reply says that the model is loaded; each further one answers a job. */
export type ModelReply = { loaded: true } | { inferred: Inferred } | { failed: { message: string; code: string } };

const { program, spec } = workerData as ModelWorkerData;

function failed(error: unknown): ModelReply {
  const { message, code } = error as NodeJS.ErrnoException;
  return { failed: { message: String(message), code: String(code ?? '') } };
}

async function answer(model: Inference, { query, texts }: ModelJob): Promise<void> {
  try {
    const inferred = await (query === undefined ? model.embed(texts) : model.score(query, texts));
    parentPort?.postMessage({ inferred } satisfies ModelReply, [inferred.values.buffer as ArrayBuffer]);
  } catch (error) {
    parentPort?.postMessage(failed(error));
  }
}

try {
  const inference = (await import(program)) as typeof import('./inference.js');
  const model = await inference.Inference.load(spec);
  parentPort?.on('message', (job: ModelJob) => void answer(model, job));
  parentPort?.postMessage({ loaded: true } satisfies ModelReply);
} catch (error) {
  parentPort?.postMessage(failed(error));
}
