// Runs one model: texts are cut into tokens, read by the model some at a time, and pooled. Part of a worker's program: it
// imports nothing of ours at run time, so that Node can start it as it stands, compiled or not.
import { setImmediate } from 'node:timers/promises';
import type * as Transformers from '@huggingface/transformers';

export const POOLINGS = ['mean', 'cls', 'max', 'lasttoken'] as const;

export type Pooling = (typeof POOLINGS)[number];

/** What is loaded, and how it is run. Plain data: it crosses to worker threads. */
export interface InferenceSpec {
  /** Absolute path of the model's folder, and of its graph below it. */
  folder: string;
  file: string;
  /** Tokens of one text, or of question and text together, that the model reads; what is longer is cut. */
  maxTokens: number;
  pooling: Pooling;
  /** Whether vectors are brought to unit length. */
  normalise: boolean;
  /** Threads that one run may use. */
  threads: number;
}

/** `width` numbers a text, one text after the other. */
export interface Inferred {
  values: Float32Array;
  width: number;
  /** Tokens that were read, padding apart. */
  tokens: number;
}

/** A named import that bundlers and checkers of declared packages leave alone: few users need it, and it is heavy. */
const RUNTIME = '@huggingface/transformers';

/** Tokens of one run, padding included: its memory grows with their number, and with the square of a text's. */
const RUN_TOKENS = 4096;

/** No vocabulary has longer tokens; longer texts are cut before they are read for tokens. */
const TOKEN_CHARACTERS = 250;

interface Encoded {
  ids: number[];
  /** 1 for what belongs to the second of two texts. Of tokenizers that do not tell them apart, empty. */
  types: number[];
}

/** One output of a model. */
interface Output {
  dims: readonly number[];
  data: Float32Array;
}

type Model = ((inputs: Record<string, unknown>) => Promise<Record<string, Transformers.Tensor>>) & {
  dispose(): Promise<unknown>;
};

export class Inference {
  private readonly spec: InferenceSpec;
  private readonly runtime: typeof Transformers;
  private readonly tokenizer: Transformers.PreTrainedTokenizer;
  private readonly model: Model;
  private readonly special: ReadonlySet<number>;

  // Written out: Node strips types from this file, and parameters that are properties are more than types.
  private constructor(
    spec: InferenceSpec,
    loaded: { runtime: typeof Transformers; tokenizer: Transformers.PreTrainedTokenizer; model: Model },
  ) {
    this.spec = spec;
    this.runtime = loaded.runtime;
    this.tokenizer = loaded.tokenizer;
    this.model = loaded.model;
    this.special = new Set(loaded.tokenizer.all_special_ids);
  }

