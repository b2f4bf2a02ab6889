// A model from a local folder, run in a thread of its own: the event loop stays free, and nothing is ever downloaded.
import { availableParallelism } from 'node:os';
import { untilAborted } from '#resilience';
import type { InferenceSpec, Inferred } from './inference.js';
import { type FolderChoices, type ModelFolder, readModelFolder, unusable } from './model-folder.js';
import { ENDED, ModelThread, ThreadFailure } from './model-thread.js';
import type { ModelJob } from './model-worker.js';

/** What a model is for: to give texts vectors, or to judge how well they answer a question. */
type Task = 'embedding' | 'reranking';

interface Call {
  signal?: AbortSignal | undefined;
}

export interface LocalModelOptions extends FolderChoices, Call {
  task: Task;
  /** Threads that one run may use. Default: all but one of the machine's. */
  threads?: number | undefined;
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
   * @throws Failure `model.unusable`: says what is missing or wrong, and what to do; or the reason of the signal
   */
  static async open(folder: string, { task, threads, signal, ...chosen }: LocalModelOptions): Promise<LocalModel> {
    const read = await readModelFolder(folder, chosen);
    const { path, file, maxTokens, pooling, normalise } = read;
    const usable = threads ?? Math.max(1, availableParallelism() - 1);
    const spec: InferenceSpec = { folder: path, file, maxTokens, pooling, normalise, threads: usable };
    const model = new LocalModel(read, spec);
    try {
      await model.prove(task, signal);
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
      return await untilAborted(signal, this.inThread(job, signal));
    } catch (error) {
      signal?.throwIfAborted();
      throw translated(name, file, error);
    }
  }

  private async inThread(job: ModelJob, signal: AbortSignal | undefined): Promise<Inferred> {
    if (this.closed) throw unusable(this.name, 'it is closed', 'Open it anew.');
    this.thread ??= ModelThread.start(this.spec, () => {
      this.thread = undefined;
    });
    return (await this.thread).run(job, signal);
  }

  private async prove(task: Task, signal: AbortSignal | undefined): Promise<void> {
    const { folder } = this;
    const reranks = task === 'reranking';
    const { values, width } = await this.run({ ...(reranks && { query: 'question' }), texts: ['text'] }, signal);
    if (reranks && width !== 1) throw unfit(folder.name, `it gives ${width} labels, not one`);
    if (!values.every(Number.isFinite)) throw unfit(folder.name, 'what it gives are no numbers');
    this.width = width;
  }
}

function unfit(name: string, reason: string) {
  return unusable(name, reason, 'Choose a model made for this task; a reranker is a cross-encoder of one label.');
}

const INSTALL = 'ONNXRUNTIME_NODE_INSTALL=skip npm install @huggingface/transformers@4';

/** What the thread says, with what to do about it. */
function translated(name: string, file: string, error: unknown): unknown {
  if (!(error instanceof ThreadFailure)) return error;
  const told = (reason: string, fix: string) => unusable(name, reason, fix, error);
  if (error.code === ENDED)
    return told('its thread ended', 'The next call starts another; see whether memory suffices.');
  if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('@huggingface/transformers')) {
    return told('the package that runs such models is not installed', `Install it beside this one: ${INSTALL}.`);
  }
  return told(`its graph or tokenizer fails: ${file}`, 'See the cause in the log; fetch or export the model anew.');
}
