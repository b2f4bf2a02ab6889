// The replies under Idempotency-Keys: claimed before a write, kept after it, given again to who sends it again.
import { randomUUID } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type KeyNames, type SealContext, type Sealer, unreadableReason } from '#crypto';
import { failure, type JsonObject } from '#ports';
import type { Records } from '#records';
import { type IdempotencyRecord, readRecord, subjectsIn } from './idempotency-record.js';

const PURPOSE = 'idempotency';
/** A longer reply is not kept; replies to writes are short. */
const MAX_REPLY_BYTES = 1024 ** 2;
/** When an attempt that is under way may be over. */
const AGAIN_AFTER_MS = 1000;
const PAGE = 500;

export interface IdempotencyOptions {
  records: Records;
  sealer: Sealer;
  names: KeyNames;
  /** How long a reply is kept. Milliseconds. */
  ttlMs: number;
  /** An attempt of which nothing is heard for so long has died: its key is free again. Milliseconds. */
  leaseMs: number;
  /** Keys of one tenant at a time. */
  maxKeys: number;
  now?: () => number;
}

/** A write, as it is told from others. */
export interface Attempt {
  tenant: string;
  /** Who sends it. Other callers' keys are others. */
  subject: string;
  key: string;
  method: string;
  /** With its query. */
  path: string;
  body: unknown;
}

export interface KeptReply {
  status: number;
  /** JSON. */
  body: string;
}

/** An attempt that goes first. One of the two must be called when it is over. */
export interface Claim {
  /** Keeps the reply for those who come later; nothing where the claim was lost meanwhile, by its age or by an erasure. */
  keep(reply: KeptReply): Promise<void>;
  /** Frees the key. */
  release(): Promise<void>;
}

interface SealedReply extends KeptReply {
  method: string;
  path: string;
}

/** Methods fail with `records.unavailable`. */
export class IdempotencyRecords {
  private readonly now: () => number;

  constructor(private readonly options: IdempotencyOptions) {
    this.now = options.now ?? Date.now;
  }

  /**
   * The reply that was given before, or the claim to be the first.
   * @throws Failure `idempotency.conflict` where the key stands for another request, `idempotency.in_flight`,
   * `idempotency.full`
   */
  async begin(attempt: Attempt): Promise<{ reply: KeptReply } | { claim: Claim }> {
    const { records, names, leaseMs } = this.options;
    const { tenant, subject, key } = attempt;
    const name = this.prefix(tenant) + names.keyed('idempotency', JSON.stringify([subject, key]));
    const mine = this.claimOf(attempt);
    const { claimed, value } = await records.claim(name, mine, { ttlMs: leaseMs });
    if (claimed) return { claim: await this.counted(attempt, name, mine) };
    const found = readRecord(value);
    if (found && found.print !== this.print(attempt)) throw failure('idempotency.conflict', {});
    if (found?.claim) throw inFlight();
    const reply = found && (await this.open(found, { tenant, purpose: PURPOSE, name }));
    if (reply) return { reply: { status: reply.status, body: reply.body } };
    // What cannot be read any more is as if it were not there.
    if (!(await records.replace(name, value, mine, { ttlMs: leaseMs }))) throw inFlight();
    return { claim: await this.counted(attempt, name, mine) };
  }

  /** What is kept about a subject: replies to their own writes, and to writes about them. A page may be empty though more follow. */
  async about(
    tenant: string,
    subject: string,
    page: { cursor?: string | undefined; limit: number },
  ): Promise<{ records: JsonObject[]; cursor: string | undefined }> {
    const { records: kept, cursor } = await this.options.records.list(this.prefix(tenant), page);
    const records: JsonObject[] = [];
    for (const { key: name, value } of kept) {
      const record = this.recordAbout(subject, value);
      if (record) records.push(await this.described(record, { tenant, purpose: PURPOSE, name }));
    }
    return { records, cursor };
  }

