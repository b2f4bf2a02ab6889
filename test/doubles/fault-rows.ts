// The faults that every vendor's adapter meets behind its guard, with the outcome of each.
import type { FailureCode } from '#ports';
import type { Fault } from './misbehaving.js';

export const FAULT_RETRIES = 2;
const ATTEMPTS = 1 + FAULT_RETRIES;

/** What is planned, and what comes of it. */
export interface FaultRow {
  name: string;
  /** `count` requests meet the fault; without it, all do. */
  fault: Fault;
  count?: number;
  /** What the call ends with, and after how many attempts. */
  outcome: FailureCode | 'answered';
  attempts: number;
  retryAfterMs?: number;
  /** Of an attempt: short where the fault is slowness, which only the limit ends. */
  timeoutMs?: number;
}

/** What the failures of a family are called. */
export interface FaultCodes {
  failed: FailureCode;
  unauthorised: FailureCode;
  replyInvalid: FailureCode;
}

export function faultRows({ failed, unauthorised, replyInvalid }: FaultCodes): FaultRow[] {
  return [
    { name: 'no answer', fault: 'hang', outcome: 'call.timeout', attempts: ATTEMPTS, timeoutMs: 100 },
    { name: 'no answer once', fault: 'hang', count: 1, outcome: 'answered', attempts: 2, timeoutMs: 1000 },
    {
      name: 'a slow drip',
      fault: { dripEveryMs: 20 },
      outcome: 'call.timeout',
      attempts: ATTEMPTS,
      timeoutMs: 150,
    },
    {
      name: '429 with retry-after 0, once',
      fault: { status: 429, retryAfter: '0' },
      count: 1,
      outcome: 'answered',
      attempts: 2,
    },
    {
      name: '429 with a retry-after longer than anybody waits',
      fault: { status: 429, retryAfter: '30' },
      outcome: failed,
      attempts: 1,
      retryAfterMs: 30_000,
    },
    { name: '500', fault: { status: 500 }, outcome: failed, attempts: ATTEMPTS },
    { name: '500 once', fault: { status: 500 }, count: 1, outcome: 'answered', attempts: 2 },
    {
      name: '503 in HTML',
      fault: { status: 503, body: '<html>' },
      outcome: failed,
      attempts: ATTEMPTS,
    },
    { name: '401', fault: { status: 401 }, outcome: unauthorised, attempts: 1 },
    { name: 'a truncated body', fault: 'truncate', outcome: replyInvalid, attempts: ATTEMPTS },
    { name: 'a connection dropped', fault: 'drop', outcome: failed, attempts: ATTEMPTS },
    {
      name: 'a connection dropped mid-reply',
      fault: 'dropMidReply',
      outcome: failed,
      attempts: ATTEMPTS,
    },
    { name: 'a connection dropped mid-reply once', fault: 'dropMidReply', count: 1, outcome: 'answered', attempts: 2 },
    {
      name: 'JSON of another form',
      fault: { altered: () => ['something', 'else'] },
      outcome: replyInvalid,
      attempts: ATTEMPTS,
    },
  ];
}

export function titleOf({ name, outcome, attempts, retryAfterMs }: FaultRow): string {
  const asked = retryAfterMs === undefined ? '' : `, to be repeated after ${retryAfterMs} ms`;
  return `${name}: ${outcome} after ${attempts} attempt(s)${asked}; recovered after`;
}
