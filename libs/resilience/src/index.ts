// How a call may fail: deadlines, retry with back-off and jitter, circuit breaker, bulkhead, single flight, outgoing HTTP.
export { type Apart, apart } from './apart.js';
export { Deadline } from './deadline.js';
export { type HttpCall, HttpClient, type HttpClientOptions, type HttpReply } from './http-client.js';
export { HttpRefusal, refusalOf } from './http-refusal.js';
export { estimatedTokens, metered } from './metered.js';
export { OutgoingRules, outgoingRules, setOutgoingRules } from './outgoing-rules.js';
export { type ProtectedCall, Protection, type ProtectionOptions } from './protection.js';
export { isPassing, type RetryOptions, retry } from './retry.js';
export { retryAfterMs } from './retry-after.js';
export { SingleFlight } from './single-flight.js';
export { TenantTurns, type TenantTurnsOptions } from './tenant-turns.js';
export { pause, untilAborted, withTimeout } from './with-timeout.js';