  /** Erases all of it, also what is under way and would be kept. Gives how many records there were. */
  async erase(tenant: string, subject: string): Promise<number> {
    const { records } = this.options;
    let erased = 0;
    let cursor: string | undefined;
    do {
      const page = await records.list(this.prefix(tenant), { cursor, limit: PAGE });
      const found = page.records.filter(({ value }) => this.recordAbout(subject, value)).map(({ key }) => key);
      if (found.length > 0) {
        erased += await records.delete(found);
        await records.release(this.account(tenant), found.map(itemOf));
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return erased;
  }

  /** A claim counts against what its tenant may keep. */
  private async counted(attempt: Attempt, name: string, mine: string): Promise<Claim> {
    const { records, maxKeys, ttlMs } = this.options;
    const claim = this.claim(attempt, name, mine);
    const item = { item: itemOf(name), bytes: 0, endsAt: this.now() + ttlMs };
    const { held } = await records.hold(this.account(attempt.tenant), item, { items: maxKeys }, this.now());
    if (held) return claim;
    await claim.release();
    throw failure('idempotency.full', { limit: maxKeys }, { retryAfterMs: 60_000 });
  }

  private claim({ tenant, method, path }: Attempt, name: string, mine: string): Claim {
    const { records, sealer, ttlMs } = this.options;
    const release = async () => {
      if (await records.replace(name, mine, undefined)) await records.release(this.account(tenant), [itemOf(name)]);
    };
    return {
      release,
      keep: async ({ status, body }) => {
        if (Buffer.byteLength(body) > MAX_REPLY_BYTES) return release();
        const reply: SealedReply = { status, body, method, path };
        const sealed = await sealer.seal(Buffer.from(JSON.stringify(reply)), { tenant, purpose: PURPOSE, name });
        const { print, subjects, at } = readRecord(mine)!;
        const kept: IdempotencyRecord = { print, subjects, at, sealed: Buffer.from(sealed).toString('base64') };
        await records.replace(name, mine, JSON.stringify(kept), { ttlMs });
      },
    };
  }

  /** The text that stands under the key of an attempt that is under way: no other attempt's is the same. */
  private claimOf(attempt: Attempt): string {
    const people = new Set([attempt.subject, ...subjectsIn(attempt.body)]);
    const record: IdempotencyRecord = {
      print: this.print(attempt),
      subjects: [...people].map((one) => this.person(one)),
      at: this.now(),
      claim: randomUUID(),
    };
    return JSON.stringify(record);
  }

  /** Equal for requests that ask the same, however their JSON is laid out (RFC 8785). */
  private print({ method, path, body }: Attempt): string {
    return this.options.names.keyed('idempotency body', canonicalize([method, path, body ?? null])!);
  }

  private person(subject: string): string {
    return this.options.names.keyed('idempotency subject', subject);
  }

  private recordAbout(subject: string, value: string): IdempotencyRecord | undefined {
    const record = readRecord(value);
    return record?.subjects.includes(this.person(subject)) ? record : undefined;
  }

  private async described(record: IdempotencyRecord, at: SealContext): Promise<JsonObject> {
    const kept = await this.open(record, at);
    const about = { kind: 'idempotent-reply', at: new Date(record.at).toISOString() };
    if (!kept) return { ...about, state: record.claim ? 'under way' : 'unreadable' };
    const { method, path, status, body } = kept;
    return { ...about, state: 'kept', method, path, status, reply: JSON.parse(body) };
  }

  private async open({ sealed }: IdempotencyRecord, at: SealContext): Promise<SealedReply | undefined> {
    if (sealed === undefined) return undefined;
    try {
      return JSON.parse(Buffer.from(await this.options.sealer.open(Buffer.from(sealed, 'base64'), at)).toString());
    } catch (error) {
      if (unreadableReason(error) === undefined) throw error;
      return undefined;
    }
  }

  private prefix(tenant: string): string {
    return `idem/${this.options.names.tenantTag(tenant)}/`;
  }

  private account(tenant: string): string {
    return `idem/${this.options.names.tenantTag(tenant)}`;
  }
}

function itemOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function inFlight() {
  return failure('idempotency.in_flight', {}, { retryAfterMs: AGAIN_AFTER_MS });
}
