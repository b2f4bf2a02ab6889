// Azure's own door to OpenAI's models: a resource, a deployment, and a key or a token of Microsoft Entra ID.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { defineProvider, type EmbeddingModel, failure, Secret } from '#ports';
import { OpenAiEmbeddings } from './openai-embeddings.js';
import { httpUrl } from './provider-options.js';

const PROVIDER = 'azure-openai';

const Options = z
  .strictObject({
    /** Name of the deployment. */
    model: z.string().regex(/^\w[\w.-]{0,63}$/, 'is the name of the deployment'),
    /** The resource, e.g. `https://north.openai.azure.com`. */
    baseUrl: httpUrl(),
    apiKey: z.instanceof(Secret).optional(),
    /** File with a token of Microsoft Entra ID, e.g. kept fresh by a sidecar. Read before each call. */
    tokenFile: z.string().min(1).optional(),
    /** OpenAI's name of the model that is deployed: its dimensions and limits are then known, and it is the version. */
    baseModel: z.string().min(1).optional(),
    /**
     * Set, e.g. `2024-10-21`, the API of deployments is called; unset, the v1 API, which has no versions.
     * https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
     */
    apiVersion: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}(-preview)?$/, 'is a date, e.g. 2024-10-21')
      .optional(),
    dimensions: z.int().min(1).optional(),
    encoding: z.enum(['base64', 'float']).default('base64'),
  })
  .refine(({ apiKey, tokenFile }) => (apiKey === undefined) !== (tokenFile === undefined), {
    path: ['apiKey'],
    message: 'set EMBEDDING_API_KEY, or tokenFile in EMBEDDING_OPTIONS: one of them',
  });

type AzureOptions = z.output<typeof Options>;

/** https://learn.microsoft.com/azure/ai-foundry/openai/reference and …/openai/latest (v1) */
function placeOf({ model, apiVersion }: AzureOptions) {
  return apiVersion === undefined
    ? { path: '/openai/v1/embeddings', sent: model }
    : { path: `/openai/deployments/${model}/embeddings`, query: { 'api-version': apiVersion } };
}

function headersOf({ apiKey, tokenFile }: AzureOptions): () => Promise<Record<string, Secret>> {
  if (apiKey) return async () => ({ 'api-key': apiKey });
  return async () => {
    const token = await readFile(tokenFile!, 'utf8').catch((cause: unknown) => {
      throw failure('embedding.provider_unauthorised', { provider: PROVIDER }, { cause });
    });
    return { authorization: new Secret(`Bearer ${token.trim()}`) };
  };
}

export const azureOpenAiProvider = defineProvider({
  family: 'embedding-model',
  name: PROVIDER,
  options: Options,
  open: async (options: AzureOptions): Promise<EmbeddingModel> => {
    const { model, baseModel, dimensions, encoding } = options;
    const baseUrl = options.baseUrl.replace(/\/+(openai(\/v1)?\/*)?$/, '');
    return new OpenAiEmbeddings({
      ...{ provider: PROVIDER, model, baseModel, dimensions, encoding, baseUrl },
      ...placeOf(options),
      headers: headersOf(options),
      // https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md
      callHeader: 'x-ms-client-request-id',
    });
  },
});
