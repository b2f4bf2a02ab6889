// An operation that will be taken away says so: on every reply of it, at both doors, and in the document.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/server.js';
import { Endpoint, endpointOf } from '../src/endpoint.js';
import { QueryController } from '../src/http/query.controller.js';
import { AnswerDto } from '../src/http/schemas/question.schema.js';

const PATH = '/api/cache/query';
const NOTICE = {
  deprecation: '@1801353600',
  sunset: 'Sat, 31 Jul 2027 00:00:00 GMT',
  link: '</docs>; rel="deprecation"; type="text/html", </api/v2/cache/query>; rel="successor-version"',
};
const PAGE = 'https://app.example.com';

let server: TestServer;

beforeAll(async () => {
  const ask = Object.getOwnPropertyDescriptor(QueryController.prototype, 'ask')!;
  const retirement = { since: '2027-01-31', sunset: '2027-07-31', successor: '/api/v2/cache/query' };
  const declared = { ...endpointOf(QueryController.prototype.ask), summary: 'Asks', reply: AnswerDto, retirement };
  Endpoint(declared)(QueryController.prototype, 'ask', ask);
  server = await startTestServer({ VECTORDB_TYPE: 'none', CORS_ORIGINS: PAGE });
});
afterAll(() => server.stop());

/** With a query string a question goes to the controller, else to the hot route. */
it.each([PATH, `${PATH}?`])('%s: every reply carries the notice, a refusal too', async (path) => {
  const refused = await server.send('POST', path, { body: { query: 'tea?' }, token: null });
  const answered = await server.send('POST', path, { body: { query: 'tea?' }, headers: { origin: PAGE } });
  expect([refused.status, answered.status]).toEqual([401, 200]);
  for (const { headers } of [refused, answered]) expect(Object.fromEntries(headers)).toMatchObject(NOTICE);
  const readable = answered.headers.get('access-control-expose-headers')?.split(', ');
  expect(readable).toEqual(expect.arrayContaining(Object.keys(NOTICE)));
});

it('the others say nothing of it', async () => {
  const { status, headers } = await server.send('GET', '/api/usage');
  expect(status).toBe(200);
  expect(Object.fromEntries(headers)).not.toHaveProperty('deprecation');
});

it('the document marks it, with its last day, and names the headers', async () => {
  const { json } = await server.send('GET', '/api/openapi.json', { token: null });
  const { paths } = json as { paths: Record<string, Record<string, { responses: { 200: { headers: object } } }>> };
  expect(paths[PATH]!.post).toMatchObject({ deprecated: true, 'x-sunset': '2027-07-31', 'x-scope': 'cache:read' });
  expect(Object.keys(paths[PATH]!.post!.responses[200].headers)).toEqual(expect.arrayContaining(Object.keys(NOTICE)));
  expect(paths['/api/usage']!.get).not.toHaveProperty('deprecated');
});
