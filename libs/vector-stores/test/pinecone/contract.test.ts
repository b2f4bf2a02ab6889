// Pinecone keeps every promise of the port, and misbehaving has the outcomes stated: by a double that its official SDK drives.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { vectorStoreContract } from '#ports';
import { PineconeDouble } from '../../../../test/doubles/pinecone.js';
import { faultCases } from '../matrix/faults.js';
import { aPinecone } from './support.js';

let double: PineconeDouble;
beforeAll(async () => {
  double = await PineconeDouble.start();
});
afterEach(() => expect(double.complaints.splice(0)).toEqual([]));
afterAll(() => double.stop());

describe('pinecone, with indexes of its own', () => {
  for (const { name, run } of vectorStoreContract(() => aPinecone({ url: double.url }))) test(name, run);
});

describe('pinecone, in the index of a host', () => {
  const open = () => aPinecone({ indexHost: double.makeIndex('given', 4, 'dotproduct') });
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});

describe('pinecone, misbehaving', () => {
  const behind = {
    get url() {
      double.indexes.get('faulty') ?? double.makeIndex('faulty', 4, 'cosine');
      return double.url;
    },
  };
  const open = (url: string) => aPinecone({ indexHost: double.hostOf('faulty', url) });
  for (const { name, run } of faultCases(open, behind)) test(name, run);
});
