// What the adapters of vendors share: filters without `not`, names in a vendor's letters, fields that never collide, failures.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Filter, failure, type JsonObject, matchesFilter } from '#ports';
import { HttpRefusal } from '#resilience';
import { plainFilter, type Term } from '../src/providers/plain-filter.js';
import { translatedFailure } from '../src/providers/store-failures.js';
import {
  copyName,
  filterCopies,
  itemToken,
  mayFind,
  NEVER,
  numberToken,
  payloadOf,
  shownOf,
  storedDocument,
} from '../src/providers/stored-document.js';
import { escapedName, unescapedName } from '../src/providers/vendor-name.js';

const field = fc.constantFrom('a', 'b');
const value = fc.constantFrom<string | number | boolean>('x', 'y', 1, 2, true);
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    fc.record({ op: fc.constantFrom('eq' as const, 'ne' as const), field, value }),
    fc.record({ op: fc.constantFrom('in' as const, 'nin' as const), field, values: fc.array(value, { maxLength: 2 }) }),
    fc.record({
      op: fc.constantFrom('gt' as const, 'gte' as const, 'lt' as const, 'lte' as const),
      field,
      value: fc.constantFrom<number | string>(1, 2, 'x'),
    }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { maxLength: 3 }),
    }),
    fc.record({ op: fc.constant('not' as const), filter: tie('filter') }),
  ),
})).filter;
const documents = fc.dictionary(
  field,
  fc.oneof(value, fc.array(value, { maxLength: 2 }), fc.constant(null)),
) as fc.Arbitrary<JsonObject>;

/** What a term says of a document, by its own words. */
function satisfied(term: Term | boolean, metadata: JsonObject): boolean {
  if (typeof term === 'boolean') return term;
  if ('terms' in term) return term.terms[term.is === 'all' ? 'every' : 'some']((one) => satisfied(one, metadata));
  const positive: Filter =
    term.is === 'oneOf'
      ? { op: 'in', field: term.field, values: term.values }
      : { op: term.op, field: term.field, value: term.value };
  return matchesFilter(positive, metadata) === term.holds;
}

describe('a filter without `not`', () => {
  test('says the same of every document', () => {
    fc.assert(
      fc.property(filters, documents, (filter, metadata) => {
        expect(satisfied(plainFilter(filter), metadata)).toBe(matchesFilter(filter, metadata));
      }),
    );
  });

  test('has no empty lists, and no constants inside', () => {
    const sound = (term: Term): boolean =>
      'terms' in term
        ? term.terms.length > 1 && term.terms.every(sound)
        : term.is === 'inOrder' || term.values.length > 0;
    fc.assert(
      fc.property(filters, (filter) => {
        const term = plainFilter(filter);
        return typeof term === 'boolean' || sound(term);
      }),
    );
  });
});

describe('a name in the letters of a vendor', () => {
  const grammar = { plain: /[a-z0-9-]/, mark: '_' };

  test('is read back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const escaped = escapedName(name, grammar);
        expect(escaped).toMatch(/^[a-z0-9_-]*$/);
        expect(unescapedName(escaped, grammar)).toBe(name);
      }),
    );
  });

  test('is not read from what was not escaped so', () => {
    for (const foreign of ['a_', 'a_zz', 'A', 'a_61', '_c3', 'a_2'])
      expect(unescapedName(foreign, grammar)).toBeUndefined();
    expect(unescapedName('a_41~'.slice(0, 4), grammar)).toBe('aA');
  });
});

