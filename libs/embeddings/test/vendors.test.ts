// Every vendor's model keeps the contract of the port, and has one stated outcome for every fault of its server.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { embeddingModelContract, Secret } from '#ports';
import { azureDoor } from '../../../test/doubles/azure-openai.js';
import { OpenAiDouble } from '../../../test/doubles/openai.js';
import { TeiEmbeddingsDouble } from '../../../test/doubles/tei-embeddings.js';
import { azureOpenAiProvider } from '../src/providers/azure-openai.js';
import { huggingFaceProvider } from '../src/providers/huggingface.js';
import { openAiProvider } from '../src/providers/openai.js';
import { sentenceTransformersProvider } from '../src/providers/sentence-transformers.js';
import { teiProvider } from '../src/providers/tei.js';
import { opened } from './builders.js';
import { embeddingFaultCases } from './faults.js';

const apiKey = new Secret('key-of-the-test');
let openai: OpenAiDouble;
let azure: OpenAiDouble;
let tei: TeiEmbeddingsDouble;
beforeAll(async () => {
  openai = await OpenAiDouble.start({ apiKey: apiKey.reveal() });
  azure = await OpenAiDouble.start({ door: azureDoor({ deployment: 'acme', apiKey: apiKey.reveal() }) });
  tei = await TeiEmbeddingsDouble.start({ apiKey: apiKey.reveal() });
});
afterEach(() => {
  for (const double of [openai, azure, tei]) {
    expect(double.complaints).toEqual([]);
    double.reset();
  }
});
afterAll(() => Promise.all([openai.stop(), azure.stop(), tei.stop()]));

const ofTei = {
  get url() {
    return tei.url;
  },
};
const model = 'acme';

const VENDORS = [
  {
    name: 'openai',
    behind: {
      get url() {
        return openai.origin;
      },
    },
    open: (url: string) => opened(openAiProvider, { baseUrl: `${url}/v1`, apiKey, model }),
  },
  {
    name: 'azure-openai, deployments',
    behind: {
      get url() {
        return azure.origin;
      },
    },
    open: (url: string) => opened(azureOpenAiProvider, { baseUrl: url, apiKey, model, apiVersion: '2024-10-21' }),
  },
  {
    name: 'azure-openai, v1',
    behind: {
      get url() {
        return azure.origin;
      },
    },
    open: (url: string) => opened(azureOpenAiProvider, { baseUrl: `${url}/openai/v1/`, apiKey, model }),
  },
  { name: 'tei', behind: ofTei, open: (url: string) => opened(teiProvider, { baseUrl: url, apiKey }) },
  {
    name: 'sentence-transformers, server',
    behind: ofTei,
    open: (url: string) => opened(sentenceTransformersProvider, { baseUrl: url, apiKey }),
  },
  {
    name: 'huggingface, endpoint',
    behind: ofTei,
    open: (url: string) => opened(huggingFaceProvider, { baseUrl: url, apiKey }),
  },
  {
    name: 'huggingface, endpoint with a path',
    behind: ofTei,
    open: (url: string) => opened(huggingFaceProvider, { baseUrl: `${url}/embed`, apiKey }),
  },
];

const FAULTY = new Set(['openai', 'azure-openai, deployments', 'tei', 'huggingface, endpoint']);

describe.each(VENDORS)('$name', ({ open, behind }) => {
  describe('keeps the contract', () => {
    for (const { name, run } of embeddingModelContract(() => open(behind.url))) test(name, run);
  });
});

// The others are the same code by another name.
describe.each(VENDORS.filter(({ name }) => FAULTY.has(name)))('$name meets faults', ({ open, behind }) => {
  for (const { name, run } of embeddingFaultCases(open, behind)) test(name, run);
});
