// Makes a master key of a passphrase: Argon2id (RFC 9106), slow and large enough that guessing is dear.
import * as crypto from 'node:crypto';
import { promisify } from 'node:util';
import { failure, Secret } from '#ports';
import type { Records } from '#records';

/** RFC 9106 §4, second recommended option: 3 passes over 64 MiB, 4 lanes, 128 bits of salt, 256 bits of key. */
const COST = { parallelism: 4, memory: 65_536, passes: 3, tagLength: 32 };
const SALT_BYTES = 16;
const SALT_PLACE = 'keys/passphrase-salt';

/**
 * The key in base64. The salt is drawn once and kept in the records: other records, e.g. of another DATA_DIR, make
 * another key of the same passphrase. Takes some tenths of a second, once.
 * @throws Failure `crypto.passphrase_unsupported` before Node.js 24.7; or as the records fail.
 */
export async function keyFromPassphrase(passphrase: Secret, records: Records): Promise<Secret> {
  if (!crypto.argon2) throw failure('crypto.passphrase_unsupported', { version: process.version });
  const drawn = crypto.randomBytes(SALT_BYTES).toString('base64');
  const { value } = await records.claim(SALT_PLACE, drawn);
  const message = passphrase.reveal().normalize('NFC');
  const key = await promisify(crypto.argon2)('argon2id', { ...COST, message, nonce: Buffer.from(value, 'base64') });
  const text = key.toString('base64');
  key.fill(0);
  return new Secret(text);
}
