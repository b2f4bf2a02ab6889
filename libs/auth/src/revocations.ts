// What was revoked before its end: tokens one by one, or all that a subject held until then. Known to every instance within a second.
import { z } from 'zod';
import { failure } from '#ports';
import { type Bus, type Records, Watched } from '#records';
import type { Caller } from './caller.js';

/** Makes keyed digests: subjects and token ids do not stand in records. */
export interface RecordNames {
  keyed(use: string, text: string): string;
}

export interface RevocationsOptions {
  records: Records;
  bus: Bus;
  names: RecordNames;
  /** Revocations that a tenant may hold at a time. */
  maxPerTenant: number;
  /** Longest life of a token: a revocation lasts so long where nothing else is said. */
  maxLifetimeMs: number;
  /** Whether no new token is believed as long as it was never known what is revoked. */
  required: boolean;
  /** How far the issuer's clock may be ahead of ours. */
  clockToleranceMs: number;
  now?: () => number;
}

/** What to revoke: the token of an id (`jti`), or what a subject (`sub`) was given until now. */
export type Revoked = { readonly jti: string } | { readonly sub: string };

export interface Revocation {
  /** Stands for what was revoked, without telling it. */
  readonly id: string;
  readonly by: 'jti' | 'sub';
  /** Epoch milliseconds. */
  readonly revokedAt: number;
  /** Epoch milliseconds: forgotten then. */
  readonly expiresAt: number;
}

type Kept = Omit<Revocation, 'id'>;
type ByTenant = ReadonlyMap<string, ReadonlyMap<string, Kept>>;

const PREFIX = 'revoked/';
const PAGE = 1000;
const keptSchema = z.object({ by: z.enum(['jti', 'sub']), revokedAt: z.number(), expiresAt: z.number() });

export class Revocations {
  private readonly watched: Watched<ByTenant>;
  private readonly names = new WeakMap<Caller, readonly string[]>();
  private readonly listeners: Array<() => void> = [];
  private readonly now: () => number;

  constructor(private readonly options: RevocationsOptions) {
    this.now = options.now ?? Date.now;
    this.watched = new Watched<ByTenant>({
      records: options.records,
      bus: options.bus,
      topic: 'revocations',
      key: `${PREFIX}changes`,
      load: () => this.load(),
      initial: new Map(),
      onChange: () => {
        for (const heard of this.listeners) heard();
      },
    });
  }

  /** Begins to watch. Records that do not answer yet do not keep the service from starting: see `check`. */
  open(): Promise<void> {
    return this.watched.open();
  }

  /** `heard` is told when something was revoked or lifted, here or on another instance. */
  whenChanged(heard: () => void): void {
    this.listeners.push(heard);
  }

  /** Fails with `auth.revoked`; or with `auth.revocations_unavailable` where the list is required and was never read. */
  check(caller: Caller): void {
    if (this.options.required && !this.watched.loaded)
      throw failure('auth.revocations_unavailable', {}, { retryAfterMs: 1000 });
    // Worked out once a caller, and now: when something is revoked, all callers at hand are looked at in one go.
    if (!this.names.has(caller)) this.names.set(caller, this.namesOf(caller));
    if (this.has(caller)) throw failure('auth.revoked', {});
  }

  /** Whether a caller's token was revoked, as far as is known here. */
  has(caller: Caller): boolean {
    const own = this.watched.value.get(caller.tenant);
    if (!own) return false;
    const names = this.names.get(caller) ?? this.namesOf(caller);
    return names.some((name) => this.hits(own.get(name), caller));
  }

  /**
   * Revokes in a tenant. Known to all instances within a second after it returns; here at once.
   * Fails with `auth.revocation_limit`, or `records.unavailable`.
   */
  async revoke(tenant: string, what: Revoked, expiresAt?: number): Promise<Revocation> {
    const { records, maxPerTenant: limit, maxLifetimeMs, clockToleranceMs } = this.options;
    const revokedAt = this.now();
    const id = this.idOf(tenant, what);
    const kept: Kept = {
      by: 'jti' in what ? 'jti' : 'sub',
      revokedAt,
      expiresAt: expiresAt ?? revokedAt + maxLifetimeMs + clockToleranceMs,
    };
    const item = { item: id, bytes: 0, endsAt: kept.expiresAt };
    const { held } = await records.hold(accountOf(tenant), item, { items: limit }, revokedAt);
    if (!held) throw failure('auth.revocation_limit', { limit });
    await records.put(keyOf(tenant, id), JSON.stringify(kept), { ttlMs: Math.max(1, kept.expiresAt - revokedAt) });
    await this.watched.changed();
    return { id, ...kept };
  }

  /** Revocations of a tenant, by id. Fails with `records.unavailable`. */
  async list(tenant: string, page: { cursor?: string | undefined; limit: number }) {
    const prefix = keyOf(tenant, '');
    const cursor = page.cursor === undefined ? undefined : keyOf(tenant, page.cursor);
    const found = await this.options.records.list(prefix, { limit: page.limit, cursor });
    const revocations = found.records.flatMap(({ key, value }): Revocation[] => {
      const kept = read(value);
      return kept ? [{ id: key.slice(prefix.length), ...kept }] : [];
    });
    return { revocations, cursor: found.cursor?.slice(prefix.length) };
  }

  /** Takes a revocation back: the tokens are believed again. Fails with `auth.revocation_absent`. */
  async lift(tenant: string, id: string): Promise<void> {
    const { records } = this.options;
    if ((await records.delete([keyOf(tenant, id)])) === 0) throw failure('auth.revocation_absent', {});
    await records.release(accountOf(tenant), [id]);
    await this.watched.changed();
  }

  /** May be called twice. */
  close(): Promise<void> {
    return this.watched.close();
  }

  /** A subject's tokens are hit that were issued before; those that do not say when, all. */
  private hits(kept: Kept | undefined, { issuedAt }: Caller): boolean {
    if (!kept || kept.expiresAt <= this.now()) return false;
    if (kept.by === 'jti' || issuedAt === undefined) return true;
    return issuedAt <= kept.revokedAt + this.options.clockToleranceMs;
  }

  private namesOf({ tenant, subject, tokenId }: Caller): readonly string[] {
    const ofSubject = this.idOf(tenant, { sub: subject });
    return tokenId === undefined ? [ofSubject] : [ofSubject, this.idOf(tenant, { jti: tokenId })];
  }

  private idOf(tenant: string, what: Revoked): string {
    return this.options.names.keyed('revocation', JSON.stringify([tenant, what]));
  }

  private async load(): Promise<ByTenant> {
    const found = new Map<string, Map<string, Kept>>();
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await this.options.records.list(PREFIX, { cursor, limit: PAGE });
      for (const { key, value } of page.records) add(found, key, read(value));
      cursor = page.cursor;
    }
    return found;
  }
}

function add(found: Map<string, Map<string, Kept>>, key: string, kept: Kept | undefined): void {
  const [, tenant = '', id = ''] = key.split('/');
  if (!kept) return;
  const own = found.get(tenant) ?? new Map<string, Kept>();
  found.set(tenant, own.set(id, kept));
}

function read(value: string): Kept | undefined {
  return keptSchema.safeParse(JSON.parse(value)).data;
}

function keyOf(tenant: string, id: string): string {
  return `${PREFIX}${tenant}/${id}`;
}

function accountOf(tenant: string): string {
  return `${PREFIX}${tenant}`;
}
