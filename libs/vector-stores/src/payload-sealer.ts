// What a store needs of sealing, so that this room and the room of crypto stay strangers.

/** Where a sealed thing belongs; authenticated with it, so that it opens nowhere else. */
export interface SealPlace {
  tenant: string;
  purpose: string;
  name: string;
}

/** Seals and opens payloads. `open` fails with `crypto.unreadable` for what it did not seal for that place; why is the code of its first problem. */
export abstract class PayloadSealer {
  /** `false`: `seal` hides nothing. */
  readonly sealing?: boolean;
  abstract seal(plain: Uint8Array, at: SealPlace): Promise<Uint8Array>;
  abstract open(sealed: Uint8Array, at: SealPlace): Promise<Uint8Array>;
  /** Whether it is sealed under the key that `seal` would take now. */
  abstract isCurrent(sealed: Uint8Array, at: SealPlace): Promise<boolean>;
}
