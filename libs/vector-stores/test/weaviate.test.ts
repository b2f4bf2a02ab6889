// Weaviate keeps every promise of the port, against a double that its official client drives as well.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Secret, vectorStoreContract } from '#ports';
import { WeaviateDouble } from '../../../test/doubles/weaviate.js';
import { weaviateProvider } from '../src/providers/weaviate/weaviate.provider.js';
import { faultCases } from './matrix/faults.js';

let double: WeaviateDouble;
beforeAll(async () => {
  double = await WeaviateDouble.start({ apiKey: 'secret-key' });
});
afterEach(() => expect(double.complaints).toEqual([]));
afterAll(() => double.stop());

const open = async (url = double.url) =>
  weaviateProvider.open(
    { url, apiKey: new Secret('secret-key'), classPrefix: 'Resk', consistency: undefined, replicas: undefined },
    {},
  );

describe('the contract', () => {
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});

describe('faults', () => {
  const behind = {
    get url() {
      return double.url;
    },
  };
  for (const { name, run } of faultCases(open, behind)) test(name, run);
});
