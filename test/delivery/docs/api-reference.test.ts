// The API reference says of every operation and body what the OpenAPI document says, and links what it names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ApiDocument, apiReference, kindOf } from '../../../scripts/generate/api-reference.js';
import { documentOf, ROOT } from './documents.js';

const api = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8')) as ApiDocument & {
  components: { schemas: Record<string, object> };
};

describe('the API reference', () => {
  const text = apiReference(api);
  const document = documentOf('docs/API_REFERENCE.md', text);

  it('has every operation, by method and path', () => {
    const operations = Object.entries(api.paths as Record<string, object>).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `### \`${verb.toUpperCase()} ${path}\`\n`),
    );
    expect(operations.length).toBeGreaterThanOrEqual(40);
    expect(operations.filter((heading) => !text.includes(heading))).toEqual([]);
  });

  it('has every body, and each link within it leads to one', () => {
    expect(Object.keys(api.components.schemas).filter((name) => !text.includes(`### ${name}\n`))).toEqual([]);
    const own = document.links.filter(({ href }) => href.startsWith('#'));
    expect(own.length).toBeGreaterThan(50);
    expect(own.filter(({ href }) => !document.anchors.has(href.slice(1)))).toEqual([]);
  });

  it('tells of a deprecated operation, of one without a token, and of refusals that all share once', () => {
    const reply = { '200': { description: 'Done.' }, '401': { description: 'One of: auth.missing, auth.scope' } };
    const told = apiReference({
      paths: {
        '/a': { get: { operationId: 'a', deprecated: true, tags: ['tea'], responses: reply } },
        '/b': {
          post: { operationId: 'b', tags: ['tea'], responses: { '401': { description: 'One of: auth.missing' } } },
        },
        '/c': { get: { operationId: 'c', security: [], responses: { '200': { description: 'Tea <hot>.' } } } },
      },
    });
    expect(told).toContain('## Tea\n');
    expect(told).toContain('Operation `a`. **Deprecated.**');
    expect(told).toContain('Operation `c`. No token.\n\n- **200** Tea &lt;hot>');
    expect(told.match(/`auth\.missing`/g)).toHaveLength(1);
    expect(told).toContain('- **401** `auth.scope`');
  });
});

it.each([
  [{ type: 'string', minLength: 1, maxLength: 9 }, 'string, 1 to 9'],
  [{ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, 'integer, at least 0'],
  [{ type: 'number', maximum: 1 }, 'number, at most 1'],
  [{ type: ['string', 'null'] }, 'string or null'],
  [{ enum: ['a', 1] }, '`"a"` or `1`'],
  [{ const: true }, '`true`'],
  [{ anyOf: [{ $ref: '#/components/schemas/TeaDto' }, { type: 'null' }] }, '[TeaDto](#teadto) or null'],
  [{ allOf: [{ type: 'object' }, {}] }, 'object and anything'],
  [{ type: 'array', items: { type: 'boolean' }, maxItems: 3 }, 'list of boolean, at most 3'],
])('a value of %j is told as %s', (schema, words) => {
  expect(kindOf(schema)).toBe(words);
});
