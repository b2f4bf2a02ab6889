// Gives what Weaviate says when it refuses a call its meaning here.
import { type Failure, failure } from '#ports';
import { HttpRefusal, refusalOf } from '#resilience';
import { type Refused, translatedFailure } from '../store-failures.js';

export const PROVIDER = 'weaviate';

const FIX = 'Check VECTORDB_API_KEY, and that its role may read and write collections, tenants and data.';
const NO_GRAPHQL = {
  provider: PROVIDER,
  reason: 'its GraphQL API is switched off',
  fix: 'Vectors are searched through it: unset DISABLE_GRAPHQL on the server, or choose a cluster that has it',
};

/** Translates a failed call, once. Timeouts and cancellations are left as they are. */
export function translated(error: unknown): unknown {
  return translatedFailure(error, { provider: PROVIDER, fix: FIX, meaning });
}

/**
 * | reply | meaning |
 * |---|---|
 * | 404 | no such class or tenant, where one was named |
 * | 410 of `/graphql` | GraphQL is disabled |
 * | 429 with `USAGE_LIMIT_EXCEEDED` | a limit that somebody has set, not one of pace |
 *
 * Source: https://docs.weaviate.io/weaviate/api/rest, as `../shared/specs/weaviate/schema.json` has it.
 */
function meaning({ status, body, cause }: Refused): Failure | undefined {
  if (status === 404) return refusedInput('unknown class or tenant', cause);
  if (status === 410) return failure('vector.store_refused', NO_GRAPHQL, { cause });
  const { errorCode, limit } = Object(body) as { errorCode?: unknown; limit?: unknown };
  if (status !== 429 || errorCode !== 'USAGE_LIMIT_EXCEEDED') return undefined;
  const reason = `limit of ${/^\w{1,20}$/.test(String(limit)) ? limit : 'usage'}`;
  return failure('vector.quota_exhausted', { provider: PROVIDER, reason }, { cause });
}

/** What is said within a reply of status 200, about a question or about one object: what passes by itself, and what does not. */
const PASSING =
  /deadline|timeout|timed out|context canceled|read-?only|not ready|unavailable|connection|memory pressure/i;
const QUOTA = /usage limit|USAGE_LIMIT/i;

/** The failure for messages within a reply of status 200. They may quote the input: they are kept as a refusal's body is. */
export function saidFailure(subject: string, messages: readonly string[]): Failure {
  const said = messages.join('; ');
  const facts = { provider: PROVIDER, reason: `an error for ${subject}` };
  if (QUOTA.test(said)) return failure('vector.quota_exhausted', facts, { cause: new HttpRefusal(429, said) });
  if (PASSING.test(said)) return failure('vector.store_unavailable', facts, { cause: new HttpRefusal(503, said) });
  return failure('vector.input_refused', facts, { cause: new HttpRefusal(422, said) });
}

/** What a node says of a class or a tenant that it does not know. */
const UNKNOWN =
  /Cannot query field|no graphql provider|not find class|class .* not found|tenant not found|unknown class or tenant/i;

/**
 * The failure where the collection is there after all: of a cluster, one node may hear of a new class later than another.
 * @param error A failure `vector.input_refused`
 */
export function refusedThere(error: Failure): Failure {
  if (!UNKNOWN.test(`${refusalOf(error)?.body} ${String(error.facts.reason)}`)) return error;
  const facts = { provider: PROVIDER, reason: 'a node does not know the collection yet' };
  return failure('vector.store_unavailable', facts, { cause: new HttpRefusal(503, refusalOf(error)?.body ?? '') });
}

export function replyInvalid(reason: string): Failure {
  return failure('vector.reply_invalid', { provider: PROVIDER, reason });
}

function refusedInput(reason: string, cause: Failure): Failure {
  return failure('vector.input_refused', { provider: PROVIDER, reason }, { cause });
}
