// What Pinecone's refusals become, whichever request of a call they answer.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FailureCode, Secret, type VectorStore } from '#ports';
import { PineconeDouble } from '../../../../test/doubles/pinecone.js';
import { pineconeProvider } from '../../src/providers/pinecone/pinecone.provider.js';
import { refused } from '../support/refused.js';
import { aPinecone } from './support.js';

const REF = { tenant: 'north', collection: 'documents' };
const vector = new Float32Array([1, 0.5]);

let double: PineconeDouble;
let store: VectorStore;
beforeAll(async () => {
  double = await PineconeDouble.start();
});
beforeEach(async () => {
  double.indexes.clear();
  store = await aPinecone({ url: double.url });
});
afterEach(() => store.close());
afterAll(() => double.stop());

function opened() {
  return store.openCollection(REF, { dimension: 2, metric: 'cosine' });
}

describe('refusals', () => {
  test.each<[number, unknown, FailureCode]>([
    [402, { status: 402, error: { code: 'PAYMENT_REQUIRED', message: 'pay' } }, 'vector.quota_exhausted'],
    [403, { status: 403, error: { code: 'QUOTA_EXCEEDED', message: 'pods' } }, 'vector.quota_exhausted'],
    [403, 'Namespace quota exceeded', 'vector.quota_exhausted'],
    [403, { status: 403, error: { code: 'FORBIDDEN', message: 'no' } }, 'vector.store_unauthorised'],
    [429, { code: 8, message: 'You have reached the read unit limit for the current month' }, 'vector.quota_exhausted'],
    [429, { code: 8, message: 'Too many requests' }, 'vector.store_unavailable'],
    [404, { code: 5, message: 'gone' }, 'vector.store_unavailable'],
    [400, { code: 3, message: 'bad' }, 'vector.input_refused'],
    [500, null, 'vector.store_unavailable'],
  ])('%i with %j is %s', async (status, body, code) => {
    await opened();
    double.next({ status, body });
    await refused(code, store.query(REF, { vector, k: 1 }));
  });

  test('of making an index or a namespace, of dropping and of looking are told, not swallowed', async () => {
    const broken = { status: 500, body: {} };
    const honest = { altered: <T>(reply: T) => reply };
    for (const steps of [0, 1, 2, 3]) {
      double.next(...Array.from({ length: steps }, () => honest), broken);
      await refused('vector.store_unavailable', opened());
      double.indexes.clear();
      await store.close();
      store = await aPinecone({ url: double.url });
    }
    await opened();
    double.next(honest, honest, broken);
    await refused('vector.store_unavailable', store.dropCollection(REF));
  });

  test('of a cursor that Pinecone no longer knows is of the cursor; any other is told', async () => {
    await opened();
    const cursor = `p${Buffer.from('unknown').toString('base64url')}`;
    await refused('request.invalid', store.list(REF, { limit: 1, cursor }));
    double.next({ status: 500 });
    await refused('vector.store_unavailable', store.list(REF, { limit: 1, cursor }));
  });

  test('a vector of a wrong dimension among matches is an odd reply', async () => {
    await opened();
    await store.upsert(REF, [{ id: 'a', vector }]);
    double.next({
      altered: ({ body, ...reply }) => {
        const { matches } = body as { matches: object[] };
        return { ...reply, body: { matches: matches.map((match) => ({ ...match, values: [1] })) } };
      },
    });
    await refused('vector.reply_invalid', store.query(REF, { vector, k: 1, withVectors: true }));
  });
});

test('options that are not known, or name no index, are refused', async () => {
  const problems = async (options: object) =>
    (await pineconeProvider.options['~standard'].validate(options)).issues?.length;
  const apiKey = new Secret('key');
  expect(await problems({ apiKey })).toBeUndefined();
  expect(await problems({})).toBe(1);
  expect(await problems({ apiKey, index: 'Not A Name' })).toBe(1);
  expect(await problems({ apiKey, environment: 'gcp-starter' })).toBe(1);
});
