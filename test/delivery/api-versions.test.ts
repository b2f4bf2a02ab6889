// What breaks callers of the released API is seen, and what does not is let through.
// biome-ignore-all lint/suspicious/noExplicitAny: a document is changed here in ways that its type forbids.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type ApiDocument, breakingChanges } from '../../scripts/api-compat/breaking-changes.js';
import { included, type Schema } from '../../scripts/api-compat/included.js';
import { mayBreak, newest } from '../../scripts/api-compat/versions.js';
import { textOf } from './delivery-files.js';

const TODAY = new Date('2027-06-01');
const released = () => JSON.parse(textOf('docs/openapi.json')) as ApiDocument;

/** A change of the document of now, as somebody might make it. */
function changed(change: (document: any) => void): string[] {
  const document = released();
  change(document);
  return breakingChanges(released(), document, TODAY);
}

const schemaOf = (document: any, name: string) => document.components.schemas[name];
const ask = (document: any) => document.paths['/api/cache/query'].post;

describe('the document of now', () => {
  it('breaks nothing against itself', () => {
    expect(changed(() => undefined)).toEqual([]);
  });

  it.each<[string, (document: any) => void]>([
    ['a new operation', (d) => (d.paths['/api/teapots'] = { get: { responses: {} } })],
    ['a new optional field of a request', (d) => (schemaOf(d, 'QuestionDto').properties.mood = { type: 'string' })],
    ['a field that need not be sent any more', (d) => (schemaOf(d, 'QuestionDto').required = [])],
    ['a longer text', (d) => (schemaOf(d, 'QuestionDto').properties.query.maxLength *= 2)],
    ['a new field of a reply', (d) => (schemaOf(d, 'AnswerDto').properties.mood = { type: 'string' })],
    ['a new optional header', (d) => ask(d).parameters.push({ name: 'x-tea', in: 'header', required: false })],
    ['a new failure', (d) => (ask(d).responses[400].description += ', request.cold')],
    ['other words', (d) => (schemaOf(d, 'QuestionDto').properties.query.description = 'What you ask.')],
    ['a deprecation', (d) => Object.assign(ask(d), { deprecated: true, 'x-sunset': '2028-01-01' })],
  ])('may bring %s', (_, change) => {
    expect(changed(change)).toEqual([]);
  });

  it.each<[string, (document: any) => void, string]>([
    ['an operation', (d) => delete d.paths['/api/usage'], 'GET /api/usage: is gone, and was not deprecated'],
    ['a field of a request', (d) => delete schemaOf(d, 'QuestionDto').properties.model, 'body.model: is not allowed'],
    ['a field of a reply', (d) => remove(schemaOf(d, 'AnswerDto'), 'age'), 'reply 200.age: must be there'],
    ['an optional field of a reply', (d) => remove(schemaOf(d, 'AnswerDto'), 'similarity'), 'similarity: is gone'],
    ['a status', (d) => delete ask(d).responses[200], 'reply 200: is gone'],
    ['a failure', (d) => (ask(d).responses[401].description = 'One of: auth.missing'), 'failure auth.expired: is gone'],
    ['a status of failures', (d) => delete ask(d).responses[429], 'failure rate.limited: is gone'],
    ['a header of a reply', (d) => delete ask(d).responses[200].headers.age, 'header age is gone'],
    ['a media type', (d) => (ask(d).requestBody.content = { 'text/plain': {} }), 'application/json is not taken'],
    ['a media type of a reply', (d) => (ask(d).responses[200].content = {}), 'reply 200: application/json is gone'],
    ['a parameter', (d) => (ask(d).parameters = []), 'header x-correlation-id: is not taken'],
  ])('may not take away %s', (_, change, sentence) => {
    const sentences = changed(change);
    expect(sentences.filter((one) => one.includes(sentence))).not.toEqual([]);
  });

  it.each<[string, (document: any) => void, string]>([
    ['a field', (d) => schemaOf(d, 'QuestionDto').required.push('model'), 'body.model: must be there'],
    ['a parameter', (d) => ask(d).parameters.push({ name: 'tea', in: 'query', required: true }), 'query tea: must be'],
    ['a body', (d) => (d.paths['/api/usage'].get.requestBody = { required: true, content: {} }), 'body: must be there'],
    ['less text', (d) => (schemaOf(d, 'QuestionDto').properties.query.maxLength = 10), 'query: maxLength was'],
    ['another type', (d) => (schemaOf(d, 'QuestionDto').properties.ttl = { type: 'string' }), 'body.ttl: was'],
    ['another scope', (d) => (ask(d)['x-scope'] = 'admin'), 'scope was cache:read, and is admin'],
    ['another name', (d) => (ask(d).operationId = 'ask'), 'operationId was query_ask, and is ask'],
  ])('may not demand %s', (_, change, sentence) => {
    expect(changed(change).filter((one) => one.includes(sentence))).not.toEqual([]);
  });

  it('may not answer with values that were not among them', () => {
    const sentences = changed((d) => schemaOf(d, 'AnswerDto').properties.status.enum.push('lukewarm'));
    expect(sentences).toContainEqual(expect.stringContaining('reply 200.status: "lukewarm" is not among the values'));
  });
});

