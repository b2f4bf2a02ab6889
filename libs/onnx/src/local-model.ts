// A model from a local folder, run in a thread of its own: the event loop stays free, and nothing is ever downloaded.
import { availableParallelism } from 'node:os';
import { untilAborted } from '#resilience';
import type { InferenceSpec, Inferred } from './inference.js';
import { type FolderChoices, type ModelFolder, readModelFolder, unusable } from './model-folder.js';
import { ModelThread, ThreadFailure } from './model-thread.js';
import type { ModelJob } from './model-worker.js';

export interface LocalModelOptions extends FolderChoices {
  task: InferenceSpec['task'];
  /** Threads that one run may use. Default: all but one of the machine's. */
  threads?: number | undefined;
}

interface Call {
  signal?: AbortSignal | undefined;
}

export class LocalModel {
  /** Numbers that the model gives a text. */
  width = 0;
  private thread: Promise<ModelThread> | undefined;
  private closed = false;

  private constructor(
    private readonly folder: ModelFolder,
    private readonly spec: InferenceSpec,
  ) {}

  /**
   * Loads the model and tries it on one text. Nothing is fetched: what is not in the folder is missing.
   * @throws Failure `model.unusable`: says what is missing or wrong, and what to do
   */
  static async open(folder: string, { task, threads, ...chosen }: LocalModelOptions): Promise<LocalModel> {
    const read = await readModelFolder(folder, chosen);
    const { path, file, maxTokens, pooling, normalise } = read;
    const usable = threads ?? Math.max(1, availableParallelism() - 1);
    const spec: InferenceSpec = { task, folder: path, file, maxTokens, pooling, normalise, threads: usable };
    const model = new LocalModel(read, spec);
    try {
      await model.prove();
      return model;
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  /** The folder's own name. */
  get name(): string {
    return this.folder.name;
  }

  /** Digest of the model's files. */
  get version(): string {
    return this.folder.version;
  }

  /** Tokens of one text that the model reads; longer ones are cut. */
  get maxTokens(): number {
    return this.folder.maxTokens;
  }

  /** Whether its vectors are brought to unit length. */
  get normalised(): boolean {
    return this.folder.normalise;
  }

  get prefixes(): ModelFolder['prefixes'] {
    return this.folder.prefixes;
  }

  /**
   * One vector a text, of `width` numbers.
   * @throws Failure `model.unusable` where the model fails or its thread dies (the next call starts another); or the
   * reason of the signal
   */
  async embed(texts: readonly string[], { signal }: Call = {}): Promise<{ vectors: Float32Array[]; tokens: number }> {
    const { values, width, tokens } = await this.run({ texts }, signal);
    return { vectors: texts.map((_, at) => values.slice(at * width, (at + 1) * width)), tokens };
  }

  /** One logit a text: how well it answers the question. @throws As `embed` */
  async score(
    query: string,
    texts: readonly string[],
    { signal }: Call = {},
  ): Promise<{ logits: number[]; tokens: number }> {
    const { values, tokens } = await this.run({ query, texts }, signal);
    return { logits: [...values], tokens };
  }

  /** Ends the thread, and with it the jobs that wait. May be called twice. */
  async close(): Promise<void> {
    this.closed = true;
    const thread = await this.thread?.catch(() => undefined);
    await thread?.stop();
  }

  private async run(job: ModelJob, signal: AbortSignal | undefined): Promise<Inferred> {
    signal?.throwIfAborted();
    const { name, file } = this.folder;
    try {
      const thread = await this.living();
      return await untilAborted(signal, thread.run(job, signal));
    } catch (error) {
      signal?.throwIfAborted();
      throw translated(name, file, error);
    }
  }

  private living(): Promise<ModelThread> {
    if (this.closed) throw new ThreadFailure('it is closed');
    this.thread ??= ModelThread.start(this.spec, () => {
      this.thread = undefined;
    });
    return this.thread;
  }

  private async prove(): Promise<void> {
    const { spec, folder } = this;
    const reranks = spec.task === 'reranking';
    const { values, width } = await this.run({ ...(reranks && { query: 'question' }), texts: ['text'] }, undefined);
    if (reranks && width !== 1) throw unfit(folder.name, `it gives ${width} labels, not one`);
    if (!values.every(Number.isFinite)) throw unfit(folder.name, 'what it gives are no numbers');
    this.width = width;
  }
}

function unfit(name: string, reason: string) {
  return unusable(name, reason, 'Choose a model made for this task; a reranker is a cross-encoder of one label.');
}

/** What the thread says, with what to do about it. */
function translated(name: string, file: string, error: unknown): unknown {
  if (!(error instanceof ThreadFailure)) return error;
  if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('@huggingface/transformers')) {
    const install = 'ONNXRUNTIME_NODE_INSTALL=skip npm install @huggingface/transformers@4';
    return unusable(
      name,
      'the package that runs such models is not installed',
      `Install it beside this one: ${install}.`,
      error,
    );
  }
  return unusable(
    name,
    `its graph or tokenizer fails: ${file}`,
    'See the cause in the log; fetch or export the model anew.',
    error,
  );
}
