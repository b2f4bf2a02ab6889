// A sentence-transformers model from a local folder, run in this process: texts leave it for nobody.
import { z } from 'zod';
import { LocalModel, POOLINGS } from '#onnx';
import { defineProvider, type EmbeddingModel, type Embeddings, type EmbedOptions, failure, isFailure } from '#ports';

const PROVIDER = 'onnx';

const Options = z.strictObject({
  model: z.string({ error: 'must name the folder of the model' }).min(1),
  /** What is expected; the model itself decides. The caller compares. */
  dimensions: z.int().min(1).optional(),
  /** The graph in the folder, e.g. `onnx/model_quantized.onnx`. Default `onnx/model.onnx`, else `model.onnx`. */
  file: z.string().min(1).optional(),
  /** Instead of what the folder says. */
  maxTokens: z.int().min(8).max(1_000_000).optional(),
  pooling: z.enum(POOLINGS).optional(),
  normalise: z.boolean().optional(),
  threads: z.int().min(1).max(1024).optional(),
});

class OnnxEmbeddingModel implements EmbeddingModel {
  readonly provider = PROVIDER;
  readonly model: string;
  readonly version: string;
  readonly dimensions: number;
  /** Enough for the model to be busy; more only makes others wait longer for their turn. */
  readonly maxBatch = 32;
  readonly maxInputTokens: number;
  readonly truncates = true;
  readonly normalised: boolean;
  readonly remote = false;
  readonly prefixes?: NonNullable<EmbeddingModel['prefixes']>;

  constructor(
    private readonly local: LocalModel,
    version: string,
  ) {
    this.model = local.name;
    this.version = version;
    this.dimensions = local.width;
    this.maxInputTokens = local.maxTokens;
    this.normalised = local.normalised;
    if (local.prefixes) this.prefixes = local.prefixes;
  }

  async embed(texts: readonly string[], { signal }: EmbedOptions = {}): Promise<Embeddings> {
    const { vectors } = await this.local.embed(texts, { signal }).catch((error: unknown) => {
      if (!isFailure(error, 'model.unusable')) throw error;
      throw failure('embedding.provider_failed', { provider: PROVIDER, reason: error.facts.reason! }, { cause: error });
    });
    // It counts tokens, and nobody bills them.
    return { vectors, tokens: 0 };
  }

  async close(): Promise<void> {
    await this.local.close();
  }
}

/** The digest of the files, and what the operator has changed of what they say: other vectors are another version. */
function versionOf(local: LocalModel, { maxTokens, pooling, normalise }: z.output<typeof Options>): string {
  const changed = { maxTokens, pooling, normalise };
  const named = Object.entries(changed).filter(([, value]) => value !== undefined);
  return [local.version, ...named.map(([name, value]) => `${name}=${value}`)].join('/');
}

export const onnxProvider = defineProvider({
  family: 'embedding-model',
  name: PROVIDER,
  options: Options,
  open: async (options: z.output<typeof Options>, { signal }): Promise<EmbeddingModel> => {
    const { model, dimensions: _, ...chosen } = options;
    const local = await LocalModel.open(model, { task: 'embedding', signal, ...chosen });
    return new OnnxEmbeddingModel(local, versionOf(local, options));
  },
});
