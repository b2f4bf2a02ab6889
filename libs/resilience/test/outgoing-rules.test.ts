// No address of this machine, its networks or its cloud is called, however it is spelt, unless the operator has listed it.
import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient, OutgoingRules, outgoingRules, setOutgoingRules } from '#resilience';
import { isPublicAddress } from '../src/public-address.js';

const none = OutgoingRules.allowing([]);
const refusal = (url: string, rules = none) => {
  try {
    rules.check(new URL(url));
    return undefined;
  } catch (error) {
    return error as { code: string; message: string };
  }
};

describe('addresses', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '64:ff9b::808:808'])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::7f00:1',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '100::1',
    'example.com',
    '',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('a URL', () => {
  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://169.254.169.254/latest/meta-data',
    'https://[fd00:ec2::254]/',
    'https://10.0.0.1:8443/',
  ])('that is a private address is refused: %s', (url) => {
    expect(refusal(url)).toMatchObject({
      code: 'outgoing.refused',
      message: expect.stringMatching(/its address is not public.*OUTGOING_ALLOWED_HOSTS/),
    });
  });

  it('is https, unless its host is listed', () => {
    expect(refusal('https://api.openai.com/v1')).toBeUndefined();
    expect(refusal('http://api.openai.com/v1')?.message).toMatch(/api\.openai\.com are refused: only https/);
    expect(refusal('http://93.184.215.14/')?.message).toMatch(/only https/);
    expect(refusal('ftp://api.openai.com/')?.message).toMatch(/only https/);
  });

  it.each([
    ['ollama', 'http://ollama:11434/', 'http://ollama.example.com/'],
    ['ollama:11434', 'http://OLLAMA:11434/', 'http://ollama/'],
    ['ollama:80', 'http://ollama/', 'http://ollama:11434/'],
    ['vault:443', 'https://vault/', 'http://vault/'],
    ['*.svc.cluster.local', 'http://a.b.svc.cluster.local:9/', 'http://svc.cluster.local/'],
    ['*.Example.com', 'http://a.example.com/', 'http://aexample.com/'],
    ['10.0.0.7', 'http://10.0.0.7:1/', 'http://10.0.0.8/'],
    ['[0:0::1]:8080', 'http://[::1]:8080/', 'http://[::1]/'],
    ['localhost', 'http://localhost.:1/', 'http://localhost.example.com/'],
  ])('listed as %s is allowed, and others are not', (listed, allowed, refused) => {
    const rules = OutgoingRules.allowing([listed]);
    expect(refusal(allowed, rules)).toBeUndefined();
    expect(refusal(refused, rules)).toMatchObject({ code: 'outgoing.refused' });
  });

  it('may be one of the code’s own beside those of the operator', () => {
    const both = OutgoingRules.allowing(['ollama']).with(['169.254.169.254']);
    expect(refusal('http://169.254.169.254/', both)).toBeUndefined();
    expect(refusal('http://ollama/', both)).toBeUndefined();
    expect(refusal('http://other/', both)).toBeDefined();
  });
});

describe('a client', () => {
  afterEach(() => setOutgoingRules(OutgoingRules.allowing()));

  /** A server of this machine, and rules under which every name leads where `addresses` say. */
  async function aServer(addresses: string[], listed: string[] = []) {
    let asked = 0;
    const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close().closeAllConnections());
    const resolved = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
    const rules = OutgoingRules.allowing(listed, {
      resolve: (_host, _options, done) => {
        asked++;
        done(null, resolved);
      },
    });
    return { port: (server.address() as AddressInfo).port, rules, asked: () => asked };
  }

  function aClient(baseUrl: string, rules: OutgoingRules, more: { allowedHosts?: string[] } = {}) {
    const client = new HttpClient({ target: 'acme', baseUrl, rules, ...more });
    onTestFinished(() => client.close());
    return client;
  }

  const get = (client: HttpClient) => client.request({ method: 'GET', path: '/' });

  it.each([[['127.0.0.1']], [['93.184.215.14', '10.0.0.1']], [['::ffff:10.0.0.1']]])(
    'does not call a name that leads to %j',
    async (addresses) => {
      const { port, rules } = await aServer(addresses);
      await expect(get(aClient(`https://rebound.example:${port}`, rules))).rejects.toMatchObject({
        code: 'outgoing.refused',
        message: expect.stringContaining(`rebound.example:${port} are refused: its name leads to an address`),
      });
    },
  );

  it('calls a listed name wherever it leads, at the address that was looked at', async () => {
    const { port, rules, asked } = await aServer(['127.0.0.1'], ['inner.example']);
    expect((await get(aClient(`http://inner.example:${port}`, rules))).status).toBe(200);
    expect(asked()).toBe(1);
  });

  it('says that a name has no address', async () => {
    const rules = OutgoingRules.allowing([], {
      resolve: (_h, _o, done) => done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []),
    });
    await expect(get(aClient('https://gone.example', rules))).rejects.toMatchObject({
      code: 'call.failed',
      message: expect.stringContaining('ENOTFOUND'),
    });
  });

  it('is not made for an address that may not be called', () => {
    expect(() => new HttpClient({ target: 'acme', baseUrl: 'http://169.254.169.254', rules: none })).toThrow(
      expect.objectContaining({ code: 'outgoing.refused' }),
    );
    aClient('http://169.254.169.254', none, { allowedHosts: ['169.254.169.254'] });
  });

  it('keeps the rules of its process, which allow this machine until they are set', async () => {
    const { port } = await aServer([]);
    const client = new HttpClient({ target: 'acme', baseUrl: `http://localhost:${port}` });
    onTestFinished(() => client.close());
    expect((await get(client)).status).toBe(200);
    setOutgoingRules(none);
    expect(outgoingRules()).toBe(none);
    expect(() => new HttpClient({ target: 'acme', baseUrl: `http://localhost:${port}` })).toThrow(/only https/);
  });

  it('can ask for one address instead of all', () => {
    const rules = OutgoingRules.allowing([], {
      resolve: (_h, _o, done) => done(null, [{ address: '93.184.215.14', family: 4 }]),
    });
    const given: unknown[] = [];
    rules.lookup(new URL('https://one.example'))('one.example', { all: false }, (...result) => given.push(result));
    expect(given).toEqual([[null, '93.184.215.14', 4]]);
  });
});
