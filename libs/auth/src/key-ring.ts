// Several keys of one algorithm, of which the token says, or shows by its signature, which one signed it.
import { createHmac, KeyObject, timingSafeEqual } from 'node:crypto';

/** Where the keys of one algorithm are. */
export interface KeyRing {
  /**
   * The key that a token is to be verified with; a promise where it must be fetched. `keyId` is the token's `kid`, as it stands there.
   * Fails with `auth.key_unknown` or `auth.keys_unavailable`.
   */
  find(token: string, keyId: unknown): KeyObject | Promise<KeyObject>;
}

/** The secrets of HS256 while one takes the place of another: tokens of the former ones are still believed, none is signed with them. */
export class SecretRing implements KeyRing {
  constructor(
    private readonly current: KeyObject,
    private readonly former: readonly KeyObject[],
  ) {}

  /** The former secret that signed the token; else the current one, under which a forged token then fails. */
  find(token: string): KeyObject {
    const end = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(end + 1), 'base64url');
    const signed = (key: KeyObject) => {
      const expected = createHmac('sha256', key).update(token.slice(0, end)).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    };
    return this.former.find(signed) ?? this.current;
  }
}

/** The key of a token in a ring, or the one key that there is. */
export function keyIn(keys: KeyObject | KeyRing, token: string, keyId: unknown): KeyObject | Promise<KeyObject> {
  return keys instanceof KeyObject ? keys : keys.find(token, keyId);
}
