// What an operator may set of lock-outs: how many refusals are too many, and how long who was refused must wait.
import { type ConfigOf, section, setting } from '#config';

export const lockoutSection = section(
  'lockout',
  {
    title: 'Lock-out',
    doc: 'Addresses whose tokens are refused again and again, and subjects that ask again and again for what they may not, must wait: each time twice as long.',
    rule: ({ baseMs, maxMs }) =>
      maxMs < baseMs ? [{ setting: 'maxMs', message: 'must be at least LOCKOUT_BASE' }] : [],
  },
  {
    failures: setting('LOCKOUT_FAILURES', {
      doc: 'Refusals within LOCKOUT_WINDOW that lock an address or a subject out. 0: nobody is ever locked out.',
    })
      .integer({ max: 1_000_000 })
      .default('50'),
    windowMs: setting('LOCKOUT_WINDOW', { doc: 'How long a refusal counts.' })
      .duration({ min: 1000, max: 86_400_000 })
      .default('5m'),
    baseMs: setting('LOCKOUT_BASE', { doc: 'How long the first lock-out lasts; each one after it twice as long.' })
      .duration({ min: 1000, max: 86_400_000 })
      .default('30s'),
    maxMs: setting('LOCKOUT_MAX', {
      doc: 'Longest lock-out. Who stays out of trouble so long after one begins anew at LOCKOUT_BASE.',
    })
      .duration({ min: 1000, max: 7 * 86_400_000 })
      .default('1h'),
    maxTracked: setting('LOCKOUT_TRACKED', {
      doc: 'Addresses and subjects whose refusals are counted at a time, and locks shared between instances. The least recent are forgotten.',
    })
      .integer({ min: 100, max: 1_000_000 })
      .default('10000'),
  },
);

export type LockoutConfig = ConfigOf<typeof lockoutSection>;
