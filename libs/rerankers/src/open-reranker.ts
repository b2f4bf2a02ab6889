// Opens the reranker that the configuration asks for.
import { givenOptions, ProviderFamily } from '#config';
import type { CallOptions, Meter, Reranker } from '#ports';
import type { RerankersConfig } from './rerankers.section.js';
import { TextRanker } from './text-ranker.js';

const BUILT_INS = {
  cohere: async () => (await import('./providers/cohere.js')).cohereProvider,
  onnx: async () => (await import('./providers/onnx.js')).onnxProvider,
  tei: async () => (await import('./providers/tei.js')).teiProvider,
};

/**
 * Opens the model of `RERANK_PROVIDER`, and asks a remote one to judge one text, so that a wrong key or model stops the
 * boot; `undefined` for `none`.
 * @throws Failure `provider.*`, `rerank.*` or `model.unusable`, each naming what to change.
 */
export async function openReranker(
  config: RerankersConfig,
  { plugins, signal, meter }: { plugins: readonly string[]; signal?: AbortSignal; meter?: Meter | undefined },
): Promise<TextRanker | undefined> {
  const model = await openRerankModel(config, { plugins, ...(signal && { signal }) });
  if (!model) return undefined;
  const ranker = new TextRanker(model, { timeoutMs: config.timeoutMs }, meter);
  try {
    await ranker.prove(signal);
    return ranker;
  } catch (error) {
    await ranker.close();
    throw error;
  }
}

/**
 * The model alone, as its provider opens it: without batches, repeats or account; `undefined` for `none`.
 * @throws Failure `provider.*`, or what the provider fails with
 */
export async function openRerankModel(
  config: RerankersConfig,
  { plugins, signal }: CallOptions & { plugins: readonly string[] },
): Promise<Reranker | undefined> {
  if (config.provider === 'none') return undefined;
  const { settings, origins } = optionsOf(config);
  return rerankerFamily(plugins).open(config.provider, settings, { origins, ...(signal && { signal }) });
}

/** Whether the chosen model would take the settings; opens nothing. @throws Failure `provider.*` */
export async function checkReranker(config: RerankersConfig, plugins: readonly string[]): Promise<void> {
  const { settings, origins } = optionsOf(config);
  if (config.provider !== 'none') await rerankerFamily(plugins).check(config.provider, settings, origins);
}

/** The rerankers that can be chosen. */
export function rerankerFamily(plugins: readonly string[]): ProviderFamily<'reranker'> {
  return new ProviderFamily({ family: 'reranker', variable: 'RERANK_PROVIDER', builtIns: BUILT_INS, plugins });
}

function optionsOf({ model, url, apiKey, options }: RerankersConfig) {
  return givenOptions(options, {
    model: ['RERANK_MODEL', model],
    url: ['RERANK_URL', url],
    apiKey: ['RERANK_API_KEY', apiKey],
  });
}
