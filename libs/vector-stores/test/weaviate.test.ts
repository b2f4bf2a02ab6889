// Weaviate keeps every promise of the port, against a double that its official client drives as well.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { Secret, vectorStoreContract } from '#ports';
import { openVectorStore, vectorStoreSection } from '#vector-stores';
import { WeaviateDouble } from '../../../test/doubles/weaviate.js';
import { weaviateProvider } from '../src/providers/weaviate/weaviate.provider.js';
import { faultCases } from './matrix/faults.js';
import { plainSealer } from './support/sealers.js';

const KEY = 'secret-key';

let double: WeaviateDouble;
beforeAll(async () => {
  double = await WeaviateDouble.start({ apiKey: KEY });
});
afterEach(() => expect(double.complaints).toEqual([]));
afterAll(() => double.stop());

const open = async (url = double.url) =>
  weaviateProvider.open(
    { url, apiKey: new Secret(KEY), classPrefix: 'Resk', consistency: undefined, replicas: undefined },
    {},
  );

describe('the contract', () => {
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});

describe('the contract, as an operator opens it', () => {
  const configured = async () => {
    const env = { VECTORDB_TYPE: 'weaviate', VECTORDB_URL: double.url, VECTORDB_API_KEY: KEY };
    const { vectorStore: config } = readConfig([vectorStoreSection], environmentSources({ env, envFile: false }));
    return (await openVectorStore(config, { dataDir: '/nowhere', plugins: [], sealer: plainSealer }))!;
  };
  for (const { name, run } of vectorStoreContract(configured)) test(name, run);
});

describe('faults', () => {
  const behind = {
    get url() {
      return double.url;
    },
  };
  for (const { name, run } of faultCases(open, behind)) test(name, run);
});
