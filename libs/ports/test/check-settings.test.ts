// A store refuses what it does not claim, by its capabilities alone.
import { expect, test } from 'vitest';
import { checkSearch, checkSpec, type VectorStoreCapabilities } from '#ports';

const BARE: VectorStoreCapabilities = { metrics: ['cosine', 'l2'], filters: [], maxBatch: 1, maxDimension: 16 };
const bare = { provider: 'bare', capabilities: BARE };
const able = {
  provider: 'able',
  capabilities: { ...BARE, index: ['M', 'nlist'], search: ['nprobe'], hybrid: true },
};
const SPEC = { dimension: 4, metric: 'cosine' } as const;
const QUERY = { vector: new Float32Array([1]), k: 1 };

test('takes what is claimed', () => {
  checkSpec(bare, SPEC);
  checkSpec(able, { ...SPEC, dimension: 16, index: { M: 8, nlist: 4 } });
  checkSearch(bare, QUERY);
  checkSearch(able, { ...QUERY, search: { nprobe: 2 }, hybrid: { text: 'words' } });
});

test.each([0, 17, 1.5, Number.NaN])('refuses the dimension %d', (dimension) => {
  const problems = [expect.objectContaining({ path: 'dimension', message: 'Must be a whole number from 1 to 16.' })];
  expect(() => checkSpec(bare, { ...SPEC, dimension })).toThrow(
    expect.objectContaining({ code: 'request.invalid', problems }),
  );
});

test('refuses a metric that the store does not have', () => {
  const problems = [expect.objectContaining({ path: 'metric', message: 'Must be one of cosine, l2.' })];
  expect(() => checkSpec(bare, { ...SPEC, metric: 'dot' })).toThrow(expect.objectContaining({ problems }));
});

test('names the setting that is unknown, and those that are known', () => {
  const unsupported = (facts: object) => expect.objectContaining({ code: 'vector.setting_unsupported', facts });
  expect(() => checkSpec(able, { ...SPEC, index: { M: 8, ef: 1 } })).toThrow(
    unsupported({ provider: 'able', setting: 'ef', known: 'M, nlist' }),
  );
  expect(() => checkSearch(bare, { ...QUERY, search: { nprobe: 1 } })).toThrow(
    unsupported({ provider: 'bare', setting: 'nprobe', known: 'none' }),
  );
});

test('refuses words where the store does not search by them', () => {
  const refused = expect.objectContaining({ code: 'vector.hybrid_unsupported', facts: { provider: 'bare' } });
  expect(() => checkSearch(bare, { ...QUERY, hybrid: { text: 'words' } })).toThrow(refused);
});
