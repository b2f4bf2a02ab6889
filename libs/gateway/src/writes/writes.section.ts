// What requests that change something may carry, and must: an Idempotency-Key, and proof that they are no replay.
import { type ConfigOf, section, setting } from '#config';

export const writesSection = section(
  'writes',
  {
    title: 'Writing requests',
    doc: 'Idempotency-Key lets a client send a POST again without its effect happening twice. Replay protection refuses a request that was seen before, also when it was copied on the way.',
  },
  {
    idempotencyTtlMs: setting('IDEMPOTENCY_TTL', {
      doc: 'How long the reply under an Idempotency-Key is kept, sealed, in the records.',
    })
      .duration({ min: 1000, max: 30 * 86_400_000 })
      .default('24h'),
    idempotencyKeysMax: setting('IDEMPOTENCY_KEYS_MAX', {
      doc: 'Replies that are kept of one tenant. More keys are refused with 429 until some have ended.',
    })
      .integer({ min: 1, max: 10_000_000 })
      .default('100000'),
    replayProtection: setting('REPLAY_PROTECTION', {
      doc: 'writes: requests that change something must carry x-request-timestamp (epoch seconds or ISO 8601) and x-request-nonce (16 to 128 characters of A-Z a-z 0-9 . _ ~ + / = -), which no other request of the caller carries.',
    })
      .oneOf(['off', 'writes'])
      .default('off'),
    replayWindowMs: setting('REPLAY_WINDOW', {
      doc: 'How far x-request-timestamp may be from the time of the server.',
    })
      .duration({ min: 1000, max: 3_600_000 })
      .default('5m'),
  },
);

export type WritesConfig = ConfigOf<typeof writesSection>;
