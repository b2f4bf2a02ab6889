// Which address a request is limited by, whatever it claims.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressTracker, callerTracker, clientAddress, TrustedProxies } from '../../src/rate-limit/index.js';

const nobody = new TrustedProxies([]);
const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
const from = (remoteAddress: string | undefined, forwarded?: string) => ({
  socket: { remoteAddress },
  headers: { 'x-forwarded-for': forwarded },
});

describe('client address', () => {
  test('X-Forwarded-For changes nothing while no proxy is listed', () => {
    fc.assert(
      fc.property(fc.string(), (claim) => {
        expect(clientAddress(from('203.0.113.9', claim), nobody)).toBe('203.0.113.9');
      }),
    );
  });

  test('X-Forwarded-For of a peer that is not listed changes nothing', () => {
    expect(clientAddress(from('203.0.113.9', '198.51.100.1'), proxies)).toBe('203.0.113.9');
  });

  test('behind listed proxies the last address that is none of them counts', () => {
    expect(clientAddress(from('10.1.1.1', '198.51.100.1'), proxies)).toBe('198.51.100.1');
    expect(clientAddress(from('10.1.1.1', '1.1.1.1, 198.51.100.1, 192.0.2.7, 10.9.9.9'), proxies)).toBe('198.51.100.1');
    expect(clientAddress(from('fd00::1', '198.51.100.1'), proxies)).toBe('198.51.100.1');
    expect(
      clientAddress({ ...from('10.1.1.1'), headers: { 'x-forwarded-for': ['1.1.1.1', '2.2.2.2'] } }, proxies),
    ).toBe('2.2.2.2');
  });

  test('what a client puts before its own address is never reached', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.string()), { maxLength: 3000 }), (claims) => {
        const header = [...claims, '198.51.100.1'].join(',');
        expect(clientAddress(from('10.1.1.1', header), proxies)).toBe('198.51.100.1');
      }),
    );
  });

  test('an entry that is no address ends the walk at the proxy that wrote it', () => {
    for (const garbage of [
      '',
      'unknown',
      'localhost',
      '1.2.3',
      '999.1.1.1',
      '1.1.1.1 2.2.2.2',
      '[::1',
      'é',
      '_hidden',
    ]) {
      expect(clientAddress(from('10.1.1.1', `198.51.100.1, ${garbage}`), proxies)).toBe('10.1.1.1');
    }
    expect(clientAddress(from('10.1.1.1', '198.51.100.1, nonsense, 10.2.2.2'), proxies)).toBe('10.2.2.2');
    expect(clientAddress(from('10.1.1.1'), proxies)).toBe('10.1.1.1');
  });

  test('one address has one spelling: mapped IPv4, ports, brackets and zones do not make another bucket', () => {
    expect(clientAddress(from('::ffff:203.0.113.9'), nobody)).toBe('203.0.113.9');
    expect(clientAddress(from('::FFFF:cb00:7109'), nobody)).toBe('203.0.113.9');
    expect(clientAddress(from('::ffff:10.1.1.1', '198.51.100.1:4711'), proxies)).toBe('198.51.100.1');
    expect(clientAddress(from('10.1.1.1', '[2001:db8::1]:443'), proxies)).toBe('2001:db8:0:0::/64');
    expect(clientAddress(from('fe80::1%eth0'), nobody)).toBe('fe80:0:0:0::/64');
  });

  test('IPv6 counts by its /64, so that one customer has one bucket', () => {
    const anyOf64 = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(anyOf64, (low) => {
        const address = ['2001', 'db8', 'a', 'b', ...low.map((group) => group.toString(16))].join(':');
        expect(clientAddress(from(address), nobody)).toBe('2001:db8:a:b::/64');
      }),
    );
    expect(clientAddress(from('2001:db8:a:c::1'), nobody)).toBe('2001:db8:a:c::/64');
    expect(clientAddress(from('::1'), nobody)).toBe('0:0:0:0::/64');
    expect(clientAddress(from('2001:db8::'), nobody)).toBe('2001:db8:0:0::/64');
    expect(clientAddress(from('64:ff9b::1.2.3.4'), nobody)).toBe('64:ff9b:0:0::/64');
  });

  test('a peer without an address has a bucket of its own', () => {
    expect(clientAddress(from(undefined), proxies)).toBe('unknown');
    expect(clientAddress(from('/run/some.sock'), proxies)).toBe('unknown');
  });

  test('the list takes addresses and ranges, and names what is neither', () => {
    for (const item of ['10.0.0.0/33', 'fd00::/129', 'proxy.local', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '/8']) {
      expect(() => new TrustedProxies([item])).toThrow(`${item} is neither`);
    }
    expect(new TrustedProxies(['::1/128', '0.0.0.0/0']).includes('8.8.8.8')).toBe(true);
  });
});

describe('trackers', () => {
  test('no two callers share a bucket, and none can spell an address’s or another’s', () => {
    const caller = fc.record({ tenant: fc.string(), subject: fc.string() });
    fc.assert(
      fc.property(caller, caller, (one, other) => {
        const same = one.tenant === other.tenant && one.subject === other.subject;
        expect(callerTracker(one) === callerTracker(other)).toBe(same);
        expect(callerTracker(one)).not.toBe(addressTracker(other.subject));
      }),
      {
        examples: [
          [
            { tenant: 'a', subject: 'b:c' },
            { tenant: 'a:b', subject: 'c' },
          ],
        ],
      },
    );
  });
});
