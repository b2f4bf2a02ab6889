// Tells the audit log of a request that was refused: by whom, from where, why; never what was asked.
import { announce, announced, type Failure, type FailureCode, type FailureKind } from '#ports';
import type { Exchange } from '../exchange.js';

const REFUSING_KINDS: ReadonlySet<FailureKind> = new Set(['unauthenticated', 'forbidden']);
const REFUSING_CODES: ReadonlySet<string> = new Set<FailureCode>([
  'auth.locked_out',
  'quota.exceeded',
  'replay.repeated',
]);

const EVENTS = announced('audit.event');

export function isDenial({ kind, code }: Failure): boolean {
  return REFUSING_KINDS.has(kind) || REFUSING_CODES.has(code);
}

export function noteDenial(failed: Failure, exchange: Exchange, target?: string): void {
  if (!EVENTS.hasSubscribers || !isDenial(failed)) return;
  announce('audit.event', {
    action: 'request.denied',
    outcome: 'denied',
    code: failed.code,
    target,
    ...whoOf(exchange),
  });
}

/** Who is behind an exchange, as far as it is known. */
export function whoOf({ caller, address, correlationId }: Exchange) {
  return { tenant: caller?.tenant, actor: caller?.subject, address, correlationId };
}
