// A wrong method is told from a wrong path.
import { describe, expect, it } from 'vitest';
import { RouteTable } from '../../src/http/route-table.js';

describe('RouteTable', () => {
  const table = new RouteTable();
  table.add('/api/cache', ['POST', 'DELETE']);
  table.add('/api/cache', 'GET');
  table.add('/api/cache/entries/:key', 'GET');
  table.add('/docs/*', 'GET');
  table.add('/api/openapi.json', 'GET');

  it.each([
    ['/api/cache', ['DELETE', 'GET', 'POST']],
    ['/api/cache/', ['DELETE', 'GET', 'POST']],
    ['/api/cache?tag=x', ['DELETE', 'GET', 'POST']],
    ['/api/cache/entries/abc', ['GET']],
    ['/docs/any/depth.js', ['GET']],
    ['/api/cache/entries', []],
    ['/api/cache/entries/abc/more', []],
    ['/api/openapi-json', []],
    ['/elsewhere', []],
  ])('knows the methods of %s', (path, methods) => {
    expect(table.methodsOf(path)).toEqual(methods);
  });

  it('joins the methods of patterns that meet in one path', () => {
    const meeting = new RouteTable();
    meeting.add('/a/:id', 'GET');
    meeting.add('/a/b', ['GET', 'PUT']);
    expect(meeting.methodsOf('/a/b')).toEqual(['GET', 'PUT']);
  });
});
