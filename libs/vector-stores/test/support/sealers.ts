// Sealers for these tests: the real cipher in its simplest form, and none.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { failure } from '#ports';
import type { PayloadSealer, SealPlace } from '../../src/payload-sealer.js';

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const SEALED = 0x01;
const PLAIN = 0x00;

/** Leaves payloads as they are, behind a mark; knows that it cannot read sealed ones. */
export const plainSealer = {
  seal: async (plain: Uint8Array) => Buffer.concat([Uint8Array.of(PLAIN), plain]),
  open: async (sealed: Uint8Array, at: SealPlace): Promise<Uint8Array> => {
    if (sealed[0] === SEALED) throw unreadable(at, 'unknown_key');
    if (sealed[0] !== PLAIN) throw unreadable(at, 'malformed');
    return sealed.subarray(1);
  },
  isCurrent: async () => true,
} satisfies PayloadSealer;

/** AES-256-GCM, bound to the place. */
export function sealerOf(key: Uint8Array): PayloadSealer {
  return {
    seal: async (plain, at) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(at));
      return Buffer.concat([Uint8Array.of(SEALED), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open: async (sealed, at) => {
      if (sealed[0] !== SEALED) throw unreadable(at, 'unsealed');
      const body = sealed.subarray(1);
      const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES)).setAAD(boundTo(at));
      decipher.setAuthTag(body.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      } catch {
        throw unreadable(at, 'tampered');
      }
    },
    isCurrent: async () => true,
  };
}

/** Keys that follow each other; one that was destroyed opens nothing any more. */
export class RotatingSealer implements PayloadSealer {
  /** Called before each opening and sealing: the moment at which others may come in between. */
  meanwhile: () => Promise<unknown> = async () => undefined;
  private readonly sealers: Array<PayloadSealer | undefined> = [sealerOf(randomBytes(32))];

  rotate(): void {
    this.sealers.push(sealerOf(randomBytes(32)));
  }

  destroyFormer(): void {
    this.sealers.fill(undefined, 0, -1);
  }

  async seal(plain: Uint8Array, at: SealPlace): Promise<Uint8Array> {
    await this.meanwhile();
    const number = this.sealers.length - 1;
    return Buffer.concat([Uint8Array.of(number), await this.sealers[number]!.seal(plain, at)]);
  }

  async open(sealed: Uint8Array, at: SealPlace): Promise<Uint8Array> {
    await this.meanwhile();
    const sealer = this.sealers[sealed[0]!];
    if (!sealer) throw unreadable(at, 'unknown_key');
    return sealer.open(sealed.subarray(1), at);
  }

  async isCurrent(sealed: Uint8Array, at: SealPlace): Promise<boolean> {
    if (sealed.length < TAG_BYTES) throw unreadable(at, 'malformed');
    return sealed[0] === this.sealers.length - 1;
  }
}

function boundTo({ tenant, purpose, name }: SealPlace): Buffer {
  return Buffer.from(JSON.stringify([tenant, purpose, name]));
}

function unreadable({ purpose }: SealPlace, reason: string) {
  const problems = [{ path: '', code: reason, message: 'in words' }];
  return failure('crypto.unreadable', { purpose, reason: 'in words' }, { problems });
}
