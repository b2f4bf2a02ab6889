// Pages of listed origins may use the API; all others learn nothing that a browser would hand them.
import { describe, expect, it } from 'vitest';
import { Cors } from '../../src/http/cors.js';

const cors = Cors.of(['https://app.example.com', 'http://localhost:5173'])!;
const preflight = (headers: Record<string, string>, method = 'OPTIONS', methods = ['GET', 'POST']) =>
  cors.preflight(method, headers, () => methods);
const asking = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' };

describe('Cors', () => {
  it('is not there without a list', () => expect(Cors.of([])).toBeUndefined());

  it('tells a listed origin that it may read, and what', () => {
    const headers = cors.headers('http://localhost:5173');
    expect(headers.slice(0, 4)).toEqual(['vary', 'origin', 'access-control-allow-origin', 'http://localhost:5173']);
    expect(headers[5]).toMatch(/x-correlation-id.*ratelimit-remaining.*retry-after.*x-cache-status.*age/);
    expect(headers).not.toContain('access-control-allow-credentials');
  });

  it.each([
    undefined,
    'null',
    '*',
    'https://app.example.com.evil.example',
    'https://app.example.com:444',
    'http://app.example.com',
    'https://APP.example.com',
    'https://app.example.com/',
  ])('tells nothing to %s, and caches that it differs', (origin) =>
    expect(cors.headers(origin)).toEqual(['vary', 'origin']),
  );

  it('answers preflights of listed origins with the methods of the path', () => {
    const headers = preflight(asking)!;
    expect(headers.slice(0, 2)).toEqual(['access-control-allow-methods', 'GET, POST']);
    expect(headers[3]).toMatch(/^authorization, content-type, idempotency-key/);
  });

  it.each([
    ['of another origin', preflight({ ...asking, origin: 'https://evil.example' })],
    ['that asks nothing', preflight({ origin: asking.origin })],
    ['of another method', preflight(asking, 'GET')],
    ['of a path that is not there', preflight(asking, 'OPTIONS', [])],
  ])('does not answer a request %s', (_, headers) => expect(headers).toBeUndefined());
});