describe('a stored document', () => {
  const full = {
    text: 'text',
    metadata: { lang: 'en', tags: ['a', 'a', 1], deep: { er: true }, none: null },
    subject: 'person-1',
    source: 'a.csv',
    purposes: ['support', 'support'],
    consent: true,
    lineage: { ingestRun: 'r', model: 'm', normalised: true, ingestedAt: 1_700_000_000_000.7 },
    expiresAt: 1_800_000_000_000.2,
  };

  test('is read back with everything, its times in whole milliseconds', () => {
    const stored = storedDocument(full, 5);
    expect(payloadOf({ ...stored })).toEqual({
      ...full,
      expiresAt: 1_800_000_000_001,
      lineage: { ...full.lineage, ingestedAt: 1_700_000_000_000 },
    });
    expect(stored).toMatchObject({ resk_purposed: true, resk_purposes: ['support'], resk_consent: true });
  });

  test('without anything has no end, no purposes, and the time of its writing', () => {
    const stored = storedDocument({}, 5);
    expect(stored).toMatchObject({ resk_expires_at: NEVER, resk_ingested_at: 5, resk_purposed: false });
    expect(payloadOf({ ...stored })).toEqual({ lineage: { ingestedAt: 5 } });
    expect(shownOf({})).toEqual({ metadata: {} });
    expect(storedDocument({ expiresAt: Number.MAX_VALUE, consent: false }, 5)).toMatchObject({
      resk_expires_at: NEVER,
      resk_consent: false,
    });
  });

  test('that others made is none', () => {
    for (const resk_details of [undefined, 7, 'text', 'null', '{}', '{"v":2}', '[]']) {
      expect(payloadOf({ resk_text: 'text', resk_details })).toBeUndefined();
    }
  });

  test('is believed where the copies that a vendor filters by are behind', () => {
    const payload = payloadOf({ ...storedDocument(full, 5) })!;
    const may = (query: object) => mayFind({ vector: new Float32Array(1), k: 1, ...query }, payload, 0);
    expect(may({ purpose: 'support' })).toBe(true);
    expect(may({})).toBe(false);
    expect(may({ purpose: 'training' })).toBe(false);
    expect(may({ purpose: 'support', ingestedSince: 1_700_000_000_001 })).toBe(false);
    expect(may({ purpose: 'support', filter: { op: 'eq', field: 'lang', value: 'de' } })).toBe(false);
    const bare = { vector: new Float32Array(1), k: 1 };
    expect(mayFind(bare, { consent: false }, 0)).toBe(false);
    expect(mayFind(bare, { expiresAt: 7 }, 7)).toBe(false);
    expect(mayFind(bare, {}, 7)).toBe(true);
  });

  test('is copied for filters by what they can ask for', () => {
    expect(filterCopies(full.metadata)).toEqual({
      values: [['lang', 'en']],
      items: [
        ['tags', 'a'],
        ['tags', 1],
      ],
    });
    expect(filterCopies()).toEqual({ values: [], items: [] });
  });

  test('has names and tokens that no field of a user collides with', () => {
    const names = ['a', 'resk_text', 'resk_user_resk_text', '$a', 'resk_user_$a', '', 'resk_user_'];
    const copies = names.map((name) => copyName(name, /^($|\$)/));
    expect(new Set(copies).size).toBe(names.length);
    expect(copies.filter((name) => name.startsWith('resk_') && !name.startsWith('resk_user_'))).toEqual([]);
    const tokens = [
      itemToken('a', '1'),
      itemToken('a', 1),
      itemToken('a=1', ''),
      numberToken('a'),
      itemToken('a#number', ''),
    ];
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});

describe('a failed call to a vendor', () => {
  const vendor = { provider: 'acme', fix: 'Look.' };
  const refusal = (status: number, body = '') =>
    failure('call.refused', { target: 'acme', status }, { cause: new HttpRefusal(status, body), retryAfterMs: 7 });

  test.each([
    [401, 'vector.store_unauthorised'],
    [403, 'vector.store_unauthorised'],
    [400, 'vector.input_refused'],
    [413, 'vector.input_refused'],
    [422, 'vector.input_refused'],
    [429, 'vector.store_unavailable'],
    [404, 'vector.store_unavailable'],
    [500, 'vector.store_unavailable'],
  ])('with status %i is %s', (status, code) => {
    expect(translatedFailure(refusal(status), vendor)).toMatchObject({ code });
  });

  test('keeps how long to wait, and its cause', () => {
    const cause = refusal(429);
    expect(translatedFailure(cause, vendor)).toMatchObject({ retryAfterMs: 7, cause });
    const plain = failure('call.refused', { target: 'acme', status: 500 }, { cause: new HttpRefusal(500, '') });
    expect(translatedFailure(plain, vendor)).toMatchObject({ retryAfterMs: undefined });
  });

  test('is what the vendor says where its table knows', () => {
    const seen: unknown[] = [];
    const meaning = ({ body }: { body: unknown }) => {
      seen.push(body);
      return body === 'busy' ? undefined : failure('vector.quota_exhausted', { provider: 'acme', reason: 'spent' });
    };
    const translate = (body: string) => translatedFailure(refusal(429, body), { ...vendor, meaning });
    expect(translate('{"spent":true}')).toMatchObject({ code: 'vector.quota_exhausted' });
    expect(translate('busy')).toMatchObject({ code: 'vector.store_unavailable' });
    expect(seen).toEqual([{ spent: true }, 'busy']);
  });

  test('is left as it is where it has a meaning already', () => {
    const late = failure('call.timeout', { target: 'acme', limitMs: 5 });
    const abort = new Error('gone');
    for (const one of [late, abort]) expect(translatedFailure(one, vendor)).toBe(one);
    const broken = failure('call.failed', { target: 'acme', reason: 'ECONNREFUSED' });
    expect(translatedFailure(broken, vendor)).toMatchObject({ code: 'vector.store_unavailable' });
    const odd = failure('call.reply_invalid', { target: 'acme', reason: 'not JSON' });
    expect(translatedFailure(odd, vendor)).toMatchObject({ code: 'vector.reply_invalid' });
  });
});
