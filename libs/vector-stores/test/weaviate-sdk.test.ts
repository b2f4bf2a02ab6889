// Weaviate's official client of REST and GraphQL drives the double, and reads what our adapter wrote.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import sdk, { ApiKey, type WeaviateClient } from 'weaviate-ts-client';
import { Secret } from '#ports';
import { WeaviateDouble } from '../../../test/doubles/weaviate.js';
import { weaviateProvider } from '../src/providers/weaviate/weaviate.provider.js';
import { uuidOf } from '../src/providers/weaviate/weaviate-names.js';

// Its types are those of its CommonJS form, which has the default export one step deeper.
const weaviate = sdk as unknown as typeof sdk.default;

const KEY = 'secret-key';
const CLASS = 'Article';
const TENANT = 'north';
const IDS = ['a', 'b', 'c'].map(uuidOf) as [string, string, string];
const RIVERS = [
  { title: 'The Rhine', year: 2020, tags: ['x', 'y'], vector: [1, 0, 0] },
  { title: 'The Danube and the Rhine', year: 2021, tags: ['y'], vector: [0.6, 0.8, 0] },
  { title: 'The Volga', year: 2022, tags: [], vector: [0, 0, 1] },
];

let double: WeaviateDouble;
let client: WeaviateClient;
beforeAll(async () => {
  double = await WeaviateDouble.start({ apiKey: KEY });
  const { host } = new URL(double.url);
  client = weaviate.client({ scheme: 'http', host, apiKey: new ApiKey(KEY) });
});
afterEach(() => expect(double.complaints).toEqual([]));
afterAll(() => double.stop());

test('the server is ready, and tells its version', async () => {
  expect(await client.misc.readyChecker().do()).toBe(true);
  expect((await client.misc.metaGetter().do()).version).toMatch(/^1\.\d+\.\d+$/);
});

test('a class with tenants is made once', async () => {
  const made = await client.schema
    .classCreator()
    .withClass({
      class: CLASS,
      vectorizer: 'none',
      vectorIndexConfig: { distance: 'cosine', efConstruction: 64 },
      multiTenancyConfig: { enabled: true },
      properties: [
        { name: 'title', dataType: ['text'] },
        { name: 'year', dataType: ['number'] },
        { name: 'tags', dataType: ['text[]'], tokenization: 'field' },
      ],
    })
    .do();
  expect(made.vectorIndexConfig).toMatchObject({ distance: 'cosine', efConstruction: 64, maxConnections: 32 });
  await expect(client.schema.classCreator().withClass({ class: 'article' }).do()).rejects.toThrow('already exists');
  await client.schema.tenantsCreator(CLASS, [{ name: TENANT }, { name: 'south' }]).do();
  expect((await client.schema.tenantsGetter(CLASS).do()).map(({ name }) => name)).toEqual([TENANT, 'south']);
  expect(await client.schema.tenantsExists(CLASS, TENANT).do()).toBe(true);
  expect(await client.schema.tenantsExists(CLASS, 'east').do()).toBe(false);
});

