// Makes a secret for development once, and keeps it where only this user reads it.
import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, Secret } from '#ports';

const FILE = 'development-secret';
const FORM = /^[A-Za-z0-9_-]{43}$/;

/** The secret in DATA_DIR/development-secret, made when absent. Processes that start together get the same one. */
export function developmentSecret(dataDir: string): Secret {
  const path = join(dataDir, FILE);
  try {
    const secret = kept(path) ?? makeAt(path, dataDir);
    if (!FORM.test(secret)) throw new Error('its content is not such a secret');
    return new Secret(secret);
  } catch (cause) {
    throw failure('auth.development_secret', { reason: reasonOf(cause) }, { cause });
  }
}

function kept(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written whole under a name of its own, then linked: a link appears at once or, where another process was first, not at all. */
function makeAt(path: string, dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}
