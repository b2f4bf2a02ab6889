// What engine rooms announce, on channels of node:diagnostics_channel. Free while nobody listens; never a prompt or an answer.
import { type Channel, channel } from 'node:diagnostics_channel';

export type Tier = 'memory' | 'sqlite' | 'redis' | (string & {});

/** Milliseconds by layer; a layer that was not entered is absent. */
export interface Latencies {
  total: number;
  cache: number;
  embeddings?: number;
  vectordb?: number;
  rerank?: number;
  mmr?: number;
}

/** The messages by channel name. Durations are milliseconds, sizes bytes. */
export interface Announcements {
  /** One question looked up in the cache, after all tiers. */
  'cache.lookup': {
    tenant: string;
    key: string;
    outcome: 'hit' | 'stale' | 'miss';
    tier: Tier | null;
    durationMs: number;
  };
  'cache.write': { tenant: string; key: string; origin: string; bytes: number };
  'cache.purge': { tenant: string; scope: 'tenant' | 'tag' | 'query' | 'subject' | 'entry'; purged: number | null };
  /** An entry left a tier before its end. */
  'cache.evicted': { tier: Tier; reason: 'size' | 'expired'; bytes: number };
  /** A stored entry that could not be trusted: counted, deleted, and answered as a miss. */
  'cache.rejected': { tier: Tier; reason: 'unsealed' | 'tampered' | 'unknown_key' | 'malformed' };
  /** A call to a store that failed, and was answered from the next layer. */
  'cache.store_failed': { tier: Tier; operation: string; code: string };
  /** A call to a store, failed or not. `embedding …`: to the records, which hold remembered vectors. */
  'cache.store_call': {
    tier: Tier;
    operation:
      | 'get'
      | 'set'
      | 'replace'
      | 'delete'
      | 'increment'
      | 'list'
      | 'publish'
      | 'embedding get'
      | 'embedding set';
    durationMs: number;
  };
  /** A document whose payload could not be trusted: counted and never served. Deleted, save for `unknown_key`: that key may come back. */
  'vector.rejected': { provider: string; reason: 'unsealed' | 'tampered' | 'unknown_key' | 'malformed' };
  /** One call to a provider, after retries. */
  'provider.call': {
    family: 'embedding-model' | 'vector-store' | 'byte-store' | 'key-service' | 'token-issuer' | 'reranker';
    provider: string;
    operation: string;
    outcome: 'ok' | string;
    durationMs: number;
    items?: number;
    tokens?: number;
  };
  /** A provider's circuit opened: it is not called for a while. */
  'provider.degraded': { family: string; provider: string };
  'provider.recovered': { family: string; provider: string };
  /** One question answered, whatever the door. */
  'query.answered': {
    tenant: string;
    key: string;
    status: 'hit' | 'stale' | 'semantic' | 'miss';
    source: 'cache' | 'vectordb' | 'none';
    tier: Tier | null;
    latencies: Latencies;
    /** What a hit has saved: the tokens that making the answer had cost. */
    avoided?: { provider: string; model: string; tokens: number } | undefined;
  };
  /** One step of a retrieval. */
  'retrieval.step': { step: 'search' | 'mmr' | 'rerank'; durationMs: number; candidates: number };
  /** A collection was asked with a model that made none of its vectors: nothing was found, and it is to be reindexed. */
  'vector.model_unmatched': { tenant: string; collection: string };
  /** Texts to be embedded whose vectors were remembered, and those whose were not. */
  'embedding.remembered': { provider: string; hits: number; misses: number };
  /** A sample of a collection was embedded again. `similarity` is the mean cosine with the stored vectors. */
  'embedding.drift': { tenant: string; collection: string; similarity: number; threshold: number; drifted: boolean };
  /** A request refused by the limiter. */
  'rate.limited': { door: 'http' | 'socket'; tracker: 'caller' | 'address' | 'tenant' };
  /** A caller or an address shut out for a while after repeated refusals. `durationMs` doubles each time, up to a cap. */
  'auth.locked_out': { who: 'address' | 'subject'; durationMs: number };
  /** A tenant reached one of its quotas. */
  'quota.exceeded': { tenant: string; quota: string; limit: number };
  /** What must stand in the audit log: who did what to what, and how it ended. Never a prompt, an answer, a token. */
  'audit.event': AuditEvent;
  /** A line of the audit log was not written: too much waited already, or the records did not take it. */
  'audit.unwritten': { reason: 'crowded' | 'failed' };
  /** A tenant's data keys were destroyed. */
  'key.shredded': { tenant: string };
  /** Tokens of a provider, spent or avoided by a hit, as the ledger notes them. */
  'usage.noted': {
    tenant: string;
    provider: string;
    model: string;
    sort: 'spent' | 'avoided' | 'uncertain';
    tokens: number;
    /** What they cost at the price of the day, rounded; absent where the model has no price. */
    money?: { amount: number; currency: string } | undefined;
  };
}

/** One line of the audit log, before it is numbered and chained. */
export interface AuditEvent {
  /** What happened, e.g. `cache.purge`, `auth.denied`, `privacy.erase`, `key.rotate`. */
  action: string;
  outcome: 'done' | 'denied' | 'failed';
  /** Whose data it is about. */
  tenant?: string | undefined;
  /** Who did it: the subject of the token, as a keyed digest where the log is not to name people. */
  actor?: string | undefined;
  /** To what: an entry's name, a key id, a quota; never a text of a user. */
  target?: string | undefined;
  /** Failure code, of a denial or a failure. */
  code?: string | undefined;
  address?: string | undefined;
  correlationId?: string | undefined;
  /** Numbers and names that matter, e.g. how many entries a purge took. */
  facts?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}

export type AnnouncementName = keyof Announcements;

const PREFIX = 'resk-caching:';
const channels = new Map<AnnouncementName, Channel>();

/** The channel of a name, for subscribers: `announced('cache.write').subscribe((message) => …)`. */
export function announced(name: AnnouncementName): Channel {
  let found = channels.get(name);
  if (!found) {
    found = channel(PREFIX + name);
    channels.set(name, found);
  }
  return found;
}

/** Tells subscribers, if there are any. Where making the message costs something, ask `announced(name).hasSubscribers` first. */
export function announce<Name extends AnnouncementName>(name: Name, message: Announcements[Name]): void {
  const found = announced(name);
  if (found.hasSubscribers) found.publish(message);
}

/** Listens to a channel with the message's type. Returns how to stop. */
export function listen<Name extends AnnouncementName>(
  name: Name,
  heard: (message: Announcements[Name]) => void,
): () => void {
  const subscriber = (message: unknown) => heard(message as Announcements[Name]);
  const found = announced(name);
  found.subscribe(subscriber);
  return () => void found.unsubscribe(subscriber);
}
