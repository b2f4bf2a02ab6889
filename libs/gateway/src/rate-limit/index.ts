// Rate limiting: who is counted, where, and by which rule.
export { type AddressedRequest, clientAddress, TrustedProxies } from './client-address.js';
export type { Hit, Limiter, RateRule } from './hit.js';
export { type RateLimitConfig, rateLimitSection, rateRules } from './rate-limit.section.js';
export { RedisSlidingWindow, type SharedWindowOptions } from './redis-sliding-window.js';
export { SlidingWindow } from './sliding-window.js';
export { type SharedStorage, SlidingWindowStorage } from './sliding-window-storage.js';
export { addressTracker, callerTracker } from './trackers.js';