test('objects are written in a batch, each with its own outcome', async () => {
  const objects = RIVERS.map(({ vector, ...properties }, at) => ({
    class: CLASS,
    tenant: TENANT,
    id: IDS[at]!,
    vector,
    properties,
  }));
  const stray = { ...objects[0]!, tenant: 'east' };
  const results = await client.batch
    .objectsBatcher()
    .withObjects(...objects, stray)
    .do();
  expect(results.map(({ result }) => result?.status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS', 'FAILED']);
  expect(results[3]?.result?.errors?.error?.[0]?.message).toBe('tenant not found: "east"');
});

test('the nearest are found, with a condition, and of one tenant alone', async () => {
  const nearest = () =>
    client.graphql.get().withClassName(CLASS).withFields('title _additional { id distance vector }').withLimit(2);
  const vector = [1, 0, 0];
  const { data } = await nearest().withTenant(TENANT).withNearVector({ vector }).do();
  expect(data.Get[CLASS].map((one: { title: string }) => one.title)).toEqual([RIVERS[0]!.title, RIVERS[1]!.title]);
  expect(data.Get[CLASS][1]._additional).toMatchObject({ id: IDS[1], distance: expect.closeTo(0.4, 6) });
  const where = {
    operator: 'And' as const,
    operands: [
      { path: ['year'], operator: 'GreaterThan' as const, valueNumber: 2020 },
      { path: ['tags'], operator: 'NotEqual' as const, valueText: 'y' },
    ],
  };
  const limited = await nearest().withTenant(TENANT).withNearVector({ vector }).withWhere(where).do();
  expect(limited.data.Get[CLASS].map((one: { title: string }) => one.title)).toEqual([RIVERS[2]!.title]);
  expect((await nearest().withTenant('south').withNearVector({ vector }).do()).data.Get[CLASS]).toEqual([]);
  await expect(nearest().withTenant('east').withNearVector({ vector }).do()).rejects.toThrow('tenant not found');
});

test('words are searched, alone and beside a vector', async () => {
  const asked = () =>
    client.graphql.get().withClassName(CLASS).withTenant(TENANT).withFields('title _additional { score }');
  const words = await asked()
    .withBm25({ query: 'rhine', properties: ['title'] })
    .do();
  expect(words.data.Get[CLASS].map((one: { title: string }) => one.title)).toEqual([
    RIVERS[0]!.title,
    RIVERS[1]!.title,
  ]);
  const hybrid = { query: 'danube', vector: [0, 0, 1], alpha: 0.4, properties: ['title'] };
  const both = await asked()
    .withHybrid({ ...hybrid, fusionType: 'relativeScoreFusion' as never })
    .withLimit(2)
    .do();
  expect(both.data.Get[CLASS][0]).toMatchObject({
    title: RIVERS[1]!.title,
    _additional: { score: expect.any(String) },
  });
});

test('objects are counted, and paged by their ids', async () => {
  const counted = await client.graphql
    .aggregate()
    .withClassName(CLASS)
    .withTenant(TENANT)
    .withFields('meta { count }')
    .do();
  expect(counted.data.Aggregate[CLASS]).toEqual([{ meta: { count: 3 } }]);
  const page = () => client.data.getter().withClassName(CLASS).withTenant(TENANT).withVector().withLimit(2);
  const sorted = [...IDS].sort();
  const first = (await page().withAfter('00000000-0000-0000-0000-000000000000').do()).objects!;
  expect(first.map(({ id }) => id)).toEqual(sorted.slice(0, 2));
  expect((await page().withAfter(sorted[1]!).do()).objects?.map(({ id }) => id)).toEqual(sorted.slice(2));
  const one = await client.data.getterById().withClassName(CLASS).withTenant(TENANT).withId(IDS[0]).withVector().do();
  expect(one).toMatchObject({ id: IDS[0], vector: [1, 0, 0], properties: { title: RIVERS[0]!.title } });
});

test('objects are deleted by a condition, and told how many there were', async () => {
  const where = { path: ['tags'], operator: 'ContainsAny' as const, valueTextArray: ['x', 'z'] };
  const deleting = () => client.batch.objectsBatchDeleter().withClassName(CLASS).withTenant(TENANT).withWhere(where);
  expect((await deleting().withDryRun(true).withOutput('verbose').do()).results).toMatchObject({
    matches: 1,
    successful: 0,
  });
  expect((await deleting().do()).results).toMatchObject({ matches: 1, successful: 1, failed: 0 });
  expect((await deleting().do()).results).toMatchObject({ matches: 0 });
  await client.schema.tenantsDeleter(CLASS, ['south']).do();
  await client.schema.classDeleter().withClassName(CLASS).do();
  expect(await client.schema.exists(CLASS)).toBe(false);
});

test('what our adapter wrote is there for everybody', async () => {
  const parts = { classPrefix: 'Resk', consistency: undefined, replicas: undefined };
  const store = await weaviateProvider.open({ url: double.url, apiKey: new Secret(KEY), ...parts }, {});
  const ref = { tenant: 'acme.example', collection: 'Guides' };
  await store.openCollection(ref, { dimension: 3, metric: 'cosine', index: { efConstruction: 200 } });
  await store.upsert(ref, [{ id: 'guide-1', vector: new Float32Array([1, 0, 0]), text: 'Opening hours' }]);
  const { classes = [] } = await client.schema.getter().do();
  const ours = classes.find((one) => one.class?.startsWith('Resk_cosine_3_i'))!;
  expect(ours.vectorIndexConfig).toMatchObject({ distance: 'cosine', efConstruction: 200 });
  expect(ours.multiTenancyConfig).toMatchObject({ enabled: true });
  const [tenant] = await client.schema.tenantsGetter(ours.class!).do();
  expect(tenant?.name).toBe('acme_2eexample');
  const found = await client.data
    .getterById()
    .withClassName(ours.class!)
    .withTenant(tenant!.name!)
    .withId(uuidOf('guide-1'))
    .do();
  expect(found.properties).toMatchObject({ resk_id: 'guide-1', resk_text: 'Opening hours' });
  await store.close();
});
