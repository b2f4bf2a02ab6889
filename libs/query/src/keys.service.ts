// Administrates keys together with what they seal: rotates, seals anew tenant by tenant, and shreds with proof.
import { randomUUID } from 'node:crypto';
import { TieredCache } from '#cache';
import {
  KeyAdmin,
  type MasterKeyReport,
  type Retirement,
  type Signed,
  Signer,
  signReceipt,
  type TenantKeysReport,
} from '#crypto';
import type { VectorStore } from '#ports';
import type { Records } from '#records';
import { Resealer, type Resealing, type ResealProgress } from './resealer.js';

export interface KeysServiceParts {
  admin: KeyAdmin;
  cache: TieredCache;
  store: VectorStore | null;
  records: Records;
  signer: Signer;
  now?: () => number;
}

export interface KeysReport {
  sealing: boolean;
  provider: string;
  /** Empty for those who may see one tenant only. */
  masterKeys: MasterKeyReport[];
  tenants: TenantKeysReport[];
  cursor: string | null;
}

/** What a shred did, and how it was proven; signed. */
export interface ShredReceipt extends Signed {
  receiptId: string;
  action: 'tenant.shred';
  tenant: string;
  /** ISO 8601 UTC. */
  at: string;
  destroyed: {
    dataKeys: number;
    /** Stored answers that could be read before; `atLeast` where there were more than were counted. */
    entries: number;
    documents: number;
    collections: number;
    atLeast: boolean;
  };
  /** After the keys were destroyed, so many of what is stored were tried, and so many could be read. */
  proof: { tried: number; readable: number };
}

/** Stored answers that are counted before a shred, and tried after it. */
const MOST_PROBED = 10_000;
const MOST_LISTED = 100;

export class KeysService {
  private readonly resealer: Resealer;
  private readonly now: () => number;

  constructor(private readonly parts: KeysServiceParts) {
    this.now = parts.now ?? Date.now;
    this.resealer = new Resealer({ ...parts, now: this.now });
  }

  /** The keys of one tenant, or page by page of all, with the master keys. */
  async report(page: { tenant?: string | undefined; cursor?: string | undefined; limit: number }): Promise<KeysReport> {
    const { admin } = this.parts;
    const { sealing, provider } = admin;
    if (page.tenant !== undefined) {
      const tenants = [await admin.tenant(page.tenant)];
      return { sealing, provider, masterKeys: [], tenants, cursor: null };
    }
    const [masterKeys, { tenants, cursor }] = await Promise.all([admin.masters(), admin.tenants(page)]);
    return { sealing, provider, masterKeys, tenants, cursor: cursor ?? null };
  }

  rotate(tenant: string): Promise<string> {
    return this.parts.admin.rotate(tenant);
  }

  promote(masterKeyId: string): Promise<{ rewrapped: number; left: number }> {
    return this.parts.admin.promote(masterKeyId);
  }

  retire(what: Retirement): Promise<{ destroyed: number }> {
    return this.parts.admin.retire(what);
  }

  /** The next step of sealing anew what former data keys sealed: of one tenant, or of all. */
  reseal(step: Resealing): Promise<ResealProgress> {
    return this.resealer.step(step);
  }

  /**
   * Destroys a tenant's data keys; nothing sealed under them opens again, wherever a copy of it lies. Then deletes what
   * is known of the tenant. Fails with `crypto.sealing_off`, or as the stores and records fail: repeat it then.
   */
  async shred(tenant: string): Promise<ShredReceipt> {
    const { admin, cache, signer } = this.parts;
    const entries = await cache.probe(tenant, MOST_PROBED);
    const { collections, documents } = await this.documents(tenant);
    const { destroyed } = await admin.shred(tenant);
    // In memory, answers are readable: here, and where other instances run.
    await cache.forgetTenant(tenant);
    const proof = await this.proof(tenant, collections);
    for (const collection of collections) await this.parts.store?.dropCollection({ tenant, collection });
    return signReceipt(signer, {
      receiptId: randomUUID(),
      action: 'tenant.shred' as const,
      tenant,
      at: new Date(this.now()).toISOString(),
      destroyed: {
        dataKeys: destroyed,
        entries: entries.readable,
        documents,
        collections: collections.length,
        atLeast: entries.readable + entries.unreadable >= MOST_PROBED,
      },
      proof,
    });
  }

  private async documents(tenant: string): Promise<{ collections: string[]; documents: number }> {
    const found = (await this.parts.store?.listCollections(tenant)) ?? [];
    const collections = found.map(({ name }) => name);
    let documents = 0;
    for (const collection of collections) documents += (await this.parts.store?.count({ tenant, collection })) ?? 0;
    return { collections, documents };
  }

  private async proof(tenant: string, collections: readonly string[]): Promise<ShredReceipt['proof']> {
    const { cache, store } = this.parts;
    const { readable, unreadable } = await cache.probe(tenant, MOST_PROBED);
    const proof = { tried: readable + unreadable, readable };
    for (const collection of collections) {
      const ref = { tenant, collection };
      proof.tried += Math.min(MOST_LISTED, (await store?.count(ref)) ?? 0);
      proof.readable += (await store?.list(ref, { limit: MOST_LISTED }))?.points.length ?? 0;
    }
    return proof;
  }
}
