// A store in segments keeps every promise of the port: with one segment, and with several.
import { describe, test } from 'vitest';
import { vectorStoreContract } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { SegmentedStore } from '#vector-stores';
import { aStore } from '../support/stores.js';

const open = async () => SegmentedStore.open(await aStore(), { records: new MemoryRecords(), bus: new LocalBus() });

describe('segmented', () => {
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});