  /** Loads the model from its folder, and from nowhere else. Rejects with the runtime's own error. */
  static async load(spec: InferenceSpec): Promise<Inference> {
    const runtime = (await import(RUNTIME)) as typeof Transformers;
    const { env, AutoTokenizer, AutoModel } = runtime;
    env.allowRemoteModels = false;
    env.allowLocalModels = true;
    // A failed run is logged with its input, which is somebody's text.
    env.logLevel = runtime.LogLevel.NONE;
    const { folder, file, threads } = spec;
    const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
    const [, subfolder = '', name = ''] = /^(?:(.*)\/)?([^/]*)\.onnx$/.exec(file) ?? [];
    // For cross-encoders too: it gives the graph's outputs as they are, and knows every sort of encoder.
    const model = (await AutoModel.from_pretrained(folder, {
      local_files_only: true,
      device: 'cpu',
      dtype: 'fp32', // Which means here: a file of just this name, whatever numbers it holds.
      subfolder,
      model_file_name: name,
      session_options: {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: 4,
        // Idle threads sleep: this process has other things to do.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      },
    })) as unknown as Model;
    return new Inference(spec, { runtime, tokenizer, model });
  }

  /** One vector a text. */
  embed(texts: readonly string[]): Promise<Inferred> {
    const encoded = texts.map((text) => this.encode(text));
    return this.inRuns(encoded, (outputs, lengths) => this.pooled(outputs, lengths));
  }

  /** The numbers that the model gives to question and text together: for a reranker one, its logit. */
  score(query: string, texts: readonly string[]): Promise<Inferred> {
    const encoded = texts.map((text) => this.encode(query, text));
    return this.inRuns(encoded, (outputs) => outputs.logits ?? firstOf(outputs));
  }

  async close(): Promise<void> {
    await this.model.dispose();
  }

  private encode(text: string, pair?: string): Encoded {
    const { maxTokens } = this.spec;
    const longest = maxTokens * TOKEN_CHARACTERS;
    const { input_ids: ids, token_type_ids: types = [] } = this.tokenizer(text.slice(0, longest), {
      ...(pair !== undefined && { text_pair: pair.slice(0, longest) }),
      return_tensor: false,
      return_token_type_ids: true,
    }) as unknown as { input_ids: number[]; token_type_ids?: number[] };
    if (ids.length <= maxTokens) return { ids, types };
    // What closes a text (`[SEP]`, `</s>`) stays: models are never shown one without.
    const last = ids.at(-1)!;
    const cut = ids.slice(0, maxTokens);
    if (this.special.has(last)) cut[maxTokens - 1] = last;
    return { ids: cut, types };
  }

  private async inRuns(
    encoded: readonly Encoded[],
    read: (outputs: Record<string, Output>, lengths: readonly number[]) => Output,
  ): Promise<Inferred> {
    let values = new Float32Array(0);
    let width = 0;
    for (const run of runsOf(encoded)) {
      const some = run.map((at) => encoded[at]!);
      const lengths = some.map(({ ids }) => ids.length);
      const { data, dims } = read(await this.run(some), lengths);
      width = dims.at(-1)!;
      if (values.length === 0) values = new Float32Array(encoded.length * width);
      for (const [row, at] of run.entries()) values.set(data.subarray(row * width, (row + 1) * width), at * width);
      await setImmediate();
    }
    return { values, width, tokens: encoded.reduce((sum, { ids }) => sum + ids.length, 0) };
  }

  private async run(some: readonly Encoded[]): Promise<Record<string, Output>> {
    const length = Math.max(...some.map(({ ids }) => ids.length));
    const padding = BigInt(this.tokenizer.pad_token_id ?? 0);
    const ids = new BigInt64Array(some.length * length).fill(padding);
    const [mask, types] = [new BigInt64Array(ids.length), new BigInt64Array(ids.length)];
    for (const [row, one] of some.entries()) {
      for (const [at, id] of one.ids.entries()) {
        const place = row * length + at;
        ids[place] = BigInt(id);
        mask[place] = 1n;
        types[place] = BigInt(one.types[at] ?? 0);
      }
    }
    const tensor = (numbers: BigInt64Array) => new this.runtime.Tensor('int64', numbers, [some.length, length]);
    const outputs = await this.model({
      input_ids: tensor(ids),
      attention_mask: tensor(mask),
      token_type_ids: tensor(types),
    });
    return Object.fromEntries(
      Object.entries(outputs)
        .filter(([, value]) => value instanceof this.runtime.Tensor)
        .map(([name, value]) => [name, { dims: value.dims, data: value.to('float32').data as Float32Array }]),
    );
  }

  private pooled(outputs: Record<string, Output>, lengths: readonly number[]): Output {
    const found = outputs.sentence_embedding ?? outputs.last_hidden_state ?? firstOf(outputs);
    if (found === outputs.logits) throw new Error('its graph gives logits, and no vectors');
    const { pooling, normalise } = this.spec;
    const vectors = found.dims.length === 2 ? found : pool(found, lengths, pooling);
    if (normalise) toUnitLength(vectors);
    return vectors;
  }
}

/** The texts of each run, by their places: those of like length together, so that little is padded. */
function runsOf(encoded: readonly Encoded[]): number[][] {
  const longestFirst = [...encoded.keys()].sort((a, b) => encoded[b]!.ids.length - encoded[a]!.ids.length);
  const runs: number[][] = [];
  while (longestFirst.length > 0) {
    const room = Math.max(1, Math.floor(RUN_TOKENS / Math.max(1, encoded[longestFirst[0]!]!.ids.length)));
    runs.push(longestFirst.splice(0, room));
  }
  return runs;
}

/** A graph has one output at least. */
function firstOf(outputs: Record<string, Output>): Output {
  return Object.values(outputs)[0]!;
}

/** One vector a text, of the vectors of its tokens. Padding, which stands behind, is left out. */
function pool({ dims, data }: Output, lengths: readonly number[], pooling: Pooling): Output {
  const [texts = 0, tokens = 0, width = 0] = dims;
  const pooled = new Float32Array(texts * width);
  for (const [text, length] of lengths.entries()) {
    const into = pooled.subarray(text * width, (text + 1) * width);
    const from = text * tokens * width;
    const [first, last] = pooling === 'cls' ? [0, 0] : [pooling === 'lasttoken' ? length - 1 : 0, length - 1];
    into.set(data.subarray(from + first * width, from + (first + 1) * width));
    // Every number of every token passes here: plain loops, without iterators.
    for (let token = first + 1; token <= last; token++) {
      for (let i = 0; i < width; i++) {
        const one = data[from + token * width + i]!;
        into[i] = pooling === 'max' ? Math.max(into[i]!, one) : into[i]! + one;
      }
    }
    if (pooling === 'mean') for (let i = 0; i < width; i++) into[i]! /= length;
  }
  return { dims: [texts, width], data: pooled };
}

function toUnitLength({ dims, data }: Output): void {
  const width = dims.at(-1)!;
  for (let from = 0; from < data.length; from += width) {
    const vector = data.subarray(from, from + width);
    const length = Math.sqrt(vector.reduce((sum, one) => sum + one * one, 0));
    if (length > 0) vector.set(vector.map((one) => one / length));
  }
}
