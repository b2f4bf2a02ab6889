// What the adapter sends is of the form that a newer Chroma server publishes, beside the one that the other tests run.
import { expect, test } from 'vitest';
import { OpenApiForms } from '../../../../test/doubles/openapi-forms.js';
import { describeWithShared, sharedFile } from '../../../../test/support/shared-folder.js';
import { Greeting } from './greeting.js';
import { aChroma } from './support.js';

const SPECIFICATION = 'specs/chroma/openapi-server-bindings-1.3.4.json';
const REF = { tenant: 'north', collection: 'documents' };
const vector = new Float32Array([1, 0.5]);

/** Forms of the bodies, by the end of the path. */
const FORMS: Array<[RegExp, string]> = [
  [/\/databases$/, 'CreateDatabasePayload'],
  [/\/collections$/, 'CreateCollectionPayload'],
  [/\/upsert$/, 'UpsertCollectionRecordsPayload'],
  [/\/query$/, 'QueryRequestPayload'],
  [/\/get$/, 'GetRequestPayload'],
  [/\/delete$/, 'DeleteCollectionRecordsPayload'],
];

describeWithShared(SPECIFICATION)('against the specification of 1.3.4', () => {
  test('every body is of its documented form', async () => {
    const forms = OpenApiForms.of(sharedFile(SPECIFICATION)!);
    const double = await new Greeting().listen();
    const store = await aChroma(double.url);
    double.next({ status: 404, body: { error: 'NotFoundError', message: 'absent' } });
    await store.openCollection(REF, {
      dimension: 2,
      metric: 'cosine',
      index: { M: 16, efConstruction: 100, efSearch: 50 },
    });
    const metadata = { lang: 'en', year: 2020, tags: ['x', 7], draft: true };
    await store.upsert(REF, [
      { id: 'a', vector, text: 'text', metadata, subject: 's', purposes: ['p'], expiresAt: 9e12 },
    ]);
    double.next({ status: 200, body: { ids: [[]], distances: [[]], metadatas: [[]] } });
    const filter = { op: 'not', filter: { op: 'gt', field: 'year', value: 2000 } } as const;
    await store.query(REF, { vector, k: 3, filter, purpose: 'p', ingestedSince: 5, withVectors: true });
    await store.list(REF, { subject: 's', limit: 5 });
    const honest = { altered: <T>(reply: T) => reply };
    double.next(honest, { status: 200, body: { ids: ['a'] } });
    await store.delete(REF, { ids: ['a'] });
    const checked = double.requests.flatMap(({ method, target, body }) => {
      const form = FORMS.find(([path]) => method === 'POST' && path.test(target))?.[1];
      return form === undefined ? [] : [[form, forms.problemsOf(form, brokenNumbers(body))] as const];
    });
    expect(new Set(checked.map(([form]) => form)).size).toBe(FORMS.length);
    expect(checked.flatMap(([, problems]) => problems)).toEqual([]);
    await store.close();
    await double.stop();
  });
});

/** It says that a number of metadata is either an integer or a number, and a whole one is both: broken ones are neither twice. */
function brokenNumbers(body: string): unknown {
  const { metadata, metadatas, ...rest } = JSON.parse(body) as { metadata?: object; metadatas?: object[] };
  const broken = (fields: object) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, typeof value === 'number' ? value + 0.5 : value]),
    );
  return {
    ...rest,
    ...(metadata && { metadata: broken(metadata) }),
    ...(metadatas && { metadatas: metadatas.map(broken) }),
  };
}
