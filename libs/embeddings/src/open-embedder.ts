// Opens the embedder that the configuration asks for, and compares what it can with what is expected.
import { givenOptions, ProviderFamily } from '#config';
import { type CallOptions, type EmbeddingModel, failure, type Meter, type Secret } from '#ports';
import { Embedder } from './embedder.js';
import type { EmbeddingConfig } from './embedding.section.js';
import { openVectorCache, type VectorMemory } from './open-vector-cache.js';

const LOCAL = 'local';

const BUILT_INS = {
  local: async () => (await import('./providers/local.js')).localProvider,
  openai: async () => (await import('./providers/openai.js')).openAiProvider,
  'azure-openai': async () => (await import('./providers/azure-openai.js')).azureOpenAiProvider,
  huggingface: async () => (await import('./providers/huggingface.js')).huggingFaceProvider,
  tei: async () => (await import('./providers/tei.js')).teiProvider,
  'sentence-transformers': async () =>
    (await import('./providers/sentence-transformers.js')).sentenceTransformersProvider,
  onnx: async () => (await import('./providers/onnx.js')).onnxProvider,
};

export interface EmbedderContext extends CallOptions {
  /** npm packages that may bring a model. */
  plugins: readonly string[];
  /** Keeps account of what is paid for. */
  meter?: Meter | undefined;
  /** What vectors are remembered with. Without it they are remembered in memory at most. */
  memory?: VectorMemory | undefined;
}

/**
 * Opens the model, and asks a remote one for one vector, so that a wrong key, model or dimension stops the boot.
 * @throws Failure `provider.*`, `embedding.*` or `model.unusable`, each naming what to change.
 */
export async function openEmbedder(
  config: EmbeddingConfig,
  { plugins, signal, meter, memory }: EmbedderContext,
): Promise<Embedder> {
  const model = await openEmbeddingModel(config, { plugins, ...(signal && { signal }) });
  const cache = config.provider === LOCAL ? undefined : await openVectorCache(config, model.provider, memory);
  const embedder = new Embedder(model, config, meter, cache);
  try {
    compareDimensions(model, config.dimensions);
    await embedder.prove(signal);
    return embedder;
  } catch (error) {
    await embedder.close();
    throw error;
  }
}

/** The model alone, as its provider opens it: without batches, repeats, account or memory. Fails with `provider.*`, or as the provider does. */
export function openEmbeddingModel(
  config: EmbeddingConfig,
  { plugins, signal }: Pick<EmbedderContext, 'plugins' | 'signal'>,
): Promise<EmbeddingModel> {
  const { settings, origins } = optionsOf(config);
  return embeddingModelFamily(plugins).open(config.provider, settings, { origins, ...(signal && { signal }) });
}

/** Whether the chosen model would take the settings; opens nothing. @throws Failure `provider.*` */
export function checkEmbeddingModel(config: EmbeddingConfig, plugins: readonly string[]): Promise<void> {
  const { settings, origins } = optionsOf(config);
  return embeddingModelFamily(plugins).check(config.provider, settings, origins);
}

/** The models that can be chosen. */
export function embeddingModelFamily(plugins: readonly string[]): ProviderFamily<'embedding-model'> {
  return new ProviderFamily({
    family: 'embedding-model',
    variable: 'EMBEDDING_PROVIDER',
    builtIns: BUILT_INS,
    plugins,
  });
}

function optionsOf(config: EmbeddingConfig) {
  const { provider, model, baseUrl, apiKey, openaiApiKey, hfToken, dimensions, options } = config;
  const known: Record<string, readonly [string, Secret | undefined]> = {
    openai: ['OPENAI_API_KEY', openaiApiKey],
    huggingface: ['HF_TOKEN', hfToken],
  };
  const key = ['EMBEDDING_API_KEY', apiKey] as const;
  return givenOptions(options, {
    model: ['EMBEDDING_MODEL', model],
    baseUrl: ['EMBEDDING_BASE_URL', baseUrl],
    apiKey: apiKey ? key : (known[provider] ?? key),
    dimensions: ['EMBEDDING_DIMENSIONS', dimensions],
  });
}

function compareDimensions({ provider, dimensions: received }: EmbeddingModel, expected: number | undefined): void {
  if (expected !== undefined && received !== undefined && received !== expected) {
    throw failure('embedding.dimension_mismatch', { provider, expected, received, which: 'by EMBEDDING_DIMENSIONS' });
  }
}
