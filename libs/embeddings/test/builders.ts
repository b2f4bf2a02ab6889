// What the tests of this room are made of.
import { environmentSources, readConfig } from '#config';
import { Embedder, type EmbedderOptions, embeddingSection } from '#embeddings';
import type { EmbeddingModel, Embeddings, EmbedOptions, ProviderDefinition } from '#ports';
import { Secret } from '#ports';
import { openAiProvider } from '../src/providers/openai.js';

/** The section's values for these variables alone. */
export function aConfig(env: Record<string, string> = {}) {
  return readConfig([embeddingSection], environmentSources({ env, envFile: false })).embedding;
}

export function anEmbedder(model: EmbeddingModel, options: Partial<EmbedderOptions> = {}): Embedder {
  return new Embedder(model, { batchSize: 64, parallel: 4, timeoutMs: 5000, retries: 0, ...options });
}

export function anOpenAiModel(baseUrl: string, options: Record<string, unknown> = {}): Promise<EmbeddingModel> {
  return opened(openAiProvider, { baseUrl, apiKey: new Secret('sk-test'), ...options });
}

/** The model that a provider opens with these options, checked by its own schema. */
export async function opened<O>(
  provider: ProviderDefinition<'embedding-model', O>,
  options: Record<string, unknown>,
  context: { signal?: AbortSignal } = {},
): Promise<EmbeddingModel> {
  const checked = await provider.options['~standard'].validate(options);
  if (checked.issues) throw new Error(JSON.stringify(checked.issues));
  return provider.open(checked.value, context);
}

/** A model in this process that says how it was called, and gives each text the vector [length, 1]. */
export class LengthModel implements EmbeddingModel {
  readonly provider = 'length';
  readonly model = 'length';
  readonly version = '1';
  readonly maxInputTokens: number | undefined = undefined;
  readonly calls: { texts: readonly string[]; purpose: EmbedOptions['purpose'] }[] = [];
  running = 0;
  mostRunning = 0;
  closed = 0;

  constructor(
    readonly remote: boolean,
    readonly maxBatch = 100,
    readonly dimensions: number | undefined = 2,
  ) {}

  /** What a call gives; replaced by tests that need another outcome. */
  answer = async (texts: readonly string[], _options: EmbedOptions): Promise<Embeddings> => ({
    vectors: texts.map((text) => Float32Array.of(text.length, 1)),
    tokens: texts.length,
  });

  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Embeddings> {
    this.calls.push({ texts, purpose: options.purpose });
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      await new Promise((resolve) => setImmediate(resolve));
      return await this.answer(texts, options);
    } finally {
      this.running--;
    }
  }

  async close() {
    this.closed++;
  }
}
