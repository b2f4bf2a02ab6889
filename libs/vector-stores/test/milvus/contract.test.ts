// The Milvus adapter keeps every promise of the port, and says what becomes of a call when the server misbehaves.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Secret, vectorStoreContract } from '#ports';
import { MilvusDouble } from '../../../../test/doubles/milvus.js';
import { faultCases } from '../matrix/faults.js';
import { milvus } from './milvus-stores.js';

const TOKEN = 'root:Milvus';

for (const absent of ['unknown', 'false'] as const) {
  for (const isolation of ['database', 'collection'] as const) {
    describe(`milvus, a ${isolation} for each tenant, where what compares with nothing is ${absent}`, () => {
      let double: MilvusDouble;
      beforeAll(async () => {
        double = await MilvusDouble.start({ token: TOKEN, absent });
      });
      afterEach(() => expect(double.complaints).toEqual([]));
      afterAll(() => double.stop());
      const open = async () => milvus({ url: double.url, apiKey: new Secret(TOKEN), isolation });
      for (const { name, run } of vectorStoreContract(open)) test(name, run);
    });
  }
}

describe('milvus, when things go wrong', () => {
  const behind = { url: '' };
  let double: MilvusDouble;
  beforeAll(async () => {
    double = await MilvusDouble.start();
    behind.url = double.url;
  });
  afterAll(() => double.stop());
  for (const { name, run } of faultCases(async (url) => milvus({ url }), behind)) test(name, run);
});
