// Chroma keeps every promise of the port, and misbehaving has the outcomes stated: both on the real server.
import { afterAll, beforeAll, describe, test } from 'vitest';
import { vectorStoreContract } from '#ports';
import { type ChromaServer, startChroma } from '../../../../test/support/chroma.js';
import { faultCases } from '../matrix/faults.js';
import { aChroma } from './support.js';

let server: ChromaServer;
beforeAll(async () => {
  server = await startChroma();
});
afterAll(() => server.stop());

describe('chroma', () => {
  for (const { name, run } of vectorStoreContract(() => aChroma(server.url))) test(name, run);
});

describe('chroma, all tenants in one database', () => {
  const open = () => aChroma(server.url, { database: 'default_database' });
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});

describe('chroma, misbehaving', () => {
  const behind = {
    get url() {
      return server.url;
    },
  };
  for (const { name, run } of faultCases((url) => aChroma(url), behind)) test(name, run);
});
