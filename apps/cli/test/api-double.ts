// A loopback server that speaks our API as far as the command line uses it, and fails on demand.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { FAILURES, type FailureCode } from '#ports';

export interface Asked {
  method: string;
  path: string;
  authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it sent.
  body: any;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Instead of `body`: sent as it is. */
  text?: string;
  /** Close the connection without a reply. */
  drop?: boolean;
}

export interface ApiDouble {
  url: string;
  /** Requests but for /health/live, in order of arrival. */
  asked: Asked[];
  documents: Map<string, { id: string; text: string; metadata: object; source: string }>;
}

/** `answer` may reply in place of the double; what it leaves undefined, the double answers itself. */
export async function apiDouble(
  answer: (asked: Asked, count: number) => Reply | undefined = () => undefined,
): Promise<ApiDouble> {
  const double: ApiDouble = { url: '', asked: [], documents: new Map() };
  const known = new Set<string>();
  const server = createServer(async (request, response) => {
    if (request.url === '/health/live') return reply(response, { body: { status: 'ok' } });
    const asked = await read(request);
    double.asked.push(asked);
    reply(response, answer(asked, double.asked.length) ?? usual(asked, double, known));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  double.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return double;
}

/** The error body of a failure. */
export function problem(
  code: FailureCode,
  status: number,
  rest: { headers?: Record<string, string>; errors?: object[] } = {},
): Reply {
  const { headers = {}, errors } = rest;
  const body = { type: 'about:blank', title: FAILURES[code].title, status, code, detail: `it is ${code}`, errors };
  return { status, headers: { 'content-type': 'application/problem+json', ...headers }, body };
}

function usual({ method, path, body }: Asked, double: ApiDouble, known: Set<string>): Reply {
  if (path === '/api/vectors/upsert') {
    for (const one of body.documents) double.documents.set(one.id, one);
    return { body: { upserted: body.documents.length } };
  }
  if (path === '/api/cache/query')
    return { body: answered(body.query.trim().toLowerCase().replace(/\s+/g, ' '), known) };
  if (path === '/api/cache') {
    if (method === 'DELETE') return { body: { success: true, purged: 0 } };
    known.add(body.query.toLowerCase());
    return { body: { success: true } };
  }
  return problem('request.not_found', 404);
}

function answered(query: string, known: Set<string>): object {
  if (known.has(query))
    return {
      result: {},
      hit: true,
      status: 'hit',
      source: 'cache',
      tier: 'memory',
      latencies: { total: 0.2, cache: 0.1 },
    };
  known.add(query);
  const result = { matches: [{ id: 'hours-weekdays', score: 0.9, metadata: {} }] };
  const latencies = { total: 4, cache: 1, embeddings: 1, vectordb: 2 };
  return { result, hit: false, status: 'miss', source: 'vectordb', tier: null, latencies };
}

async function read(request: IncomingMessage): Promise<Asked> {
  let text = '';
  for await (const chunk of request) text += chunk;
  const { method = '', url = '', headers } = request;
  return { method, path: url, authorization: headers.authorization, body: text === '' ? undefined : JSON.parse(text) };
}

function reply(response: ServerResponse, { status = 200, headers = {}, body, text, drop }: Reply): void {
  if (drop) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text ?? JSON.stringify(body));
}
