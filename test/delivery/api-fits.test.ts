// Rule by rule: which schemas fit which, and what is said of those that do not.
import { describe, expect, it } from 'vitest';
import { included } from '../../scripts/api-compat/included.js';
import type { Schema } from '../../scripts/api-compat/schemas.js';

describe('a schema fits another', () => {
  const tree = { type: 'object', properties: { left: { $ref: '#/components/schemas/Tree' } } };
  const wordy = {
    type: 'object',
    properties: { left: { allOf: [{ $ref: '#/components/schemas/Wordy' }], title: 'Left' } },
  };
  const any = { properties: { left: { $ref: '#/components/schemas/Any' } } };
  const home = { components: { schemas: { Tree: tree, Wordy: wordy, Any: any } } };
  const misfits = (from: Schema, to: Schema, lenient = false) =>
    included(from, to, { from: home, to: home, lenient }, 'it');

  it.each<[string, Schema, Schema]>([
    ['anything is allowed', { type: 'string' }, true],
    ['anything is allowed by no word', true, {}],
    ['nothing comes', false, { type: 'string' }],
    ['whole numbers are numbers', { type: 'integer' }, { type: 'number' }],
    ['one of several types', { type: 'string' }, { type: ['string', 'null'] }],
    ['listed values of a type', { enum: ['a', 'b'] }, { type: 'string' }],
    ['a fixed value of a list', { const: 'a' }, { enum: ['a', 'b'] }],
    ['every alternative has its own', { anyOf: [{ const: 1 }, { const: 2 }] }, { oneOf: [{ const: 2 }, { const: 1 }] }],
    ['it fits all parts', { type: 'string', minLength: 2 }, { allOf: [{ type: 'string' }, { minLength: 1 }] }],
    ['a recursive form', { $ref: '#/components/schemas/Tree' }, { $ref: '#/components/schemas/Tree' }],
    ['named items', { prefixItems: [{ type: 'integer' }] }, { prefixItems: [{ type: 'number' }] }],
    [
      'a map of less',
      { type: 'object', additionalProperties: { const: 'a' } },
      { type: 'object', additionalProperties: { type: 'string' } },
    ],
    ['anything fits what names itself and forbids nothing', true, { $ref: '#/components/schemas/Any' }],
    [
      'fields of several parts',
      { allOf: [{ $ref: '#/components/schemas/Tree' }, { required: ['left'] }] },
      { type: 'object', properties: { left: { type: 'object' } }, required: ['left'] },
    ],
    [
      'alternatives beside fields',
      { type: 'object', properties: { a: { const: 1 } }, anyOf: [{ required: ['a'] }] },
      { anyOf: [{ properties: { a: { type: 'integer' } }, required: ['a'] }, { type: 'string' }] },
    ],
    [
      'a recursive form beside words',
      { type: 'object', properties: { left: { allOf: [{ $ref: '#/components/schemas/Wordy' }] } } },
      { $ref: '#/components/schemas/Tree' },
    ],
    ['what is more exact beside a name', { $ref: '#/components/schemas/Tree', minProperties: 1 }, { minProperties: 1 }],
    ['marks that forbid nothing', { type: 'string' }, { type: 'string', 'x-note': 1, examples: ['a'] }],
  ])('%s', (_, from, to) => {
    expect(misfits(from, to)).toEqual([]);
  });

  it.each<[string, Schema, Schema, string]>([
    ['nothing is allowed', { type: 'string' }, false, 'it: is not allowed any more'],
    ['a type where there was none', true, { type: 'string' }, 'it: was any value, and is string'],
    ['a list where there was none', { type: 'string' }, { enum: ['a'] }, 'it: is limited to ["a"]'],
    ['no alternative is left', { type: 'null' }, { anyOf: [{ type: 'string' }] }, 'it: null fits none'],
    ['listed values without a form', { enum: [['a']] }, { anyOf: [{ type: 'string' }] }, 'it: ["a"] is not among'],
    [
      'a bound where there was none',
      { type: 'number' },
      { type: 'number', minimum: 0 },
      'it: minimum was not set, and is 0',
    ],
    ['more items', { items: {}, minItems: 1 }, { items: {}, minItems: 2 }, 'it: minItems was 1, and is 2'],
    ['items of a type', { type: 'array' }, { type: 'array', items: { type: 'string' } }, 'it[]: was any value'],
    ['other named items', { prefixItems: [true] }, { prefixItems: [] }, 'it: has 0 named items, and had 1'],
    [
      'a map of something',
      { type: 'object' },
      { type: 'object', additionalProperties: { type: 'string' } },
      'it.*: was',
    ],
    ['a form that names itself', true, { $ref: '#/components/schemas/Tree' }, 'it: was any value, and is object'],
    [
      'more beside a name',
      tree,
      { $ref: '#/components/schemas/Tree', minProperties: 1 },
      'it: minProperties was not set',
    ],
    ['a form and another one', { type: 'string' }, { anyOf: [{}], oneOf: [{ type: 'null' }] }, 'it: string fits none'],
    ['a list and a type', { enum: ['a', 1] }, { enum: ['a', 1], type: 'string' }, 'it: 1 is not among the values'],
    [
      'names by a pattern',
      { patternProperties: { '^a': true }, additionalProperties: false },
      { additionalProperties: false },
      'it.*: is not allowed',
    ],
    [
      'a keyword that it does not know',
      { type: 'string' },
      { type: 'string', pattern: '^a' },
      'it: pattern was not set',
    ],
  ])('not: %s', (_, from, to, sentence) => {
    expect(misfits(from, to)).toContainEqual(expect.stringContaining(sentence));
  });

  it('not where a part of a reply is another, though the other part knows no more fields', () => {
    const reply = (type: string) => ({
      allOf: [{ properties: { a: {} }, additionalProperties: false }, { properties: { b: { type } } }],
    });
    expect(misfits(reply('integer'), reply('string'), true)).toEqual(['it.b: was integer, and is string']);
  });

  it('a map of a reply fits itself, though another part of it knows no more fields', () => {
    const parts = [{ additionalProperties: false }, { properties: { a: { type: 'number' } } }];
    const reply = (title: string) => ({ title, additionalProperties: { type: 'string' }, allOf: parts });
    expect(misfits(reply('Before'), reply('After'), true)).toEqual([]);
  });

  it('not where a name is not in the document', () => {
    expect(() => misfits({ $ref: '#/components/schemas/Bush' }, { type: 'string' })).toThrow(
      'Bush is not in the document',
    );
  });
});
