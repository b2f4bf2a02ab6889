// A cross-encoder from a local folder, run in this process: texts leave it for nobody.
import { z } from 'zod';
import { LocalModel } from '#onnx';
import { defineProvider, failure, isFailure, type Reranker, type Reranking, type RerankOptions } from '#ports';
import { toProbability } from './scores.js';

const PROVIDER = 'onnx';

const Options = z.strictObject({
  model: z.string({ error: 'must name the folder of the model' }).min(1),
  /** The graph in the folder, e.g. `onnx/model_quantized.onnx`. Default `onnx/model.onnx`, else `model.onnx`. */
  file: z.string().min(1).optional(),
  /** Tokens of question and text together, instead of what the folder says. */
  maxTokens: z.int().min(8).max(1_000_000).optional(),
  threads: z.int().min(1).max(1024).optional(),
});

class OnnxReranker implements Reranker {
  readonly provider = PROVIDER;
  readonly model: string;
  /** Enough for the model to be busy; more only makes others wait longer for their turn. */
  readonly maxBatch = 32;
  readonly remote = false;

  constructor(private readonly local: LocalModel) {
    this.model = local.name;
  }

  async rerank(query: string, texts: readonly string[], { signal }: RerankOptions = {}): Promise<Reranking> {
    const { logits } = await this.local.score(query, texts, { signal }).catch((error: unknown) => {
      if (!isFailure(error, 'model.unusable')) throw error;
      throw failure('rerank.provider_failed', { provider: PROVIDER, reason: error.facts.reason! }, { cause: error });
    });
    // It counts tokens, and nobody bills them.
    return { scores: logits.map((logit) => toProbability('logit', logit)), tokens: 0 };
  }

  async close(): Promise<void> {
    await this.local.close();
  }
}

export const onnxProvider = defineProvider({
  family: 'reranker',
  name: PROVIDER,
  options: Options,
  open: async ({ model, ...chosen }: z.output<typeof Options>, { signal }): Promise<Reranker> =>
    new OnnxReranker(await LocalModel.open(model, { task: 'reranking', signal, ...chosen })),
});
