// What breaks callers of the released API is seen, and what does not is let through.
// biome-ignore-all lint/suspicious/noExplicitAny: a document is changed here in ways that its type forbids.
import { describe, expect, it } from 'vitest';
import { type ApiDocument, breakingChanges, earlyRemovals } from '../../scripts/api-compat/breaking-changes.js';
import { keepsSunsets, mayBreak, newest } from '../../scripts/api-compat/versions.js';
import { textOf } from './delivery-files.js';

const TODAY = new Date('2027-06-01');
const released = () => JSON.parse(textOf('docs/openapi.json')) as ApiDocument;

/** A change of the document of now, as somebody might make it; `both` is made to what it is compared with as well. */
function changed(change: (document: any) => void, both: (document: any) => void = () => undefined): string[] {
  const [before, after] = [released(), released()];
  both(before);
  both(after);
  change(after);
  return [...earlyRemovals(before, after, TODAY), ...breakingChanges(before, after)];
}

const schemaOf = (document: any, name: string) => document.components.schemas[name];
const ask = (document: any) => document.paths['/api/cache/query'].post;
const entry = (document: any) => document.paths['/api/cache/entries/{key}'].get;
const policy = (document: any) => schemaOf(document, 'PolicyReplyDto').properties.effective.properties;
const lines = (document: any) =>
  document.paths['/api/vectors/ingest'].post.requestBody.content['application/x-ndjson'].schema;
const named = { $ref: '#/components/schemas/DocumentDto' };

describe('the document of now', () => {
  it('breaks nothing against itself', () => {
    expect(changed(() => undefined)).toEqual([]);
  });

  it.each<[string, (document: any) => void]>([
    [
      'a named form beside words in a request',
      (d) => (schemaOf(d, 'WriteDto').properties.z = { allOf: [named], title: 'x' }),
    ],
    [
      'a named form beside words in a reply',
      (d) => (schemaOf(d, 'AnswerDto').properties.z = { allOf: [named], title: 'x' }),
    ],
    [
      'alternatives beside fields',
      (d) =>
        (schemaOf(d, 'WriteDto').properties.z = {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'string' } },
          anyOf: [{ required: ['a'] }, { required: ['b'] }],
        }),
    ],
    [
      'parameters of a path',
      (d) => (d.paths['/api/cache'].parameters = [{ name: 'tea', in: 'query', required: true }]),
    ],
    ['words of a path', (d) => Object.assign(d.paths['/api/cache'], { summary: 'x', servers: [], 'x-note': null })],
  ])('breaks nothing against itself with %s', (_, both) => {
    expect(changed(() => undefined, both)).toEqual([]);
    const words = (d: any) => (schemaOf(d, 'DocumentDto').properties.id.description = 'Other words.');
    expect(changed(words, both)).toEqual([]);
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
    ['a line that need not say as much', (d) => (schemaOf(d, 'DocumentDto').required = [])],
    ['a map of less in a reply', (d) => policy(d).detection.properties.kinds.additionalProperties.enum.pop()],
    ['words of a path', (d) => (d.paths['/api/cache'].summary = 'Answers.')],
    [
      'a parameter said once for its path',
      (d) => {
        const { post } = d.paths['/api/cache/query'];
        d.paths['/api/cache/query'].parameters = post.parameters;
        delete post.parameters;
      },
    ],
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
    [
      'a failure',
      (d) => (ask(d).responses[401].description = 'One of: auth.missing'),
      'reply 401: failure auth.expired is gone',
    ],
    ['a status of failures', (d) => delete ask(d).responses[429], 'reply 429: is gone'],
    [
      'a status whose failures come with another',
      (d) => {
        entry(d).responses[400].description += `, ${entry(d).responses[404].description.slice('One of: '.length)}`;
        delete entry(d).responses[404];
      },
      'GET /api/cache/entries/{key}: reply 404: is gone',
    ],
    ['a field of a line', (d) => delete schemaOf(d, 'DocumentDto').properties.metadata, 'body line.metadata: is not'],
    [
      'the form of a line',
      (d) => (lines(d)['x-line-schema'] = { type: 'array' }),
      'body line: was object, and is array',
    ],
    [
      'a field of a reply that is said to be there still',
      (d) => delete schemaOf(d, 'AnswerDto').properties.age,
      'reply 200.age: is gone',
    ],
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
    [
      'a field of a line',
      (d) => schemaOf(d, 'DocumentDto').required.push('metadata'),
      'body line.metadata: must be there',
    ],
    [
      'a parameter of all operations of a path',
      (d) => (d.paths['/api/cache/query'].parameters = [{ name: 'tea', in: 'query', required: true }]),
      'POST /api/cache/query: query tea: must be',
    ],
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

  it.each<[string, (document: any) => void, string]>([
    [
      'another type',
      (d) => (policy(d).retention.properties.collections.additionalProperties = { type: 'string' }),
      'reply 200.effective.retention.collections.*: was string, and is integer',
    ],
    [
      'a value that was not among them',
      (d) => policy(d).detection.properties.kinds.additionalProperties.enum.push('mask'),
      'reply 200.effective.detection.kinds.*: "mask" is not among the values',
    ],
    [
      'a named field of another type',
      (d) => (policy(d).retention.properties.collections.properties = { all: { type: 'boolean' } }),
      'reply 200.effective.retention.collections.all: was boolean, and is integer',
    ],
  ])('may not answer in a map with %s', (_, change, sentence) => {
    expect(changed(change)).toContainEqual(expect.stringContaining(sentence));
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
    return earlyRemovals(before, after, TODAY);
  };
  const moved = (from: string, to: string | undefined) =>
    changed(
      (d) => (ask(d)['x-sunset'] = to),
      (d) => Object.assign(ask(d), { deprecated: true, 'x-sunset': from }),
    );

  it('may go once its sunset has passed', () => expect(retired('2027-05-31')).toEqual([]));
  it('may not go before', () =>
    expect(retired('2027-06-02')).toEqual(['GET /api/usage: is gone before its sunset, 2027-06-02']));
  it('may stay longer than was said', () => {
    expect(moved('2027-12-31', '2028-12-31')).toEqual([]);
    expect(moved('2027-12-31', undefined)).toEqual([]);
  });
  it('may not go earlier than was said', () => {
    const sentence = 'POST /api/cache/query: sunset was 2027-12-31, and is ';
    expect(moved('2027-12-31', '2027-07-01')).toEqual([`${sentence}2027-07-01`]);
    expect(moved('2027-12-31', 'soon')).toEqual([`${sentence}soon`]);
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
    ['1.2.0', '2.0.0-rc.1', true],
    ['0.1.0', '0.2.0-rc.1', true],
    ['1.2.0', '1.3.0-rc.1', false],
    ['2.0.0', '2.0.0-rc.1', false],
  ])('%s → %s may break: %s', (from, to, may) => {
    expect(mayBreak(from, to)).toBe(may);
  });

  it('keep sunsets from 1.0.0 on', () => {
    expect(['0.9.9', '1.0.0', '1.0.1', '12.0.0'].map(keepsSunsets)).toEqual([false, true, true, true]);
  });
});
