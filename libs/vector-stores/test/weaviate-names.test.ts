// Names of ours as Weaviate takes them: different ones stay different, and those of collections are read back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CollectionSpec } from '#ports';
import { classNameOf, shapeOf, tenantNameOf, uuidOf } from '../src/providers/weaviate/weaviate-names.js';

const SPEC: CollectionSpec = { dimension: 384, metric: 'cosine' };
const name = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,71}$/),
  fc.string({ minLength: 1, maxLength: 40 }),
);

describe('a class', () => {
  test('tells the collection, its dimension and its metric', () => {
    expect(classNameOf('Resk', 'default', SPEC)).toBe('Resk_cosine_384__default');
    fc.assert(
      fc.property(
        name,
        fc.integer({ min: 1, max: 65_535 }),
        fc.constantFrom('cosine', 'l2', 'dot'),
        (collection, dimension, metric) => {
          fc.pre(collection.isWellFormed());
          const className = classNameOf('Resk', collection, { dimension, metric });
          expect(className).toMatch(/^[A-Z][_0-9A-Za-z]*$/);
          expect(shapeOf('Resk', className)).toEqual({ collection, dimension, metric });
        },
      ),
    );
  });

  test('differs in more than case for collections that differ in case', () => {
    const [a, b] = [classNameOf('Resk', 'Docs', SPEC), classNameOf('Resk', 'docs', SPEC)];
    expect(a.toLowerCase()).not.toBe(b.toLowerCase());
  });

  test('is another one for other settings of the index, in whatever order they are', () => {
    const named = (index: Record<string, number>) => classNameOf('Resk', 'a', { ...SPEC, index });
    expect(named({})).toBe(classNameOf('Resk', 'a', SPEC));
    expect(named({ ef: 1, efConstruction: 64 })).toBe(named({ efConstruction: 64, ef: 1 }));
    expect(new Set([named({}), named({ ef: 1 }), named({ ef: 2 })]).size).toBe(3);
    expect(shapeOf('Resk', named({ ef: 1 }))).toEqual({ collection: 'a', dimension: 384, metric: 'cosine' });
  });

  test('of the longest name of the API, and of its segments, fits', () => {
    const segment = `${'Z'.repeat(63)}~01234567`;
    const spec: CollectionSpec = { dimension: 65_535, metric: 'cosine', index: { ef: 1 } };
    expect(classNameOf('P'.repeat(20), segment, spec).length).toBeLessThanOrEqual(256);
  });

  test.each([
    'Article',
    'Resk_cosine_384',
    'Other_cosine_384__a',
    'Resk_cosine_0384__a',
    'Resk_cosine_384__A',
    'Resk_cosine_384___zz',
  ])('%s is not ours', (className) => {
    expect(shapeOf('Resk', className)).toBeUndefined();
  });
});

describe('a tenant', () => {
  test.each([
    ['north', 'north'],
    ['acme.example', 'acme_2eexample'],
    ['a_b', 'a_5fb'],
    ['~service', '_7eservice'],
  ])('%s is %s', (tenant, written) => {
    expect(tenantNameOf(tenant)).toBe(written);
  });

  test('fits whatever it is called, and is nobody else', () => {
    const tenant = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
    fc.assert(
      fc.property(tenant, tenant, (a, b) => {
        expect(tenantNameOf(a)).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        expect(tenantNameOf(a) === tenantNameOf(b)).toBe(a === b);
      }),
    );
    const [long, longer] = ['.'.repeat(63), '.'.repeat(64)];
    expect(tenantNameOf(long)).toMatch(/^_h[0-9a-f]{60}$/);
    expect(tenantNameOf(long)).not.toBe(tenantNameOf(longer));
  });
});

test('an id is always the same UUID of version 5', () => {
  expect(uuidOf('guide-1')).toBe('ecc7ccc1-e917-5de9-9016-78eb9bc561b0');
  fc.assert(
    fc.property(fc.string(), (id) =>
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuidOf(id)),
    ),
  );
});
