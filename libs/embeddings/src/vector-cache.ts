// Remembers vectors, so that the same text of the same tenant is not paid for twice. Never the text, only what came of it.
import { createHmac, randomBytes } from 'node:crypto';
import type { CallOptions, EmbeddingPurpose } from '#ports';

/** Names that say nothing, for keys. The `KeyNames` of the room of crypto are such names. */
export abstract class VectorNames {
  /** Stands for a tenant in storage keys. */
  abstract tenantTag(tenant: string): string;
  /** Stands for a text, as 43 characters of base64url. `use` says what for, and is one of a few words of the code. */
  abstract keyed(use: string, text: string): string;
}

/** Whose vectors, and what computed them. */
export interface VectorPlace {
  tenant?: string | undefined;
  /** Everything that makes a vector another one: provider, model, version and so on. */
  made: readonly string[];
  purpose?: EmbeddingPurpose | undefined;
}

export interface Remembered {
  /** By text. Not to be changed. */
  vectors: Map<string, Float32Array>;
  /** Remembers more of the same place, unless the tenant was forgotten in between. Never rejects. */
  keep(fresh: ReadonlyMap<string, Float32Array>): Promise<void>;
}

/** A tenant's vectors are found by that tenant alone: how fast an answer comes tells nobody what others have asked. */
export abstract class VectorCache {
  /** Those that are known. A store that fails knows none; only an aborted signal rejects. */
  abstract find(place: VectorPlace, texts: readonly string[], options?: CallOptions): Promise<Remembered>;
  /** Wipes what is remembered for a tenant, in all instances. */
  abstract forget(tenant: string): Promise<void>;
  /** May be called twice. */
  abstract close(): Promise<void>;
}

/** Names under a secret that ends with the process, for whoever brings none. */
export class PassingNames extends VectorNames {
  readonly #secret = randomBytes(32);

  tenantTag(tenant: string): string {
    return this.keyed('tenant', tenant).slice(0, 16);
  }

  keyed(use: string, text: string): string {
    return createHmac('sha256', this.#secret)
      .update(JSON.stringify([use, text]))
      .digest('base64url');
  }
}

/** The name of one text's vector, without its tenant's tag. */
export function vectorName(names: VectorNames, place: VectorPlace, text: string): string {
  return names.keyed('embedding', JSON.stringify([place.tenant ?? null, place.made, text]));
}