function remove(schema: { properties: Record<string, unknown>; required: string[] }, name: string): void {
  delete schema.properties[name];
  schema.required = schema.required.filter((one) => one !== name);
}

describe('an operation that was deprecated', () => {
  const retired = (sunset: string) => {
    const before = released();
    Object.assign(before.paths['/api/usage']!.get!, { deprecated: true, 'x-sunset': sunset });
    const after = released();
    delete after.paths['/api/usage'];
    return breakingChanges(before, after, TODAY);
  };

  it('may go once its sunset has passed', () => expect(retired('2027-05-31')).toEqual([]));
  it('may not go before', () =>
    expect(retired('2027-06-02')).toEqual(['GET /api/usage: is gone before its sunset, 2027-06-02']));
});

describe('a schema fits another', () => {
  const tree = { type: 'object', properties: { left: { $ref: '#/components/schemas/Tree' } } };
  const home = { components: { schemas: { Tree: tree } } };
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
    [
      'a keyword that it does not know',
      { type: 'string' },
      { type: 'string', pattern: '^a' },
      'it: pattern was not set',
    ],
  ])('not: %s', (_, from, to, sentence) => {
    expect(misfits(from, to)).toContainEqual(expect.stringContaining(sentence));
  });

  it('not where a name is not in the document', () => {
    expect(() => misfits({ $ref: '#/components/schemas/Bush' }, { type: 'string' })).toThrow(
      'Bush is not in the document',
    );
  });
});

describe('versions', () => {
  it('the newest is found by number', () => {
    expect(newest(['0.9.0', '0.10.0', '0.10.1', 'README', '0.2.30'])).toBe('0.10.1');
    expect(newest(['README'])).toBeUndefined();
  });

  it.each([
    ['0.1.0', '0.1.1', false],
    ['0.1.9', '0.2.0', true],
    ['0.9.0', '1.0.0', true],
    ['1.0.0', '1.1.0', false],
    ['1.9.0', '2.0.0', true],
    ['2.0.0', '1.0.0', false],
    ['1.0.0', 'next', false],
  ])('%s → %s may break: %s', (from, to, may) => {
    expect(mayBreak(from, to)).toBe(may);
  });
});

describe('npm run check:api', () => {
  const program = fileURLToPath(new URL('../../dist/scripts/api-compat/main.js', import.meta.url));
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'api-'));
    mkdirSync(join(root, 'docs/api'), { recursive: true });
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  });
  const write = (change: (document: any) => void = () => undefined) => {
    const document = released();
    change(document);
    writeFileSync(join(root, 'docs/openapi.json'), JSON.stringify(document));
  };
  const check = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: root, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  it('wants a released document, and records the one of now as such', () => {
    write();
    expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('check:api -- --record') });
    expect(check('--record').status).toBe(0);
    expect(check()).toMatchObject({ status: 0, output: expect.stringContaining('takes and gives what') });
  });

  it('fails on a breaking change, unless the version says that it may', () => {
    write();
    check('--record');
    write((document) => delete document.paths['/api/usage']);
    expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('GET /api/usage: is gone') });
    write((document) => {
      delete document.paths['/api/usage'];
      document.info.version = '99.0.0';
    });
    expect(check()).toMatchObject({ status: 0, output: expect.stringContaining('as a new version may bring') });
  });
});
