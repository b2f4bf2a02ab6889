// Opens the embedder that the configuration asks for, and compares what it can with what is expected.
import { ProviderFamily } from '#config';
import { type EmbeddingModel, failure, type Meter } from '#ports';
import { Embedder } from './embedder.js';
import type { EmbeddingConfig } from './embedding.section.js';

const BUILT_INS = {
  local: async () => (await import('./providers/local.js')).localProvider,
  openai: async () => (await import('./providers/openai.js')).openAiProvider,
};

/**
 * Opens the model, and asks a remote one for one vector, so that a wrong key, model or dimension stops the boot.
 * @throws Failure `provider.*` or `embedding.*`, each naming what to change.
 */
export async function openEmbedder(
  config: EmbeddingConfig,
  { plugins, signal, meter }: { plugins: readonly string[]; signal?: AbortSignal; meter?: Meter | undefined },
): Promise<Embedder> {
  const family = new ProviderFamily({
    family: 'embedding-model',
    variable: 'EMBEDDING_PROVIDER',
    builtIns: BUILT_INS,
    plugins,
  });
  const model = await family.open(config.provider, optionsOf(config), { ...(signal && { signal }) });
  const embedder = new Embedder(model, config, meter);
  try {
    compareDimensions(model, config.dimensions);
    await embedder.prove(signal);
    return embedder;
  } catch (error) {
    await embedder.close();
    throw error;
  }
}

/** Only what the operator set: a provider's own schema holds its defaults, and refuses what it does not know. */
function optionsOf({ provider, model, baseUrl, apiKey, openaiApiKey, dimensions, options }: EmbeddingConfig) {
  const key = apiKey ?? (provider === 'openai' ? openaiApiKey : undefined);
  const settings = { model, baseUrl, apiKey: key, dimensions };
  return { ...options, ...Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) };
}

function compareDimensions({ provider, dimensions: received }: EmbeddingModel, expected: number | undefined): void {
  if (expected !== undefined && received !== undefined && received !== expected) {
    throw failure('embedding.dimension_mismatch', { provider, expected, received });
  }
}
