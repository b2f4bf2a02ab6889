// Keeps a flood of refusals from flooding the audit log: the first ones in full, the rest as one line that counts them.
import type { AuditEvent } from '#ports';

const MINUTE_MS = 60_000;
/** Sources counted apart at a time; beyond that, further ones share one count. */
const MOST_SOURCES = 1000;

interface Count {
  event: AuditEvent;
  seen: number;
}

/** Counts by who is refused what, minute by minute. */
export class Denials {
  private counts = new Map<string, Count>();
  private minute = 0;

  constructor(private readonly inFull: number) {}

  /** What to write now: the refusal itself while it is among the first of its minute, and what the minute before left to be counted. */
  take(event: AuditEvent, now: number): AuditEvent[] {
    const counted = this.turn(now);
    const { code, actor, address, tenant } = event;
    const wanted = JSON.stringify([code, tenant, actor, address]);
    const source = this.counts.has(wanted) || this.counts.size < MOST_SOURCES ? wanted : 'others';
    const count = this.counts.get(source) ?? { event: source === wanted ? event : OTHERS, seen: 0 };
    this.counts.set(source, count);
    count.seen += 1;
    return count.seen <= this.inFull ? [...counted, event] : counted;
  }

  /** What was not written in full, as one line a source; then counts anew. */
  rest(): AuditEvent[] {
    const folded = [...this.counts.values()].filter(({ seen }) => seen > this.inFull);
    this.counts = new Map();
    return folded.map(({ event: { correlationId: _, target: __, ...event }, seen }) => ({
      ...event,
      facts: { ...event.facts, furtherInThisMinute: seen - this.inFull },
    }));
  }

  private turn(now: number): AuditEvent[] {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute === this.minute) return [];
    this.minute = minute;
    return this.rest();
  }
}

const OTHERS: AuditEvent = { action: 'request.denied', outcome: 'denied', facts: { sources: 'many' } };
