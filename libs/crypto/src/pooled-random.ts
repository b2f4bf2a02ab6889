// Gives small random values out of larger draws: one draw costs about as much as another, whatever its size.
import { randomBytes } from 'node:crypto';

const POOL_BYTES = 4096;

/** A source of random bytes, each given once only. `draw` is asked for a whole pool at a time. */
export function pooledRandom(draw: (bytes: number) => Uint8Array = randomBytes): (bytes: number) => Uint8Array {
  let pool = new Uint8Array(0);
  let used = 0;
  return (bytes) => {
    if (used + bytes > pool.length) {
      pool = new Uint8Array(draw(Math.max(bytes, POOL_BYTES)));
      used = 0;
    }
    used += bytes;
    return pool.slice(used - bytes, used);
  };
}
