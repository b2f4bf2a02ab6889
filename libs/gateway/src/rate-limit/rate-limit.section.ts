// How many requests a caller and an address may send, and which proxies are believed about addresses.
import { type ConfigOf, section, setting } from '#config';
import { TrustedProxies } from './client-address.js';
import type { RateRule } from './hit.js';

export const rateLimitSection = section(
  'rateLimit',
  {
    title: 'Rate limits',
    doc: 'How many requests a caller and an address may send in any window of time. Shared between instances where CACHE_BACKEND is redis.',
    rule: ({ trustedProxies }) => {
      try {
        new TrustedProxies(trustedProxies);
        return [];
      } catch (error) {
        return [{ setting: 'trustedProxies', message: (error as Error).message }];
      }
    },
  },
  {
    windowMs: setting('RATE_LIMIT_WINDOW_MS', {
      doc: 'Length of the window in milliseconds. It slides: no window of this length ever holds more than the limit.',
    })
      .integer({ min: 100, max: 86_400_000 })
      .default('900000'),
    max: setting('RATE_LIMIT_MAX', {
      doc: 'Requests of one caller (tenant and subject of the token) in a window.',
      developmentDefault: '100000',
    })
      .integer({ min: 1, max: 1_000_000_000 })
      .default('1000'),
    addressMax: setting('RATE_LIMIT_ADDRESS_MAX', {
      doc: 'Requests of one address (IPv4, or IPv6 /64) in a window, whoever calls: counted before anything else is looked at, by each instance for itself, and wide enough for many callers behind one address. Unset: ten times RATE_LIMIT_MAX.',
    })
      .integer({ min: 1, max: 10_000_000_000 })
      .optional(),
    unauthenticatedMax: setting('RATE_LIMIT_UNAUTHENTICATED_MAX', {
      doc: 'Requests without a valid token, refused ones included, of one address in a window. Unset: RATE_LIMIT_MAX.',
    })
      .integer({ min: 1, max: 1_000_000_000 })
      .optional(),
    trustedProxies: setting('TRUSTED_PROXIES', {
      doc: 'Addresses and ranges of the proxies in front of the service. Only from them is X-Forwarded-For believed; with none listed, the address is always the peer’s.',
      example: '10.0.0.0/8, fd00::/8',
    })
      .list()
      .default(''),
  },
);

export type RateLimitConfig = ConfigOf<typeof rateLimitSection>;

/** The three rules of the HTTP door, with the defaults that follow from RATE_LIMIT_MAX. */
export function rateRules(config: RateLimitConfig): Record<'caller' | 'address' | 'unauthenticated', RateRule> {
  const { windowMs, max } = config;
  return {
    caller: { name: 'caller', limit: max, windowMs },
    address: { name: 'address', limit: config.addressMax ?? max * 10, windowMs, local: true },
    unauthenticated: { name: 'unauthenticated', limit: config.unauthenticatedMax ?? max, windowMs },
  };
}
