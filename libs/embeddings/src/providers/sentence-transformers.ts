// A model of sentence-transformers: behind a server where an address is set, else from a folder, in this process.
import { defineProvider, type EmbeddingModel, type OptionsResult, type ProviderDefinition } from '#ports';

const PROVIDER = 'sentence-transformers';

/** Checked options, and who opens a model with them. */
interface Chosen {
  open: (context: { signal?: AbortSignal }) => Promise<EmbeddingModel>;
}

/**
 * The server is one of Text Embeddings Inference, which runs these models; one that speaks OpenAI's API (infinity, vLLM)
 * is chosen by `openai`. In this process the folder's ONNX form is run, as by the provider `onnx`.
 */
async function chosen(settings: unknown): Promise<OptionsResult<Chosen>> {
  const { baseUrl } = settings as { baseUrl?: unknown };
  if (baseUrl === undefined) return checked((await import('./onnx.js')).onnxProvider, settings);
  const { TeiEmbeddings, teiProvider } = await import('./tei.js');
  return checked(
    { ...teiProvider, open: (options, { signal }) => new TeiEmbeddings(options, PROVIDER).open(signal) },
    settings,
  );
}

async function checked<O>(
  by: ProviderDefinition<'embedding-model', O>,
  settings: unknown,
): Promise<OptionsResult<Chosen>> {
  const result = await by.options['~standard'].validate(settings);
  return result.issues ? result : { value: { open: (context) => by.open(result.value, context) } };
}

export const sentenceTransformersProvider = defineProvider({
  family: 'embedding-model',
  name: PROVIDER,
  options: { '~standard': { version: 1, vendor: 'resk-caching', validate: chosen } },
  open: ({ open }: Chosen, context) => open(context),
});
