// Hosts of outgoing calls are names and addresses; a URL, a path or a range is told to be none.
import { describe, expect, it } from 'vitest';
import { environmentSources, outgoingSection, readConfig } from '#config';

const read = (env: Record<string, string>) =>
  readConfig([outgoingSection], environmentSources({ env, envFile: false })).outgoing.allowedHosts;

describe('OUTGOING_ALLOWED_HOSTS', () => {
  it('allows this machine in development, and nothing in production', () => {
    expect(read({})).toEqual(['localhost', '127.0.0.1', '[::1]']);
    expect(read({ NODE_ENV: 'production' })).toEqual([]);
  });

  it.each(['ollama', 'ollama:11434', '*.svc.cluster.local:8200', '10.0.0.7', '[fd00::7]:443', 'a_b.example'])(
    'may list %s',
    (host) => expect(read({ OUTGOING_ALLOWED_HOSTS: host })).toEqual([host]),
  );

  it.each(['http://ollama', 'ollama/v1', '10.0.0.0/8', '*', 'a.*.b', 'fd00::7', 'user@host', 'a..b'])(
    'may not list %s',
    (host) => expect(() => read({ OUTGOING_ALLOWED_HOSTS: `ok,${host}` })).toThrow(`${host} is none`),
  );
});
