// What an operator may set of the HTTP door.
import { describe, expect, it } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { httpSection } from '../../src/http/http.section.js';

const read = (env: Record<string, string> = {}) =>
  readConfig([httpSection], environmentSources({ env, envFile: false })).http;

describe('httpSection', () => {
  it('listens on this machine alone unless told otherwise', () => {
    expect(read()).toMatchObject({ host: '127.0.0.1', port: 3000, readyRequires: [], hsts: false, hotRoutes: true });
  });

  it('takes the parts that an instance must have to be ready, and no other word', () => {
    expect(read({ READY_REQUIRES: 'cache, vectordb' }).readyRequires).toEqual(['cache', 'vectordb']);
    expect(() => read({ READY_REQUIRES: 'cache,luck' })).toThrow(/READY_REQUIRES .* luck is neither/);
  });
});
