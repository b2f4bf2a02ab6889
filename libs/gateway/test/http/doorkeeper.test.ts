// What cannot be meant for this service, or is understood differently by others, is not let in.
import { describe, expect, it } from 'vitest';
import { AllowedHosts } from '../../src/http/allowed-hosts.js';
import { Doorkeeper, MAX_HEADERS } from '../../src/http/doorkeeper.js';

/** `null`: no host. */
const aHead = (url = '/api/cache', host: string | null = 'cache.example.com', more: string[] = []) => ({
  url,
  headers: host === null ? {} : { host },
  rawHeaders: [...(host === null ? [] : ['Host', host]), ...more],
});
const headers = (count: number) => Array.from({ length: count }, (_, n) => [`x-${n}`, '1']).flat();
const listed = (...hosts: string[]) => new Doorkeeper(AllowedHosts.of(hosts));
const anyHost = new Doorkeeper(undefined);

describe('AllowedHosts', () => {
  it('are any where none is listed', () => expect(AllowedHosts.of([])).toBeUndefined());

  it.each([
    ['cache.example.com', 'cache.example.com'],
    ['cache.example.com', 'CACHE.example.com:8443'],
    ['Cache.Example.com:8443', 'cache.example.com:8443'],
    ['*.cache.svc', 'a.b.cache.svc:3000'],
    ['10.0.0.7', '10.0.0.7:3000'],
    ['[::1]:3000', '[::1]:3000'],
    ['FD00:10:244::5', '[fd00:10:244::5]:3000'],
  ])('%s allow %s', (one, host) => expect(AllowedHosts.of([one])!.allow(host)).toBe(true));

  it.each([
    ['cache.example.com', 'cache.example.com.evil.example'],
    ['cache.example.com', 'evil.example'],
    ['cache.example.com:8443', 'cache.example.com'],
    ['cache.example.com:8443', 'cache.example.com:8444'],
    ['*.cache.svc', 'cache.svc'],
    ['*.cache.svc', 'evilcache.svc'],
    ['10.0.0.7', '10.0.0.70'],
    ['cache.example.com', 'cache.example.com:80:80'],
    ['cache.example.com', 'user@cache.example.com'],
    ['cache.example.com', ''],
    ['cache.example.com', undefined],
  ])('%s do not allow %s', (one, host) => expect(AllowedHosts.of([one])!.allow(host)).toBe(false));

  it('remember a bounded number of spellings, and judge alike afterwards', () => {
    const hosts = AllowedHosts.of(['*.example'])!;
    for (let n = 0; n < 2500; n++) expect(hosts.allow(`h${n}.${n % 2 ? 'example' : 'evil'}`)).toBe(n % 2 === 1);
    expect(hosts.allow('h1.example')).toBe(true);
    expect((hosts as unknown as { known: Map<string, boolean> }).known.size).toBeLessThanOrEqual(1000);
  });
});

describe('Doorkeeper', () => {
  it('lets in what names its host, or any where none is listed', () => {
    expect(anyHost.refusal(aHead())).toBeUndefined();
    expect(anyHost.refusal(aHead('/', null))).toBeUndefined();
    expect(listed('cache.example.com').refusal(aHead())).toBeUndefined();
  });

  it('refuses other hosts, but tells probes how it is', () => {
    const keeper = listed('cache.example.com');
    expect(keeper.refusal(aHead('/api/cache', 'evil.example'))?.code).toBe('request.host');
    expect(keeper.refusal(aHead('/api/cache', null))?.code).toBe('request.host');
    for (const path of ['/health', '/health/live', '/health/ready']) {
      expect(keeper.refusal(aHead(path, '10.0.0.7:3000'))).toBeUndefined();
    }
    expect(keeper.refusal(aHead('/health/../api', '10.0.0.7:3000'))?.code).toBe('request.host');
  });

  it.each([
    ['an absolute target', 'http://cache.example.com/api/cache'],
    ['an asterisk', '*'],
    ['an authority', 'cache.example.com:443'],
    ['nothing', ''],
  ])('refuses %s as target', (_, url) => {
    expect(anyHost.refusal(aHead(url))).toMatchObject({
      code: 'request.headers',
      facts: { reason: expect.stringContaining('path') },
    });
  });

  it('refuses a request that has no target at all', () => {
    expect(anyHost.refusal({ ...aHead(), url: undefined })?.code).toBe('request.headers');
  });

  it('refuses two hosts, however they are spelt', () => {
    const two = aHead('/', 'cache.example.com', ['hOST', 'evil.example']);
    expect(anyHost.refusal(two)?.code).toBe('request.headers');
    expect(listed('cache.example.com').refusal(two)?.code).toBe('request.headers');
  });

  it('refuses a flood of headers', () => {
    expect(anyHost.refusal(aHead('/', null, headers(MAX_HEADERS)))).toBeUndefined();
    const flood = aHead('/', null, headers(MAX_HEADERS + 1));
    expect(anyHost.refusal(flood)).toMatchObject({ code: 'request.headers_too_many', facts: { limit: MAX_HEADERS } });
  });
});
