// Says in words what SQLite means by its numbers, without a path of the machine.
import { failure } from '#ports';

/** Removed, the file could not be looked at again; moved away, it can. */
const RESTORE = 'Restore vectors.sqlite in DATA_DIR from a backup, or move it away and ingest anew.';

/** Primary result codes of https://sqlite.org/rescode.html, with what an operator can do. */
const REASONS: Record<number, readonly [reason: string, fix: string]> = {
  3: ['access to its file is denied', 'Let the service write to DATA_DIR.'],
  5: ['another process is writing to its file', 'Stop the other process, or give this one a DATA_DIR of its own.'],
  8: ['its file is read-only', 'Let the service write to DATA_DIR and the files in it.'],
  10: ['the disk gave an I/O error', 'Check the disk under DATA_DIR and the space left on it.'],
  11: ['its file is corrupt', RESTORE],
  13: ['the disk is full', 'Make room on the disk under DATA_DIR.'],
  14: ['its file cannot be opened', 'Check that DATA_DIR is a folder that the service may read and write.'],
  26: ['its file is not a SQLite database', RESTORE],
};

/** Codes of the operating system, where the folder itself is the trouble. */
const FOLDER_REASONS: Record<string, number> = {
  EACCES: 3,
  EPERM: 3,
  EROFS: 8,
  EIO: 10,
  ENOSPC: 13,
  EDQUOT: 13,
  EEXIST: 14,
  EISDIR: 14,
  ENOTDIR: 14,
};

const PROVIDER = 'embedded';

/** The failure that stops the boot; what is no trouble of the file passes as it is. */
export function refused(cause: unknown): unknown {
  const code = resultCode(cause) ?? FOLDER_REASONS[String((cause as NodeJS.ErrnoException).code)];
  if (code === undefined) return cause;
  const [reason, fix] = REASONS[code] ?? [`SQLite failed with code ${code}`, 'See https://sqlite.org/rescode.html.'];
  return failure('vector.store_refused', { provider: PROVIDER, reason, fix }, { cause });
}

/** The failure of a call to an open store; what is no trouble of the file passes as it is. */
export function unavailable(cause: unknown): unknown {
  const code = resultCode(cause);
  const closed = (cause as NodeJS.ErrnoException).code === 'ERR_INVALID_STATE';
  if (code === undefined && !closed) return cause;
  const reason = closed ? 'its file is closed' : (REASONS[code!]?.[0] ?? `SQLite failed with code ${code}`);
  return failure('vector.store_unavailable', { provider: PROVIDER, reason }, { cause });
}

/** The low byte of the extended result code: the primary one. */
function resultCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}
