// Keeps account of one attempt to call a model that bills: begun before it is sent, settled by how it ended.
import { type FailureCode, isFailure, type Meter, type MeteredCall } from '#ports';
import { refusalOf } from './http-refusal.js';

/** A gateway's word that the server behind it has not answered: nobody knows whether that one billed. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 504]);

/** Failures that say that the vendor did not do the work. */
const NOT_DONE: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'embedding.input_refused',
  'embedding.provider_unauthorised',
  'embedding.quota_exhausted',
  'rerank.input_refused',
  'rerank.provider_unauthorised',
  'rerank.quota_exhausted',
  'outgoing.refused',
]);

/** Why a connection was never made. https://nodejs.org/api/errors.html#common-system-errors, and undici's own. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A rule of thumb for texts of unknown tokeniser: four bytes a token, each text at least one. */
const BYTES_A_TOKEN = 4;

export function estimatedTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.ceil(Buffer.byteLength(text) / BYTES_A_TOKEN), 0);
}

/**
 * Makes the call under an account of its own, named by `callId`. Whatever happens after the account is open settles it,
 * also when nobody waits for the outcome any more.
 * @throws What the meter or the call throws; the reason of the signal, where it was aborted before the call.
 */
export async function metered<Reply extends { tokens: number }>(
  meter: Meter,
  call: MeteredCall,
  { signal, run }: { signal: AbortSignal; run: (callId: string) => Promise<Reply> },
): Promise<Reply> {
  const account = await meter.begin(call);
  if (signal.aborted) {
    await account.free();
    throw signal.reason;
  }
  try {
    const reply = await run(account.callId);
    await account.spent(reply.tokens);
    return reply;
  } catch (error) {
    await (isFree(error) ? account.free() : account.uncertain());
    throw error;
  }
}

function isFree(error: unknown): boolean {
  const refusal = refusalOf(error);
  if (refusal) return !GATEWAY_STATUSES.has(refusal.status);
  for (let at = error; at instanceof Error; at = at.cause) {
    if (NEVER_SENT.has((at as NodeJS.ErrnoException).code)) return true;
  }
  return isFailure(error) && NOT_DONE.has(error.code);
}
